"""What is replaced because something that it is made with is deleted before its successor is there.

The engine asks the provider what would come of each dependent if all that it has of the deleted resource were unknown, and replaces those
that could not be updated, in turn with their own dependents. It goes by the dependencies that the state holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property

from mlinfra.graph.model import UNKNOWN, ResourceNode
from mlinfra.plan.model import PropertyChange
from mlinfra.plan.replacement import replaces


class Dependents:
    """The dependencies between the resources of a graph, by property."""

    def __init__(self, nodes: Iterable[ResourceNode]) -> None:
        self._nodes = {node.urn: node for node in nodes}

    def replaced_with(self, urn: str) -> Mapping[str, tuple[PropertyChange, ...]]:
        """What has to be replaced because ``urn`` is deleted first: by URN, the properties that force it, which become unknown."""
        gone, waiting = {urn}, [urn]
        found: dict[str, tuple[PropertyChange, ...]] = {}
        while waiting:
            for user in self._users.get(waiting.pop(), ()):
                if forcing := tuple(self._forcing(self._nodes[user], gone)):
                    found[user] = forcing
                    if user not in gone:
                        gone.add(user)
                        waiting.append(user)
        return found

    def _forcing(self, node: ResourceNode, gone: Set[str]) -> Iterator[PropertyChange]:
        for key, urns in node.property_dependencies.items():
            if key in node.inputs and not gone.isdisjoint(urns):
                change = PropertyChange(key, node.inputs[key], UNKNOWN, forces_replacement=True)
                if replaces(node.type, change):
                    yield change

    @cached_property
    def _users(self) -> Mapping[str, list[str]]:
        users: dict[str, list[str]] = {}
        for node in self._nodes.values():
            for urn in {urn for urns in node.property_dependencies.values() for urn in urns}:
                users.setdefault(urn, []).append(node.urn)
        return users
