"""Laws of plans: random changes to the resources of real blueprints give exactly the steps that they imply."""

from __future__ import annotations

import dataclasses
from typing import Any

from contract.every_graph import GRAPHS, graph_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.plan import plan
from mlinfra.plan.replacement import deletes_first, forces_replacement

CHANGED = "changed by the test"
FEW = settings(max_examples=60)


def without(graph: ResourceGraph, urns: set[str]) -> ResourceGraph:
    return dataclasses.replace(graph, nodes=tuple(node for node in graph.nodes if node.urn not in urns))


def changed(node: ResourceNode, names: set[str]) -> ResourceNode:
    return dataclasses.replace(node, inputs={**node.inputs, **dict.fromkeys(names, CHANGED)})


def texts(node: ResourceNode) -> list[str]:
    """The plain texts among the inputs: a change of one is a change of it and nothing else."""
    plain = (name for name, value in node.inputs.items() if isinstance(value, str) and not value.startswith(("{", "[")))
    return [name for name in plain if not any(name.startswith(ignored) for ignored in node.ignore_changes)]


@st.composite
def edits(draw: Any) -> tuple[str, set[str], set[str], dict[str, set[str]]]:
    """The name of a graph, what is new in it, what goes, and the properties that change by URN."""
    graph = draw(st.sampled_from(GRAPHS))
    nodes = list(graph_of(graph).resources)
    chosen = draw(st.lists(st.sampled_from(nodes), max_size=8, unique_by=lambda node: node.urn))
    new, gone, edited = set(), set(), {}
    for node in chosen:
        what = draw(st.sampled_from(("new", "gone", "edited")))
        if what == "new":
            new.add(node.urn)
        elif what == "gone":
            gone.add(node.urn)
        elif names := texts(node):
            edited[node.urn] = set(draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)))
    return graph, new, gone, edited


def implied(before: ResourceNode, names: set[str]) -> str:
    forcing = any(
        forces_replacement(before.type, name, "changed") or name in before.replace_on_changes for name in names
    )
    return "replace" if forcing else "update"


def along(before: ResourceGraph, after: ResourceGraph, replaced: set[str]) -> dict[str, set[str]]:
    """What is replaced with resources that are deleted before they are made anew, by the properties that it has of them."""
    gone = {
        urn
        for urn in replaced
        if after.by_urn[urn].delete_before_replace
        or deletes_first(after.by_urn[urn].type, before.by_urn[urn].inputs, after.by_urn[urn].inputs)
    }
    found: dict[str, set[str]] = {}
    while True:
        lost = {
            node.urn: {
                key
                for key, urns in node.property_dependencies.items()
                if key in node.inputs and gone & set(urns) and forces_replacement(node.type, key, "changed")
            }
            for node in before.resources
        }
        more = {urn: keys for urn, keys in lost.items() if keys}
        if more == found:
            return found
        found = more
        gone |= found.keys()


def stays(node: ResourceNode, graph: ResourceGraph, gone: set[str]) -> bool:
    """Whether something that goes is kept in the account: for itself, or as a setting of something that goes and is kept."""
    held = graph.by_urn.get(node.deleted_with or "")
    return node.retain_on_delete or (held is not None and held.urn in gone and held.retain_on_delete)


@FEW
@given(edits())
def test_the_steps_are_those_that_the_differences_imply(
    edit: tuple[str, set[str], set[str], dict[str, set[str]]],
) -> None:
    name, new, gone, edited = edit
    graph = graph_of(name)
    before = without(graph, new)
    after = dataclasses.replace(
        without(graph, gone),
        nodes=tuple(changed(node, edited.get(node.urn, set())) for node in graph.nodes if node.urn not in gone),
    )
    expected = {urn: "import" if graph.by_urn[urn].import_id else "create" for urn in new}
    expected |= {urn: "keep" if stays(graph.by_urn[urn], graph, gone) else "delete" for urn in gone}
    expected |= {urn: implied(graph.by_urn[urn], names) for urn, names in edited.items()}
    properties = {urn: set(names) for urn, names in edited.items()}
    for urn, lost in along(before, after, {urn for urn in edited if expected[urn] == "replace"}).items():
        if urn not in gone:
            expected[urn] = "replace"
            properties[urn] = properties.get(urn, set()) | lost
    made = plan(after, before, label="state")
    assert {step.urn: step.operation for step in made.changes} == expected
    assert {
        step.urn: {c.path for c in step.properties} for step in made.changes if step.urn in properties
    } == properties
    assert made.summary.unchanged == sum(1 for _ in graph.resources) - len(expected)


@FEW
@given(edits())
def test_what_is_protected_and_goes_is_guarded(
    edit: tuple[str, set[str], set[str], dict[str, set[str]]],
) -> None:
    name, _, gone, _ = edit
    graph = graph_of(name)
    made = plan(without(graph, gone), graph)
    assert {step.urn for step in made.steps if step.guarded} == {urn for urn in gone if graph.by_urn[urn].protect}
