"""Whether components that were wired go together: their values, the clusters that they are in, the names that they name."""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.blueprint.drafts import Draft, asking
from mlinfra.blueprint.problems import Problems, close_to, shown
from mlinfra.components._outputs import Outputs
from mlinfra.components._registry import Kind
from mlinfra.components._spec import Spec, keyed_by_component


def fit(draft: Draft, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """What two components say must go together: values with those of what fills a need, and places with places."""
    kind = draft.kind
    if kind is None:
        return
    _same_place(draft, drafts, problems)
    _once(draft, kind, drafts, problems)
    if draft.spec is None or not draft.sound:
        return
    _named(draft, draft.spec, drafts, problems)
    given = {
        need: said
        for need, names in draft.bindings.items()
        if len(names) == 1 and drafts[names[0]].sound and (said := drafts[names[0]].spec or drafts[names[0]].existing)
    }
    conflicts: Mapping[str, str] = {}
    with asking(draft, problems):
        conflicts = kind.component.conflicts(draft.spec, given)
    for where, why in conflicts.items():
        path = tuple(where.split("."))
        at = draft.node.nearest(path)
        problems.error("does-not-fit", why, at.named if at is draft.node else at.at, (*draft.path, *path))


def elsewhere(one: Draft, other: Draft, drafts: Mapping[str, Draft]) -> bool:
    """Whether two components are known to be in different clusters."""
    here, there = _place(one, drafts), _place(other, drafts)
    return here is not None and there is not None and here[1] != there[1]


def _place(draft: Draft, drafts: Mapping[str, Draft]) -> tuple[str, str] | None:
    """The need by which a component is put inside of another, a cluster, and that other one."""
    for need, names in draft.bindings.items():
        for name in names:
            kind = drafts[name].kind
            if kind is not None and kind.outputs.provider is not Outputs.provider:
                return need, name
    return None


def _same_place(draft: Draft, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """A component inside of a cluster can only use what is inside of the same one."""
    here = _place(draft, drafts)
    for need, names in draft.bindings.items() if here else ():
        for name in names:
            there = _place(drafts[name], drafts)
            if here and there and here[1] != there[1]:
                node = draft.node.items.get(need)
                problems.error(
                    "does-not-fit",
                    f"`{draft.name}` is in `{here[1]}`, and `{need}: {name}` is in `{there[1]}`",
                    node.at if node is not None else draft.node.named,
                    (*draft.path, need),
                    f"name one that is in `{here[1]}`, or say `{need}: none` if it can do without",
                )


def _once(draft: Draft, kind: Kind, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """Of some kinds a cluster can hold only one."""
    here = _place(draft, drafts)
    if here is None or not kind.component.once:
        return
    first = next(name for name, other in drafts.items() if other.kind is kind and _place(other, drafts) == here)
    if first != draft.name:
        problems.error(
            "does-not-fit",
            f"`{here[1]}` has a component of {draft.subject} already, `{first}`, and can hold only one",
            draft.node.named,
            draft.path,
        )


def _named(draft: Draft, spec: Spec, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """Components that a spec names without needing them."""
    for field, info in type(spec).model_fields.items():
        if keyed_by_component(info.annotation) and field in draft.node.items:
            for name, item in draft.node.items[field].items.items():
                if name not in drafts:
                    path = (*draft.path, field, name)
                    message = f"there is no component {shown(name)}"
                    problems.error("unknown-component", message, item.named, path, close_to(name, drafts))
