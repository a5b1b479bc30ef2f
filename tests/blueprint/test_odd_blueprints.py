"""Blueprints of real kinds that are odd and right: each loads, satisfies the schema, and evaluates to what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml
from blueprint.odd import HEAD, ODD, Odd
from contract.full_blueprints import full_blueprints

from mlinfra.blueprint import load_text
from mlinfra.blueprint.model import Deployment
from mlinfra.blueprint.schema import schema
from mlinfra.components import _registry
from mlinfra.graph.document import dumps
from mlinfra.graph.of_blueprint import deployment_graph


def loaded(odd: Odd) -> Deployment:
    return load_text(
        odd.text, environment=odd.environment, sets=odd.sets, environ=odd.environ, environment_files=odd.files
    )


@cache
def check() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(_registry.names()))


@pytest.mark.parametrize("name", ODD)
def test_it_evaluates_to_its_components(name: str) -> None:
    deployment = loaded(ODD[name])

    graph = deployment_graph(deployment)

    made = [component.name for component in deployment if component.existing is None]
    assert sorted({node.component for node in graph.nodes if node.component}) == sorted(made)
    assert [word for word in ("Output[", "<pulumi", "object at 0x") if word in dumps(graph)] == []


@pytest.mark.parametrize("text", [odd.text for odd in ODD.values()], ids=list(ODD))
def test_the_schema_takes_it(text: str) -> None:
    document = yaml.safe_load(text.removeprefix("\ufeff"))

    assert [error.message for error in check().iter_errors(document)] == []


@pytest.mark.parametrize("kind", full_blueprints())
def test_the_schema_takes_every_field_of_every_kind(kind: str) -> None:
    assert [error.message for error in check().iter_errors(yaml.safe_load(full_blueprints()[kind]))] == []


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(ODD["two-clusters"].text, "utf-8")
    command = [sys.executable, "-m", "mlinfra", "graph", str(file), "--format", "json"]

    written = [
        subprocess.run(  # our own command
            command,
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / seed)},
        ).stdout
        for seed in ("1", "4711")
    ]

    assert len(json.loads(written[0])["nodes"]) > 100
    assert written[0] == written[1]


def test_with_two_clusters_a_component_is_given_what_is_in_its_own() -> None:
    found = loaded(ODD["two-clusters-inferred"]).components

    assert {need: found["a"].bindings[need] for need in ("cluster", "pool", "cluster_services", "metrics")} == {
        "cluster": ("c1",),
        "pool": ("p1",),
        "cluster_services": ("s1",),
        "metrics": ("m1",),
    }
    assert {need: found["b"].bindings[need] for need in ("cluster", "pool", "cluster_services", "metrics")} == {
        "cluster": ("c2",),
        "pool": ("p2",),
        "cluster_services": ("s2",),
        "metrics": ("m2",),
    }


def test_overlays_of_three_places_meet() -> None:
    found = loaded(ODD["overlay-files"]).components

    assert list(found) == ["key", "lake", "watch", "extra"]
    assert dict(found["lake"].tags) == {"c": "d"}
    assert found["lake"].values["expire_days"] == 9
    assert found["watch"].values["email"] == ["c@example.com"]


def test_access_that_closes_a_circle_comes_late() -> None:
    deployment = loaded(ODD["late-grants"])

    assert [(late.holder, late.target, late.level) for late in deployment.late_grants] == [("b", "a", "invoke")]


def test_a_hundred_components_of_two_layers_cost_each_output_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading one output of an earlier layer must not go through all of them: that was quadratic, and took half a minute."""
    import pulumi

    calls = 0
    original = pulumi.Output.from_input

    def counted(value: object) -> pulumi.Output[object]:
        nonlocal calls
        calls += 1
        return original(value)

    monkeypatch.setattr(pulumi.Output, "from_input", staticmethod(counted))
    parts = [f"  b{i}: {{kind: bucket}}\n" for i in range(60)]
    server = "instance_type: ml.m5.large, model: {group: g, version: 1}"
    parts += [f"  e{i}: {{kind: endpoint, {server}, access: {{b{i}: read}}}}\n" for i in range(4)]

    deployment_graph(load_text(HEAD + "  m: {kind: model_registry, groups: [g]}\n" + "".join(parts), environ={}))

    assert calls < 25_000
