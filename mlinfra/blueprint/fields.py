"""What a model says of a place below it: the fields there, what they are for, and what right values look like."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mlinfra.blueprint.source import Path
from mlinfra.components._documented import attribute_docs


def fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """The names of the fields of the model that stands at ``path``."""
    return [field.alias or name for found in _models_at(model, path) for name, field in found.model_fields.items()]


def description(model: type[BaseModel], path: Path, field: str) -> str | None:
    """The first sentence of what a field of the model at ``path`` says."""
    for found in _models_at(model, path):
        text = attribute_docs(found).get(field)
        if field in found.model_fields and text:
            return f"`{field}`: {' '.join(text.split()).partition('. ')[0].rstrip('.')}"
    return None


def said_of(model: type[BaseModel], path: Path) -> str | None:
    """What the field says that a value stands in: its own, or that of the list or mapping around it."""
    for end in range(len(path), 0, -1):
        if said := description(model, path[: end - 1], path[end - 1]):
            return said
    return None


def examples(model: type[BaseModel], path: Path, pattern: str) -> Sequence[Any]:
    """The values that stand as ``examples`` beside ``pattern`` for the value, or the key, at ``path``; often none."""
    for found in _annotations_at(model, path):
        if isinstance(found, FieldInfo) and pattern in (getattr(mark, "pattern", None) for mark in found.metadata):
            return found.examples or ()
    return ()


def _models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    return [found for found in _annotations_at(model, path) if _is_model(found)]


def _annotations_at(annotation: Any, path: Path) -> Iterator[Any]:
    """Everything that says what may stand at ``path`` and, where that is a list or a mapping, in it: fields, their
    types, the branches of unions, keys and values.
    """
    inside = get_args(annotation)
    if not path:
        yield annotation
    if isinstance(annotation, FieldInfo):
        inside = (annotation.annotation,)
    elif _is_model(annotation):
        inside = tuple(field for name, field in annotation.model_fields.items() if path[:1] == (name,))
    below = path[1:] if _is_model(annotation) or _is_collection(annotation) else path
    for part in inside:
        yield from _annotations_at(part, below)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_collection(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Collection)
