"""The resource graph: what a program would register, as plain immutable data.

It is the hub of mlinfra. Whatever can produce one (a blueprint, a Pulumi program, a preview, a state file) can be planned, priced, reviewed and
drawn; the graph itself knows nothing of cost, policy, YAML or terminals.

Values in ``inputs`` are JSON values, with four additions:

- text may hold references ``${{URN#output}}`` to what another resource gives once it exists; a literal ``${{`` is written ``$${{``;
- ``Unknown`` is a value that only the deployment will know;
- ``Secret`` is a value that is known or not, and never shown;
- ``Derived`` is a value computed from other resources in a way that hides how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias, Union

LayerName = Literal["foundation", "cluster", "platform", "workloads"]
LAYERS: tuple[LayerName, ...] = ("foundation", "cluster", "platform", "workloads")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only the deployment will know."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is never shown, stored or hashed into a name. Two secrets are equal: nothing about them can be told apart.

    ``digest`` lives in one process and under a key of that process alone (see ``graph.sealed``): it says whether two
    secrets of a comparison are the same one. None where the value could not be read.
    """

    digest: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Derived:
    """A value computed from the outputs of ``urns`` (hashed, encoded, cut): where it comes from is known, what it is is not."""

    urns: tuple[str, ...]


UNKNOWN = Unknown()
SECRET = Secret()

Value: TypeAlias = Union[bool, int, float, str, "Unknown", "Secret", "Derived", list["Value"], dict[str, "Value"], None]

REFERENCE = re.compile(r"(?<!\$)\$\{\{(?P<urn>urn:pulumi:[^#}]+)#(?P<output>[^}]+)\}\}")


class Reference(NamedTuple):
    """An output of another resource, as it stands in a text: ``${{urn#output}}``."""

    urn: str
    output: str

    def __str__(self) -> str:
        return f"${{{{{self.urn}#{self.output}}}}}"


class Amount(NamedTuple):
    """A range of an expected quantity, in the unit that the usage key names. All three are equal when it is known exactly."""

    min: Decimal
    expected: Decimal
    max: Decimal


class Source(NamedTuple):
    """Where in a blueprint or program a resource comes from. Lines count from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceNode:
    """One registered resource. ``inputs`` are in the provider's camelCase; see the module's docstring for their values."""

    urn: str
    type: str
    name: str
    layer: LayerName | None = None
    component: str | None = None
    kind: str | None = None
    parent: str | None = None
    custom: bool = True
    provider: str | None = None
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool | None = None
    deleted_with: str | None = None
    aliases: tuple[str, ...] = ()
    import_id: str | None = None
    depends_on: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: Mapping[str, Value] = field(default_factory=dict)
    usage: Mapping[str, Amount] = field(default_factory=dict)
    source: Source | None = None

    @property
    def package(self) -> str:
        """``aws`` of ``aws:s3/bucket:Bucket``; ``pulumi`` for stacks and providers."""
        return self.type.partition(":")[0]

    def references(self) -> Iterator[Reference]:
        """Every output of another resource that stands somewhere in the inputs."""
        return references_in(dict(self.inputs))


@dataclass(frozen=True)
class ResourceGraph:
    """All resources of one environment of one blueprint (or of one foreign program), in a stable order, parents before children."""

    nodes: tuple[ResourceNode, ...]
    blueprint: str
    environment: str
    account: str | None = None
    region: str | None = None
    outputs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @cached_property
    def by_urn(self) -> Mapping[str, ResourceNode]:
        """Nodes by URN."""
        return MappingProxyType({node.urn: node for node in self.nodes})

    @cached_property
    def children(self) -> Mapping[str, tuple[ResourceNode, ...]]:
        """Nodes by the URN of their parent."""
        found: dict[str, list[ResourceNode]] = {}
        for node in self.nodes:
            if node.parent is not None:
                found.setdefault(node.parent, []).append(node)
        return MappingProxyType({urn: tuple(nodes) for urn, nodes in found.items()})

    @property
    def resources(self) -> Iterator[ResourceNode]:
        """What a provider makes: without components, stacks and the providers themselves."""
        return (node for node in self.nodes if node.custom and not node.type.startswith("pulumi:"))


def references_in(value: Value) -> Iterator[Reference]:
    """Every ``${{urn#output}}`` in a value, depth first."""
    if isinstance(value, str):
        if "${{" in value:
            for match in REFERENCE.finditer(value):
                yield Reference(match["urn"], match["output"])
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references_in(item)
