"""``existing:``: what somebody else made, typed by hand. The model is that of the kind's Outputs."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, get_origin

import pulumi
from pydantic import Field, create_model

from mlinfra.components._outputs import Outputs, output_types
from mlinfra.components._spec import Ref, Spec

ARN = r"^arn:aws[a-z-]*:[a-z0-9-]+:[^:]*:[^:]*:.+$"
"""What an ARN looks like: `arn`, partition, service, region, account, resource."""
ARNS = ["arn:aws:iam::123456789012:role/training", "arn:aws:s3:::my-models"]


def existing_model(outputs: type[Outputs]) -> type[Spec]:
    """The Spec of ``existing:`` for a kind: its outputs as values, references allowed,
    those with a default optional.
    """
    if outputs in _MODELS:
        return _MODELS[outputs]
    fields: dict[str, Any] = {}
    types = output_types(outputs)
    for field in dataclasses.fields(outputs):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        inside = types[field.name]
        if inside is str and (field.name == "arn" or field.name.endswith("_arn")):
            inside = Annotated[str, Field(pattern=ARN, examples=ARNS)]
        kind = _annotation(inside, mapping=is_mapping(outputs, field.name))
        fields[field.name] = (kind, ...) if required else (kind | None, None)
    name = outputs.__name__.removesuffix("Outputs") + "Existing"
    made = create_model(name, __base__=Spec, __doc__=f"What exists already: {outputs.__doc__}", **fields)
    return _MODELS.setdefault(outputs, made)


_MODELS: dict[type[Outputs], type[Spec]] = {}  # a model takes long to make, and classes do not change


def is_mapping(outputs: type[Outputs], field: str) -> bool:
    """Whether an output is one entry per key (``Mapping[str, …]`` around outputs, not an output that is a mapping)."""
    hint = str(next(item.type for item in dataclasses.fields(outputs) if item.name == field))
    return hint.replace("typing.", "").replace("collections.abc.", "").startswith("Mapping[")


def _annotation(kind: Any, *, mapping: bool) -> Any:
    if get_origin(kind) is pulumi.Output:
        kind = kind.__args__[0]
    reference: Any = Ref  # a type that is put together at run time
    inside: Any = existing_model(kind) if isinstance(kind, type) and issubclass(kind, Outputs) else reference[kind]
    return dict.__class_getitem__((str, inside)) if mapping else inside
