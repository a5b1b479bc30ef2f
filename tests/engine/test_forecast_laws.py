"""Laws of a plan against a state, for every shipped blueprint and every kind: without the CLI, over made states."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from contract.every_graph import GRAPHS, blueprints
from engine.applied_states import Applied
from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.blueprint import load_text
from mlinfra.engine.forecast import forecast
from mlinfra.graph.of_blueprint import deployment_graph
from mlinfra.plan import plan


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_is_applied_has_no_changes(graph: str, tmp_path: Path) -> None:
    name, _, environment = graph.rpartition(" ")
    deployment = load_text(blueprints()[name], environment=environment, environ={})
    found = forecast(deployment, Applied(deployment, tmp_path), None)
    different = {
        (step.operation, step.urn.rpartition("$")[2], *(change.path for change in step.properties))
        for step in found.plan.changes
    }
    assert different == set()
    assert [work.layer.label for work in found.works if work.changed or work.going or work.guarded] == []


@st.composite
def specs(draw: Any) -> str:
    """A blueprint of a few components with random settings."""
    lines = ["  key: {kind: encryption_key}"]
    for name in draw(st.lists(st.sampled_from(["raw", "features", "models"]), unique=True)):
        settings_ = ["kind: bucket"]
        if days := draw(st.sampled_from([None, 7, 30])):
            settings_.append(f"expire_days: {days}")
        if draw(st.booleans()):
            settings_.append("key: key")
        settings_.append(f"deletion: {draw(st.sampled_from(['retain', 'delete']))}")
        lines.append(f"  {name}: {{{', '.join(settings_)}}}")
    components = "\n".join(lines)
    return f"mlinfra: 1\nname: shop\nenvironments: {{dev: {{region: eu-west-1}}}}\ncomponents:\n{components}\n"


@settings(max_examples=25, deadline=None)
@given(specs(), specs())
def test_a_change_of_specs_predicts_the_steps_that_the_graphs_imply(before: str, after: str) -> None:
    old, new = (load_text(text, environ={}) for text in (before, after))
    with tempfile.TemporaryDirectory() as folder:
        found = forecast(new, Applied(old, Path(folder)), None)
    offline = plan(deployment_graph(new), deployment_graph(old))
    assert {(step.urn, step.operation) for step in found.plan.changes} == {
        (step.urn, step.operation) for step in offline.changes
    }
    assert {(step.urn, change.path) for step in found.plan.changes for change in step.properties} == {
        (step.urn, change.path) for step in offline.changes for change in step.properties
    }
