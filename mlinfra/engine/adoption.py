"""Take over what exists in the cloud: children of components that the next apply imports instead of creating them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from mlinfra.blueprint.model import Deployment
from mlinfra.engine.forecast import Forecast
from mlinfra.errors import UsageError
from mlinfra.graph.model import ResourceNode


def adopting(deployment: Deployment, ids: Mapping[str, str]) -> Deployment:
    """The deployment with the ids of what is taken over, by ``COMPONENT.CHILD``. Raises UsageError for a component that there is not."""
    wanted: dict[str, dict[str, str]] = {}
    for name, id_ in ids.items():
        component, _, child = name.partition(".")
        if not child:
            raise UsageError(f"`{name}` is not `COMPONENT.CHILD`", hint="`mlinfra adopt` lists what can be taken over")
        if component not in deployment.components:
            raise UsageError(f"there is no component `{component}`", hint=_close(component, deployment.components))
        if not id_:
            raise UsageError(f"the id of `{name}` is empty")
        wanted.setdefault(component, {})[child] = id_
    layers = {
        layer: tuple(dataclasses.replace(one, imports=wanted.get(one.name, {})) for one in components)
        for layer, components in deployment.layers.items()
    }
    return dataclasses.replace(deployment, layers=MappingProxyType(layers))


def check(found: Forecast, ids: Mapping[str, str]) -> None:
    """Raise UsageError where a name fits no child, or several, or one that is managed already with another id.

    One that is managed with the very id was taken over before: running it again continues.
    """
    managed = {str(item["urn"]): item.get("id") for state in found.states.values() for item in state.resources}
    for name, id_ in ids.items():
        component, _, child = name.partition(".")
        own = [node for node in _children(found.graph.nodes) if node.component == component]
        fitting = [node for node in own if node.name == child]
        if not fitting:
            raise UsageError(f"`{component}` makes no `{child}`", hint=_close(child, {node.name for node in own}))
        if len(fitting) > 1:
            types = ", ".join(f"`{node.type}`" for node in fitting)
            raise UsageError(f"`{name}` is the name of several resources: {types}")
        there = managed.get(fitting[0].urn, id_)
        if there != id_:
            raise UsageError(
                f"`{name}` is managed already, as `{there}`",
                hint="take it out of the state with `pulumi state delete` first, if that is not the one that is meant",
            )


def adoptable(found: Forecast) -> tuple[ResourceNode, ...]:
    """The children that the next apply would create, and that could be taken over instead, in the order of the plan."""
    managed = {node.urn for node in found.before.resources} if found.before else set()
    return tuple(node for node in _children(found.graph.nodes) if node.urn not in managed)


def _children(nodes: Iterable[ResourceNode]) -> list[ResourceNode]:
    return [node for node in nodes if node.custom and node.component and not node.type.startswith("pulumi:")]


def _close(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`?" if near else f"there are {', '.join(f'`{name}`' for name in names)}"
