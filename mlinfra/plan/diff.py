"""A graph and what it is compared with → a plan."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mlinfra.graph.document import dumps
from mlinfra.graph.model import ResourceGraph, ResourceNode, Value
from mlinfra.plan.dependents import Dependents
from mlinfra.plan.model import Operation, Plan, PropertyChange, Step
from mlinfra.plan.rebase import rebase
from mlinfra.plan.replacement import deletes_first, replaces
from mlinfra.plan.risk import risk_of
from mlinfra.plan.values import changed


def plan(
    graph: ResourceGraph,
    against: ResourceGraph | None = None,
    *,
    label: str | None = None,
    removed: str | None = "no longer declared",
) -> Plan:
    """The steps from ``against`` to ``graph``; without ``against`` everything is created. ``label`` names ``against``.

    ``removed`` is why something goes; None where nobody wonders.

    Resources belong together by URN, or by an alias. A graph of another environment or blueprint is first seen as one
    of this, so that it is matched by layer, type, parents and name. Components, stacks and providers are no steps:
    nothing in the account is made for them.

    ``against`` should be of the same sort as ``graph``. A state holds literals where an evaluated graph holds
    references, and every such property counts as changed.
    """
    same_place = against is None or _place(against) == _place(graph)
    old_graph = None if against is None else rebase(against, blueprint=graph.blueprint, environment=graph.environment)
    old = {} if old_graph is None else {node.urn: node for node in old_graph.resources}
    pairs = [(node, _counterpart(node, old)) for node in graph.resources]
    found = {
        # What one environment ignores in itself still tells it from another.
        before.urn: change_between(
            before, node.inputs, node.ignore_changes if same_place else (), node.replace_on_changes
        )
        for node, before in pairs
        if before is not None
    }
    roots = [
        before.urn
        for node, before in pairs
        if before and goes_first(before, node.inputs, found[before.urn], asked=node.delete_before_replace)
    ]
    dependents, first = Dependents(old.values()), set(roots)
    for urn, lost in [one for root in roots for one in dependents.replaced_with(root).items() if one[0] in found]:
        known = {change.top for change in found[urn]}
        found[urn] = (*found[urn], *(change for change in lost if change.top not in known))
        first.add(urn)
    replaced = {urn: old[urn] for urn, changes in found.items() if any(change.forces_replacement for change in changes)}
    steps = [
        _comparison(before, node, found[before.urn], first=before.urn in first, stays=_stays(before, replaced))
        if before
        else _creation(node, label)
        for node, before in pairs
    ]
    # Last made, first removed.
    leaving = {urn: node for urn, node in old.items() if urn not in found}
    steps.extend(_removal(node, leaving, removed) for node in reversed(leaving.values()))
    return Plan(
        blueprint=graph.blueprint,
        environment=graph.environment,
        steps=tuple(steps),
        against=label,
        digest=_digest(graph, against),
    )


def _place(graph: ResourceGraph) -> tuple[str, str]:
    return graph.blueprint, graph.environment


def _counterpart(node: ResourceNode, old: Mapping[str, ResourceNode]) -> ResourceNode | None:
    return next((old[urn] for urn in (node.urn, *node.aliases) if urn in old), None)


def _creation(node: ResourceNode, label: str | None) -> Step:
    properties = tuple(changed({}, node.inputs))
    if node.import_id is not None:
        return _step(node, "import", properties, f"takes over the existing `{node.import_id}`")
    return _step(node, "create", properties, f"not in {label}" if label else None)


def _comparison(
    before: ResourceNode, after: ResourceNode, inputs: tuple[PropertyChange, ...], *, first: bool, stays: bool
) -> Step:
    properties = (*inputs, *_options(before, after))
    causes = [c.path for c in inputs if c.forces_replacement]
    moved = f"known so far as `{before.name}`" if before.urn != after.urn else None
    if causes:
        named = _named_by(after.replace_on_changes, causes[0])
        why = "is named by replace_on_changes" if named else "cannot be changed in place"
        order = ", and the old one goes first" if first and not stays else ""
        return _step(
            after, "replace", properties, f"`{causes[0]}` {why}{order}", guarded=before.protect, keeps_old=stays
        )
    return _step(after, "update" if properties else "same", properties, moved)


def change_between(
    before: ResourceNode, inputs: Mapping[str, Value], ignored: tuple[str, ...], forcing: tuple[str, ...]
) -> tuple[PropertyChange, ...]:
    """What differs between a resource and its inputs to be; each change says whether it forces a replacement.

    ``ignored`` and ``forcing`` are the resource's own ``ignore_changes`` and ``replace_on_changes``.
    """
    found = (c for c in changed(before.inputs, inputs) if not _named_by(ignored, c.path))
    return tuple(
        dataclasses.replace(c, forces_replacement=_named_by(forcing, c.path) or replaces(before.type, c)) for c in found
    )


def goes_first(
    before: ResourceNode, inputs: Mapping[str, Value], changes: tuple[PropertyChange, ...], *, asked: bool | None | None
) -> bool:
    """Whether the changes replace a resource, and it is deleted before its successor is created. ``asked`` is what its options say."""
    replaced = any(change.forces_replacement for change in changes)
    return replaced and (asked or deletes_first(before.type, before.inputs, inputs))


def _removal(node: ResourceNode, leaving: Mapping[str, ResourceNode], why: str | None) -> Step:
    operation: Operation = "keep" if _stays(node, leaving) else "delete"
    return _step(node, operation, tuple(changed(node.inputs, {})), why, guarded=node.protect)


def _stays(node: ResourceNode, going: Mapping[str, ResourceNode]) -> bool:
    """Whether the cloud keeps what goes: it is kept with its data, or a setting of something that is, and goes, too."""
    of = going.get(node.deleted_with or "")
    return node.retain_on_delete or (of is not None and of.retain_on_delete)


def _options(before: ResourceNode, after: ResourceNode) -> Iterator[PropertyChange]:
    """Options that a state stores and an update writes. They never touch the resource itself."""
    if before.protect != after.protect:
        yield PropertyChange("options › protect", before.protect, after.protect, forces_replacement=False)
    if before.retain_on_delete != after.retain_on_delete:
        yield PropertyChange(
            "options › retainOnDelete", before.retain_on_delete, after.retain_on_delete, forces_replacement=False
        )


def _step(
    node: ResourceNode,
    operation: Operation,
    properties: tuple[PropertyChange, ...],
    reason: str | None,
    *,
    guarded: bool = False,
    keeps_old: bool = False,
) -> Step:
    risk, why = risk_of(operation, node.type, properties)
    reasons = [reason] if reason else []
    if keeps_old:
        reasons.append("the old one stays in the account, outside of the state")
    if keeps_old and risk == "data loss":
        risk = "interruption"
        reasons.append("the new one begins empty")
    elif risk not in ("none", "low"):
        reasons.append(why)
    return Step(
        urn=node.urn,
        component=node.component,
        kind=node.kind,
        layer=node.layer,
        operation=operation,
        properties=properties,
        reason="; ".join(reasons) or None,
        risk=risk,
        guarded=guarded,
        keeps_old=keeps_old,
    )


def _named_by(patterns: tuple[str, ...], path: str) -> bool:
    return any(_pattern(pattern).match(path) is not None for pattern in patterns)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    """A property path of Pulumi's, with ``*`` for any key or index. It also names all that is inside."""
    escaped = re.escape(pattern).replace(r"\*", r"[^.\[\]]+")
    return re.compile(rf"{escaped}(?=[.\[]| ›|$)")


def _digest(graph: ResourceGraph, against: ResourceGraph | None) -> str:
    both = hashlib.sha256(dumps(graph).encode())
    if against is not None:
        both.update(dumps(against).encode())
    return both.hexdigest()
