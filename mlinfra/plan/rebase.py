"""A graph of another environment or blueprint, as if it were of this one, so that only real differences are left."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable

from mlinfra.graph.model import LAYERS, Derived, ResourceGraph, ResourceNode, Value

STACK_AND_PROJECT = re.compile(r"urn:pulumi:(?P<stack>[^:]*)::(?P<project>[^:]*)::")


def rebase(graph: ResourceGraph, *, blueprint: str, environment: str) -> ResourceGraph:
    """The same resources under the URNs that they would have in ``environment`` of ``blueprint``.

    URNs are exchanged wherever they stand: parents, dependencies, references inside of texts. Everything else, such as
    physical names, accounts and regions, stays as it is, because there the two do differ.
    """
    if (graph.blueprint, graph.environment) == (blueprint, environment):
        return graph
    projects = {f"{graph.blueprint}-{layer}": f"{blueprint}-{layer}" for layer in LAYERS}
    projects[graph.blueprint] = blueprint

    def exchange(match: re.Match[str]) -> str:
        if match["stack"] != graph.environment or match["project"] not in projects:
            return match[0]
        return f"urn:pulumi:{environment}::{projects[match['project']]}::"

    def renamed(text: str) -> str:
        return STACK_AND_PROJECT.sub(exchange, text) if "urn:pulumi:" in text else text

    return dataclasses.replace(
        graph,
        blueprint=blueprint,
        environment=environment,
        nodes=tuple(_node(node, renamed) for node in graph.nodes),
    )


def _node(node: ResourceNode, renamed: Callable[[str], str]) -> ResourceNode:
    def all_of(urns: Iterable[str]) -> tuple[str, ...]:
        return tuple(renamed(urn) for urn in urns)

    def maybe(urn: str | None) -> str | None:
        return None if urn is None else renamed(urn)

    return dataclasses.replace(
        node,
        urn=renamed(node.urn),
        parent=maybe(node.parent),
        provider=maybe(node.provider),
        deleted_with=maybe(node.deleted_with),
        aliases=all_of(node.aliases),
        depends_on=all_of(node.depends_on),
        property_dependencies={key: all_of(urns) for key, urns in node.property_dependencies.items()},
        inputs={key: _value(value, renamed) for key, value in node.inputs.items()},
    )


def _value(value: Value, renamed: Callable[[str], str]) -> Value:
    if isinstance(value, str):
        return renamed(value)
    if isinstance(value, list):
        return [_value(item, renamed) for item in value]
    if isinstance(value, dict):
        return {key: _value(item, renamed) for key, item in value.items()}
    if isinstance(value, Derived):
        return Derived(tuple(renamed(urn) for urn in value.urns))
    return value
