"""Resources as the Pulumi CLI writes them (the same in previews and states) → nodes of a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from mlinfra.errors import GraphError
from mlinfra.graph import checks
from mlinfra.graph._engine_values import Inputs, value_of
from mlinfra.graph.checks import Json
from mlinfra.graph.model import LAYERS, LayerName, ResourceGraph, ResourceNode, Source, Value

COMPONENT_TYPE = "mlinfra:components:"
URN = re.compile(r"urn:pulumi:(?P<stack>[^:]*)::(?P<project>.*?)::(?P<types>.*?)::(?P<name>.*)", re.DOTALL)
ARN_ACCOUNT = re.compile(r"arn:aws[a-z-]*:[^:]*:[^:]*:(?P<account>\d{12}):")
POSITION = re.compile(r"project:///(?P<file>.+)#(?P<line>\d+)(?:,\d+)?")


class Registered(NamedTuple):
    """One resource of a preview or state, and where it stands in the document."""

    state: dict[str, Json]
    place: str


class Place(NamedTuple):
    """Project and stack, where a document names them. The URNs of its resources, where it has any, are asked first."""

    project: str = ""
    stack: str = ""


class Component(NamedTuple):
    """The component that a resource belongs to."""

    name: str
    kind: str


def graph_of(resources: Iterable[Registered], place: Place) -> ResourceGraph:
    """The graph of one stack, what others depend on first. A URN that occurs again (the steps of a replacement) counts once."""
    found: dict[str, Registered] = {}
    for resource in resources:
        found.setdefault(checks.text(resource.state.get("urn"), f"{resource.place}.urn"), resource)
    if found:
        urn, resource = next(iter(found.items()))
        first = _split(urn, resource.place)
        place = Place(first["project"], first["stack"])
    # Only a project with components of ours is a layer: `ml-platform` of somebody else is not the platform of `ml`.
    ours = any(COMPONENT_TYPE in urn for urn in found)
    blueprint, layer = _layer_of(place.project) if ours else (place.project, None)
    registered_only = _lists_what_was_registered(found.values())
    components = _components(found)
    nodes = tuple(
        _node(urn, resource, layer, components.get(urn), Inputs(resource.state, resource.place, registered_only))
        for urn, resource in found.items()
    )
    return ResourceGraph(
        nodes=_ordered(nodes),
        blueprint=blueprint,
        environment=place.stack,
        account=_single(_accounts(found.values())),
        region=_single(_regions(nodes)),
        outputs=_outputs(found, components),
    )


def _ordered(nodes: tuple[ResourceNode, ...]) -> tuple[ResourceNode, ...]:
    """By the longest way to what depends on nothing, then by URN. The engine lists by the end of each work, which differs between two runs."""
    depth: dict[str, int] = {}
    for node in nodes:
        depth[node.urn] = 1 + max((depth.get(urn, 0) for urn in (node.parent, *node.depends_on) if urn), default=0)
    return tuple(sorted(nodes, key=lambda node: (depth[node.urn], node.urn)))


def _node(
    urn: str, resource: Registered, layer: LayerName | None, component: Component | None, inputs: Inputs
) -> ResourceNode:
    state, place = resource

    def text(name: str) -> str | None:
        return checks.optional(state.get(name), f"{place}.{name}", checks.text) or None

    def flag(name: str) -> bool:
        return checks.optional(state.get(name), f"{place}.{name}", checks.flag) or False

    def texts(name: str) -> tuple[str, ...]:
        return checks.optional(state.get(name), f"{place}.{name}", checks.texts) or ()

    parts = _split(urn, place)
    provider = text("provider")
    return ResourceNode(
        urn=urn,
        type=text("type") or parts["types"].rpartition("$")[2],
        name=parts["name"],
        layer=layer,
        component=component.name if component else None,
        kind=component.kind if component else None,
        parent=text("parent"),
        custom=flag("custom"),
        # The engine appends the id of the provider, which is another one in every stack.
        provider=provider.rpartition("::")[0] if provider else None,
        protect=flag("protect"),
        retain_on_delete=flag("retainOnDelete"),
        ignore_changes=texts("ignoreChanges"),
        replace_on_changes=texts("replaceOnChanges"),
        deleted_with=text("deletedWith"),
        aliases=texts("aliases"),
        import_id=text("importID"),
        # Their order is that in which the outputs happened to resolve.
        depends_on=tuple(sorted(texts("dependencies"))),
        property_dependencies=inputs.dependencies,
        inputs=inputs.values,
        source=_source(state),
    )


def _split(urn: str, place: str) -> re.Match[str]:
    parts = URN.fullmatch(urn)
    if parts is None:
        raise GraphError(f"`{place}.urn` is not a URN; one reads `urn:pulumi:STACK::PROJECT::TYPE::NAME`")
    return parts


def _layer_of(project: str) -> tuple[str, LayerName | None]:
    """Blueprint and layer of a project ``<blueprint>-<layer>``."""
    for layer in LAYERS:
        if project.endswith(f"-{layer}"):
            return project.removesuffix(f"-{layer}"), layer
    return project, None


def _components(found: Mapping[str, Registered]) -> dict[str, Component]:
    """Of each URN the nearest component among itself and its parents."""
    owners: dict[str, Component] = {}
    for urn in found:
        seen: set[str] = set()
        current: Json = urn
        while isinstance(current, str) and current in found and current not in seen:
            seen.add(current)
            parts = _split(current, found[current].place)
            kind = parts["types"].rpartition("$")[2]
            if kind.startswith(COMPONENT_TYPE):
                owners[urn] = Component(parts["name"], kind.removeprefix(COMPONENT_TYPE))
                break
            current = found[current].state.get("parent")
    return owners


def _lists_what_was_registered(resources: Iterable[Registered]) -> bool:
    """Whether property dependencies name all that was registered: yes as soon as a property without any is named."""
    for state, _ in resources:
        given = state.get("propertyDependencies")
        if isinstance(given, dict) and any(urns == [] for urns in given.values()):
            return True
    return False


def _outputs(found: Mapping[str, Registered], components: Mapping[str, Component]) -> dict[str, Mapping[str, Value]]:
    """What each component exports, by its name."""
    exported: dict[str, Mapping[str, Value]] = {}
    for urn, component in components.items():
        state, place = found[urn]
        itself = urn.endswith(f"{COMPONENT_TYPE}{component.kind}::{component.name}")
        outputs = checks.optional(state.get("outputs"), f"{place}.outputs", checks.mapping)
        if itself and outputs:
            exported[component.name] = {key: value_of(item) for key, item in outputs.items()}
    return exported


def _accounts(resources: Iterable[Registered]) -> Iterator[str]:
    for state, _ in resources:
        outputs = state.get("outputs")
        arn = outputs.get("arn") if isinstance(outputs, dict) else None
        match = ARN_ACCOUNT.match(arn) if isinstance(arn, str) else None
        if match:
            yield match["account"]


def _regions(nodes: Iterable[ResourceNode]) -> Iterator[str]:
    for node in nodes:
        region = node.inputs.get("region")
        if node.type == "pulumi:providers:aws" and isinstance(region, str):
            yield region


def _single(values: Iterable[str]) -> str | None:
    """The value that all agree on. Two accounts in one stack are no account of the stack."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _source(state: Mapping[str, Json]) -> Source | None:
    """Where the program registers the resource: the innermost position that is not inside of an installed package."""
    if state.get("type") == "pulumi:pulumi:Stack":
        return None
    trace = state.get("stackTrace")
    frames: list[Json] = [state.get("sourcePosition")]
    frames += (
        [frame.get("sourcePosition") for frame in trace if isinstance(frame, dict)] if isinstance(trace, list) else []
    )
    for frame in frames:
        match = POSITION.fullmatch(frame) if isinstance(frame, str) else None
        if match and "site-packages/" not in match["file"]:
            return Source(unquote(match["file"]), int(match["line"]))
    return None
