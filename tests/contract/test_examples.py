"""Laws over every text that has a form: a message shows what a right one looks like."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from mlinfra.blueprint.drafts import Common
from mlinfra.blueprint.existing import existing_model
from mlinfra.blueprint.fields import examples
from mlinfra.blueprint.model import Blueprint
from mlinfra.blueprint.source import Path
from mlinfra.components._registry import files, find

MODELS: Mapping[str, type[BaseModel]] = {
    "Blueprint": Blueprint,
    "Common": Common,
    **{kind: find(kind).spec for kind in files()},
    **{f"existing {kind}": existing_model(find(kind).outputs) for kind in files()},
}


def forms(found: Any, path: Path = ()) -> Iterator[tuple[Path, str, Any]]:
    """The patterns in a type, each with its place and the type of the text with all its limits."""
    inside, origin = get_args(found), get_origin(found)
    if isinstance(found, type) and issubclass(found, BaseModel):
        for name, field in found.model_fields.items():
            yield from forms(Annotated[field.annotation, field], (*path, name))
    elif origin is Annotated:
        notes = [note for mark in inside[1:] for note in (mark, *getattr(mark, "metadata", ()))]
        yield from ((path, note.pattern, found) for note in notes if getattr(note, "pattern", None))
        yield from forms(inside[0], path)
    else:
        below = (*path, "0") if isinstance(origin, type) and issubclass(origin, Collection) else path
        for part in inside:
            yield from forms(part, below)


def checked(schema: Any) -> Iterator[str]:
    """The patterns that pydantic checks texts with."""
    if isinstance(schema, Mapping):
        if schema.get("type") == "str" and "pattern" in schema:
            yield schema["pattern"]
        for inner in schema.values():
            yield from checked(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from checked(inner)


def fits(value: object, kind: Any) -> bool:
    try:
        return bool(TypeAdapter(kind).validate_python(value) == value)
    except ValidationError:
        return False


@pytest.mark.parametrize("name", MODELS)
def test_every_form_has_examples_and_they_fit(name: str) -> None:
    model = MODELS[name]
    shown = [(path, kind, examples(model, path, pattern)) for path, pattern, kind in forms(model)]

    assert [path for path, _, right in shown if not right] == []
    assert [(path, value) for path, kind, right in shown for value in right if not fits(value, kind)] == []


@pytest.mark.parametrize("name", MODELS)
def test_no_form_is_overlooked(name: str) -> None:
    model = MODELS[name]

    assert {pattern for _, pattern, _ in forms(model)} == set(checked(model.__pydantic_core_schema__))
