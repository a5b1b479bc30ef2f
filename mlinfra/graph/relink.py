"""A graph with literals, as it comes from a state, with the references that the literals once were."""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from mlinfra.graph._standins import shapes
from mlinfra.graph.model import Amount, Reference, ResourceGraph, ResourceNode, Value

SHORTEST = 4
"""Shorter texts (`true`, `dev`) are the same by chance."""


def relinked(
    graph: ResourceGraph,
    outputs: Mapping[str, Mapping[str, Any]],
    usage: Mapping[str, Mapping[str, Amount]] | None = None,
) -> ResourceGraph:
    """The same graph in which a text that is an output of another resource is a reference to it.

    ``outputs`` are those of each resource by URN, its id among them. What a resource merely repeats of its inputs, like a name that the
    program gives, tells it only from within a property that is known to depend on it. ``usage`` is what is expected of resources, which a
    state does not hold, by URN.
    """
    names: dict[str, Reference] = {}
    for node in graph.resources:
        given = {value for value in node.inputs.values() if isinstance(value, str)}
        for output, value in outputs.get(node.urn, {}).items():
            if isinstance(value, str) and len(value) >= SHORTEST and (output == "id" or value not in given):
                names.setdefault(value, Reference(node.urn, output))
    given_names = {node.urn: _given_names(node) for node in graph.resources}
    nodes = []
    for node in graph.nodes:
        inputs = {}
        for key, value in node.inputs.items():
            near = [given_names.get(urn, {}) for urn in node.property_dependencies.get(key, ())]
            inputs[key] = _linked(value, ChainMap(*near, names) if any(near) else names, node.urn)
        expected = node.usage or (usage or {}).get(node.urn, {})
        nodes.append(dataclasses.replace(node, inputs=inputs, usage=expected))
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _given_names(node: ResourceNode) -> dict[str, Reference]:
    """What the program says of outputs that others are wired to, by its value."""
    said = (
        (output.removesuffix("?"), node.inputs.get(output.removesuffix("?"))) for output in shapes().get(node.type, ())
    )
    return {
        value: Reference(node.urn, output)
        for output, value in said
        if isinstance(value, str) and len(value) >= SHORTEST and "${{" not in value
    }


def _linked(value: Value, names: Mapping[str, Reference], own: str) -> Value:
    if isinstance(value, str):
        found = names.get(value)
        return value if found is None or found.urn == own else str(found)
    if isinstance(value, list):
        return [_linked(item, names, own) for item in value]
    if isinstance(value, dict):
        return {key: _linked(item, names, own) for key, item in value.items()}
    return value
