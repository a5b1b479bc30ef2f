"""What this package knows about itself without importing its parts: verbs, kinds with their fields, message codes.

Read from ``catalogue.json``, which ``make catalogue`` writes, so that help, pages and completion answer at once.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.json")
SCHEMA = Path(__file__).with_name("blueprint.schema.json")
"""The JSON Schema of the blueprint language."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field that a blueprint may say of a kind.

    ``path`` is dotted, with ``<name>`` for keys that the user chooses and ``[]`` for items of lists. ``type`` and
    ``default`` are in words; ``default`` is None where there is none. ``kinds`` lists the kinds that satisfy a need;
    it is empty for other fields.
    """

    path: str
    type: str
    required: bool
    default: str | None
    text: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a kind: its dotted path, the type in words, and whether it can be missing."""

    path: str
    type: str
    optional: bool
    text: str


@dataclass(frozen=True, slots=True)
class KindEntry:
    """A kind as its page shows it. ``levels``: those of ``access`` to it. ``takes_access``: it can hold some."""

    name: str
    folder: str
    layer: str
    summary: str
    makes: str
    fields: tuple[Field, ...]
    outputs: tuple[Output, ...]
    levels: tuple[str, ...]
    takes_access: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it. ``verbs`` maps ``cost explain`` to its line of help, ``codes`` a message's code to what it means."""

    verbs: Mapping[str, str]
    kinds: Mapping[str, KindEntry]
    codes: Mapping[str, str]


@functools.cache
def catalogue() -> Catalogue:
    """The catalogue of this installation. Before the first ``make catalogue`` of a checkout it is empty."""
    try:
        document = json.loads(FILE.read_text("utf-8"))
    except FileNotFoundError:
        document = {"verbs": {}, "kinds": {}, "codes": {}}
    return Catalogue(
        verbs=document["verbs"],
        kinds={name: kind_from(name, entry) for name, entry in document["kinds"].items()},
        codes=document["codes"],
    )


def kind_from(name: str, entry: Mapping[str, object]) -> KindEntry:
    """A kind from its JSON form in the catalogue."""
    values: dict[str, object] = {"name": name, **entry}
    for key, of in (("fields", Field), ("outputs", Output)):
        made: Any = of  # the file is ours, and a test holds it against the types
        values[key] = tuple(made(**_tuples(item)) for item in _items(entry[key]))
    return KindEntry(**_tuples(values))  # type: ignore[arg-type]  # the file is ours, and a test holds it against the types


def _items(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _tuples(values: Mapping[str, object]) -> dict[str, object]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
