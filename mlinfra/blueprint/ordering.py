"""Order, layers and late grants: what is built before what, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from mlinfra.blueprint.drafts import Draft
from mlinfra.blueprint.model import LateGrant, references_in
from mlinfra.blueprint.order import Order
from mlinfra.blueprint.problems import Problems
from mlinfra.blueprint.source import Node, Path
from mlinfra.blueprint.wiring import grants
from mlinfra.components._spec import OutputPath, Reference

ROLE = "role_name"
"""The output that a late grant attaches its policy to."""


def outputs_used(draft: Draft) -> list[tuple[OutputPath, Node, Path]]:
    """Every output that the values of a component name, with the value."""
    return [
        (output, node, path)
        for path, node in draft.node.walk(draft.path)
        if isinstance(node.value, Reference)
        for reference in references_in(node.value)
        for output in reference.paths
    ]


def arrange(drafts: Mapping[str, Draft], boundary: str | None, problems: Problems) -> tuple[Order, Sequence[LateGrant]]:
    """The order of all components and the access that has to be given afterwards."""
    order = Order(drafts)
    for draft in drafts.values():
        for need, names in draft.bindings.items():
            for name in names:
                order.add(draft.name, name, f"`{need}`")
        for output, node, path in outputs_used(draft):
            _refer(draft, output, node, path, drafts, order, problems)
    cycles = order.cycles()
    for cycle in cycles:
        _report(cycle, drafts, problems)
    if boundary is not None:
        before = order.reaches(boundary)
        for name in drafts:
            if name not in before:
                order.add(name, boundary, "`permissions_boundary`")
    late = [] if cycles else _grant(drafts, order, problems)
    return order, late


def _refer(
    draft: Draft,
    output: OutputPath,
    node: Node,
    path: Path,
    drafts: Mapping[str, Draft],
    order: Order,
    problems: Problems,
) -> None:
    target = drafts[output.component]
    if target is draft:
        problems.error("cycle", f"`{draft.name}` uses its own output `{output}`", node.span, path)
    elif target.layer > draft.layer and target.kind and draft.kind:
        problems.error(
            "later-layer",
            f"`{target.name}` is in layer `{target.layer.label}`, "
            f"which comes after `{draft.layer.label}`, the layer of `{draft.name}`",
            node.span,
            path,
            "a component uses only what is in its own layer or an earlier one",
        )
    else:
        order.add(draft.name, target.name, f"`${{{output}}}`")


def _report(cycle: list[tuple[str, str, str]], drafts: Mapping[str, Draft], problems: Problems) -> None:
    first = drafts[cycle[0][0]]
    way = " → ".join(f"`{name}`" for name in [step[0] for step in cycle] + [cycle[-1][1]])
    reasons = "; ".join(f"`{later}` uses `{earlier}` by {why}" for later, earlier, why in cycle)
    problems.error("cycle", f"components need each other in a circle: {way}", first.node.named, first.path, reasons)


def _grant(drafts: Mapping[str, Draft], order: Order, problems: Problems) -> list[LateGrant]:
    late: list[LateGrant] = []
    for draft in drafts.values():
        for name, level in grants(draft, drafts, problems).items():
            target = drafts[name]
            closes = order.path(name, draft.name)
            if target.layer <= draft.layer and closes is None:
                draft.access[name] = level
                order.add(draft.name, name, f"`access: {{{name}: {level}}}`")
                continue
            if draft.kind is None or ROLE not in {field.name for field in dataclasses.fields(draft.kind.outputs)}:
                why = f"`{name}` is in a later layer" if closes is None else f"`{name}` needs `{draft.name}` itself"
                node = draft.node.items["access"].items[name]
                problems.error(
                    "late-access",
                    f"`{draft.name}` cannot be given access to `{name}`: {why}, "
                    f"and {draft.subject} names no role to extend afterwards",
                    node.named,
                    (*draft.path, "access", name),
                )
                continue
            draft.late[name] = level
            late.append(LateGrant(draft.name, name, level, max(draft.layer, target.layer)))
    return late
