"""Kinds for the verbs that show them: those of the catalogue, and third-party ones, which have to be imported."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points

from mlinfra.catalogue import KindEntry, catalogue
from mlinfra.errors import UsageError

GROUP = "mlinfra.components"
"""The entry-point group of third-party kinds."""


def names() -> tuple[str, ...]:
    """All kinds, sorted; nothing is imported."""
    return tuple(sorted({*catalogue().kinds, *(point.name for point in entry_points(group=GROUP))}))


def all_kinds() -> Iterator[KindEntry]:
    """All kinds, by name."""
    return (kind(name) for name in names())


def kind(name: str) -> KindEntry:
    """One kind. Raises UsageError with what is close."""
    found = catalogue().kinds.get(name)
    if found is not None:
        return found
    if name in names():
        from mlinfra.commands._catalogue import kind_entry
        from mlinfra.components._registry import find

        return kind_entry(find(name))
    from mlinfra.commands._output import close_to

    raise UsageError(f"there is no kind `{name}`", hint=close_to(name, names()) or "`mlinfra kinds` lists them")
