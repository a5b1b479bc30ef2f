"""Wiring: which component fills which need, and who may use what."""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.blueprint.drafts import Draft, asking
from mlinfra.blueprint.expressions import WRONG
from mlinfra.blueprint.fitting import elsewhere
from mlinfra.blueprint.problems import Problems, close_to, listed, shown
from mlinfra.blueprint.source import Node, Path
from mlinfra.components._outputs import NeedField, Outputs
from mlinfra.components._registry import Kind
from mlinfra.components._spec import Reference

NONE = "none"


def wire(drafts: Mapping[str, Draft], kinds: Mapping[str, Kind], problems: Problems, *, protected: bool) -> None:
    """Fill the needs of all components: first those that they name, then those that only one component can fill."""
    ours = {draft.name: draft.kind for draft in drafts.values() if draft.kind and "existing" not in draft.node.items}
    for name, kind in ours.items():
        _wire_named(drafts[name], kind, drafts, kinds, problems)
    for name, kind in ours.items():
        _wire_rest(drafts[name], kind, drafts, kinds, problems, protected=protected)


def _wire_named(
    draft: Draft, kind: Kind, drafts: Mapping[str, Draft], kinds: Mapping[str, Kind], problems: Problems
) -> None:
    before = problems.errors
    for name, need in kind.need_fields.items():
        node = draft.node.items.get(name)
        if node is not None:
            _explicit(draft, need, node, drafts, kinds, problems)
    draft.sound = draft.sound and problems.errors == before


def _wire_rest(
    draft: Draft,
    kind: Kind,
    drafts: Mapping[str, Draft],
    kinds: Mapping[str, Kind],
    problems: Problems,
    *,
    protected: bool,
) -> None:
    before = problems.errors
    for name, need in kind.need_fields.items():
        if name not in draft.node.items and not need.many:
            _infer(draft, need, drafts, kinds, problems, protected=protected)
    if draft.spec is not None and draft.sound and problems.errors == before:
        _demanded(draft, kind, drafts, kinds, problems)
    draft.sound = draft.sound and problems.errors == before


def _demanded(
    draft: Draft, kind: Kind, drafts: Mapping[str, Draft], kinds: Mapping[str, Kind], problems: Problems
) -> None:
    """Optional needs that this spec makes required: scaling takes what scales."""
    demanded: Mapping[str, str] = {}
    with asking(draft, problems):
        demanded = kind.component.requirements(draft.spec)
    for name, reason in demanded.items():
        if name not in draft.bindings:
            node = draft.node.items.get(name)
            problems.error(
                "missing-need",
                f"`{draft.name}` ({draft.subject}) needs a `{name}`: {reason}",
                node.span if node is not None else draft.node.named,
                (*draft.path, name),
                _would_do(kind.need_fields[name], drafts, kinds, draft),
            )


def satisfies(kind: Kind | None, need: NeedField) -> bool:
    """Whether a component of ``kind`` can fill ``need``."""
    return kind is not None and issubclass(kind.outputs, need.accepts or (Outputs,))


def _explicit(
    draft: Draft,
    need: NeedField,
    node: Node,
    drafts: Mapping[str, Draft],
    kinds: Mapping[str, Kind],
    problems: Problems,
) -> None:
    path = (*draft.path, need.name)
    if node.value is WRONG:
        return
    if node.value == NONE:
        if need.required:
            problems.error(
                "need-required",
                f"`{need.name}` cannot be `none`: {draft.subject} needs it",
                node.span,
                path,
                _would_do(need, drafts, kinds, draft),
            )
        return
    if need.many:
        if not isinstance(node.value, list):
            hint = f"write `[{node.value}]`" if isinstance(node.value, str) else None
            problems.error(
                "wrong-type",
                f"`{need.name}` takes a list of components, not {shown(node.plain())}",
                node.at,
                path,
                hint,
            )
            return
        chosen = [
            _target(draft, need, item, (*path, str(i)), drafts, kinds, problems) for i, item in enumerate(node.value)
        ]
        names = [name for name in chosen if name]
        if len(set(names)) < len(names):
            problems.error("named-twice", f"`{need.name}` names a component twice", node.at, path)
        draft.bindings[need.name] = tuple(names)
        return
    name = _target(draft, need, node, path, drafts, kinds, problems)
    if name:
        draft.bindings[need.name] = (name,)


def _target(
    draft: Draft,
    need: NeedField,
    node: Node,
    path: Path,
    drafts: Mapping[str, Draft],
    kinds: Mapping[str, Kind],
    problems: Problems,
) -> str | None:
    """The component that a node names, if it can fill the need."""
    if node.value is WRONG:
        return None
    if not isinstance(node.value, str):
        hint = (
            f"write `{node.value.paths[0].component}`, without the output"
            if isinstance(node.value, Reference)
            else "for nothing on purpose, write `none`"
            if node.value is None
            else None
        )
        problems.error(
            "wrong-type", f"`{need.name}` takes the name of a component, not {shown(node.plain())}", node.at, path, hint
        )
        return None
    target = drafts.get(node.value)
    if target is None or node.value == draft.name:
        others = [name for name, other in drafts.items() if satisfies(other.kind, need) and name != draft.name]
        message = (
            f"there is no component {shown(node.value)}"
            if target is None
            else f"`{need.name}` names the component itself"
        )
        problems.error(
            "unknown-component",
            message,
            node.span,
            path,
            close_to(node.value, others) or _would_do(need, drafts, kinds, draft),
        )
        return None
    if target.kind is None:
        return None
    if not satisfies(target.kind, need):
        problems.error(
            "wrong-component",
            f"`{need.name}` of {draft.subject} cannot be `{target.name}`, which is of kind `{target.kind.name}`",
            node.span,
            path,
            _would_do(need, drafts, kinds, draft),
        )
        return None
    if target.layer > draft.layer:
        problems.error(
            "later-layer",
            f"`{target.name}` is in layer `{target.layer.label}`, "
            f"which comes after `{draft.layer.label}`, the layer of `{draft.name}`",
            node.span,
            path,
            "a component needs only what is in its own layer or an earlier one",
        )
        return None
    _check_required(draft, need, target, problems)
    return target.name


def _infer(
    draft: Draft,
    need: NeedField,
    drafts: Mapping[str, Draft],
    kinds: Mapping[str, Kind],
    problems: Problems,
    *,
    protected: bool,
) -> None:
    able = [
        name
        for name, other in drafts.items()
        if name != draft.name
        and satisfies(other.kind, need)
        and other.layer <= draft.layer
        and not elsewhere(draft, other, drafts)
    ]
    path = (*draft.path, need.name)
    if len(able) == 1:
        draft.bindings[need.name] = (able[0],)
        draft.inferred.add(need.name)
        _check_required(draft, need, drafts[able[0]], problems)
        if protected and not need.required:
            problems.note(
                "inferred",
                f"`{need.name}: {able[0]}` is inferred for `{draft.name}`",
                draft.node.named,
                path,
                f"write `{need.name}: {able[0]}` or `{need.name}: none` "
                "to keep it from changing when components come and go",
            )
    elif able:
        words = f"`{need.name}: {able[0]}`" + ("" if need.required else f" or `{need.name}: none`")
        problems.error(
            "ambiguous-need",
            f"`{need.name}` of `{draft.name}` could be {listed(able, last='or')}",
            draft.node.named,
            path,
            f"say which, for example {words}",
        )
    elif need.required and all(other.kind is not None for other in drafts.values()):
        problems.error(
            "missing-need",
            f"`{draft.name}` ({draft.subject}) needs a `{need.name}`",
            draft.node.named,
            path,
            _would_do(need, drafts, kinds, draft),
        )


def _would_do(need: NeedField, drafts: Mapping[str, Draft], kinds: Mapping[str, Kind], draft: Draft) -> str:
    there = [
        name
        for name, other in drafts.items()
        if satisfies(other.kind, need) and name != draft.name and other.layer <= draft.layer
    ]
    if there:
        return f"components that would do: {listed(there, last='or')}"
    words = [name for name, kind in kinds.items() if satisfies(kind, need)]
    # A kind that nobody uses is not imported; its outputs are called after its file.
    words = words or [_snake(outputs.__name__.removesuffix("Outputs")) for outputs in need.accepts]
    return f"add a component of kind {listed(dict.fromkeys(words), last='or')}"


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _check_required(draft: Draft, need: NeedField, target: Draft, problems: Problems) -> None:
    """What a need relies on must stand in ``existing``; what is created always has it."""
    if target.existing is None:
        return
    for field in need.requires:
        if getattr(target.existing, field, None) is None:
            existing = target.node.items["existing"]
            problems.error(
                "existing-lacks",
                f"`existing` of `{target.name}` needs `{field}`: `{draft.name}` ({draft.subject}) relies on it",
                existing.named,
                (*target.path, "existing", field),
            )


def grants(draft: Draft, drafts: Mapping[str, Draft], problems: Problems) -> dict[str, str]:
    """The access of one component that makes sense by itself: target to level."""
    node = draft.node.items.get("access")
    if node is None or draft.kind is None or "existing" in draft.node.items or not node.items:
        return {}
    path = (*draft.path, "access")
    if not draft.kind.takes_access:
        problems.error("no-role", f"{draft.subject} has no role that `access` could extend", node.named, path)
        return {}
    given: dict[str, str] = {}
    for name, item in node.items.items():
        target, where = drafts.get(name), (*path, name)
        if not isinstance(item.value, str):
            continue
        if target is None:
            problems.error(
                "unknown-component", f"there is no component {shown(name)}", item.named, where, close_to(name, drafts)
            )
        elif name == draft.name:
            problems.error("access-to-itself", f"`{name}` cannot be given access to itself", item.named, where)
        elif target.kind is not None:
            levels = target.kind.outputs.levels()
            if not levels:
                problems.error(
                    "no-levels", f"access to `{name}` (kind `{target.kind.name}`) cannot be granted", item.named, where
                )
            elif item.value not in levels:
                problems.error(
                    "unknown-level",
                    f"access to `{name}` is {listed(levels, last='or')}, not {shown(item.value)}",
                    item.span,
                    where,
                    close_to(item.value, levels),
                )
            else:
                given[name] = item.value
    return given
