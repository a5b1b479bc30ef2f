"""A graph with literals, as it comes from a state, with the references that the literals once were."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from mlinfra.graph.model import Amount, Reference, ResourceGraph, Value

SHORTEST = 4
"""Shorter texts (`true`, `dev`) are the same by chance."""


def relinked(
    graph: ResourceGraph,
    outputs: Mapping[str, Mapping[str, Any]],
    usage: Mapping[str, Mapping[str, Amount]] | None = None,
) -> ResourceGraph:
    """The same graph in which a text that is an output of another resource is a reference to it.

    ``outputs`` are those of each resource by URN, its id among them. What a resource merely repeats of its inputs is no output that others
    could be told by. ``usage`` is what is expected of resources, which a state does not hold, by URN.
    """
    names: dict[str, Reference] = {}
    for node in graph.resources:
        given = {value for value in node.inputs.values() if isinstance(value, str)}
        for output, value in outputs.get(node.urn, {}).items():
            if isinstance(value, str) and len(value) >= SHORTEST and (output == "id" or value not in given):
                names.setdefault(value, Reference(node.urn, output))
    nodes = []
    for node in graph.nodes:
        inputs = {key: _linked(value, names, node.urn) for key, value in node.inputs.items()}
        expected = node.usage or (usage or {}).get(node.urn, {})
        nodes.append(dataclasses.replace(node, inputs=inputs, usage=expected))
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _linked(value: Value, names: Mapping[str, Reference], own: str) -> Value:
    if isinstance(value, str):
        found = names.get(value)
        return value if found is None or found.urn == own else str(found)
    if isinstance(value, list):
        return [_linked(item, names, own) for item in value]
    if isinstance(value, dict):
        return {key: _linked(item, names, own) for key, item in value.items()}
    return value
