"""What a provider answers when it is asked what a change means."""

from __future__ import annotations

from typing import Any

from pulumi.runtime.proto import provider_pb2

from mlinfra.graph._monitor import from_struct
from mlinfra.plan.model import ABSENT as NOT_THERE
from mlinfra.plan.model import PropertyChange
from mlinfra.plan.replacement import deletes_first, replaces

KINDS = provider_pb2.PropertyDiff


def difference(request: Any, type_: str) -> Any:
    """The properties that differ and those that replace the resource. ``olds`` are compared as inputs."""
    olds, news = from_struct(request.old_inputs), from_struct(request.news)
    ignored = set(request.ignoreChanges)
    detailed: dict[str, Any] = {}
    for path, before, after in _paths(olds, news, ""):
        if any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in ignored):
            continue
        change = PropertyChange(
            path, NOT_THERE if before is ABSENT else before, NOT_THERE if after is ABSENT else after
        )
        forces = bool(type_) and replaces(type_, change) is True
        detailed[path] = provider_pb2.PropertyDiff(kind=_kind(before, after, forces=forces), inputDiff=True)
    forcing = sorted({path for path, diff in detailed.items() if "REPLACE" in KINDS.Kind.Name(diff.kind)})
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({_top(path) for path in detailed}),
        replaces=forcing,
        deleteBeforeReplace=bool(forcing) and deletes_first(type_, olds, news),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


ABSENT: Any = object()


def _paths(old: Any, new: Any, path: str) -> list[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[tuple[str, Any, Any]] = []
        for key in sorted({*old, *new}):
            inner = f"{path}.{key}" if path else key
            found += _paths(old.get(key, ABSENT), new.get(key, ABSENT), inner)
        return found
    if isinstance(old, list) and isinstance(new, list):
        found = []
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else ABSENT
            after = new[index] if index < len(new) else ABSENT
            found += _paths(before, after, f"{path}[{index}]")
        return found
    return [] if old is not ABSENT and new is not ABSENT and old == new else [(path, old, new)]


def _kind(before: Any, after: Any, *, forces: bool) -> Any:
    word = "ADD" if before is ABSENT else "DELETE" if after is ABSENT else "UPDATE"
    return KINDS.Kind.Value(f"{word}_REPLACE" if forces else word)


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
