"""Kinds for the verbs that show them: those of the catalogue, and new and third-party ones, which have to be imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from mlinfra.catalogue import SCHEMA, KindEntry, catalogue
from mlinfra.errors import UsageError

GROUP = "mlinfra.components"
"""The entry-point group of third-party kinds."""


def names() -> tuple[str, ...]:
    """All kinds, sorted; nothing is imported."""
    return tuple(sorted({*shipped(), *(point.name for point in entry_points(group=GROUP))}))


def shipped() -> tuple[str, ...]:
    """The kinds of this package, by their files, also those that the catalogue does not have yet."""
    folder = Path(__file__).parent.parent / "components"
    return tuple(sorted(path.stem for path in folder.glob("*/*.py") if not path.stem.startswith("_")))


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


def blueprint_schema_text() -> str:
    """The JSON Schema of the language: the shipped file, or made anew where there are kinds that it does not know."""
    if SCHEMA.is_file() and not set(names()) - set(catalogue().kinds):
        return SCHEMA.read_text("utf-8")
    from mlinfra.blueprint.schema import schema

    return f"{json.dumps(schema(), indent=1, ensure_ascii=False)}\n"
