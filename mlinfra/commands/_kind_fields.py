"""The fields, needs and outputs of a kind in words, read from its types and their attribute docstrings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any

from mlinfra.catalogue import Field, Output
from mlinfra.components._documented import attribute_docs
from mlinfra.components._grammar import Layer, Outputs, Spec
from mlinfra.components._outputs import KEYS_OF, output_types
from mlinfra.components._registry import Kind, files, find
from mlinfra.components._spec import NAMES, PRESET, plain_type

Schema = Mapping[str, Any]


def spec_fields(spec: type[Spec]) -> tuple[Field, ...]:
    """The fields of a Spec, those of nested ones below their own, as its JSON Schema has them."""
    schema = spec.model_json_schema()
    return tuple(_fields(schema, schema.get("$defs", {}), ""))


def needs(kind: Kind) -> Iterator[Field]:
    """The fields that name other components, with the kinds that satisfy them."""
    texts = attribute_docs(kind.needs)
    for name, need in kind.need_fields.items():
        kinds = tuple(other for other in files() if find(other).outputs in need.accepts)
        words = f"{'a list of components' if need.many else 'a component'} of kind {' or '.join(kinds) or '(none)'}"
        default = None if need.required else "none" if need.many else "the only one that fits, else none"
        yield Field(name, words, need.required and need.many, default, _line(texts.get(name, "")), kinds)


def outputs(kind: Kind) -> Iterator[Output]:
    """The outputs, nested ones below their own."""
    return _outputs(kind.outputs, "")


def layers(kind: Kind) -> str:
    """The layer, or ``by its spec`` where the kind decides by what the blueprint says."""
    decides = "layer_of" in vars(kind.component)
    label = Layer(kind.component.layer).label if hasattr(kind.component, "layer") else ""
    return f"{label} or by spec" if decides and label else label or "by spec"


def _line(text: str) -> str:
    return " ".join(text.split())


def _outputs(cls: type[Outputs], prefix: str) -> Iterator[Output]:
    texts = attribute_docs(cls)
    for field in dataclasses.fields(cls):
        kind = output_types(cls)[field.name]
        path = f"{prefix}{field.name}"
        if isinstance(kind, type) and issubclass(kind, Outputs):
            yield from _outputs(kind, f"{path}.<name>." if KEYS_OF in field.metadata else f"{path}.")
        else:
            plain = plain_type(kind)
            optional = field.default is not dataclasses.MISSING
            yield Output(path, NAMES.get(plain, "a value"), optional, _line(texts.get(field.name, "")))


def _fields(schema: Schema, known: Mapping[str, Schema], prefix: str) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        text = str(field.get("description", ""))
        yield Field(path, _type(field, known), name in required, _default(field), _line(text))
        for inside, below in _nested(field, known):
            yield from _fields(inside, known, f"{path}{below}.")


def _nested(field: Schema, known: Mapping[str, Schema]) -> Iterator[tuple[Schema, str]]:
    """Schemas of nested Specs in a field, with what stands between the two names: nothing, ``[]`` or ``.<name>``."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        inside = known[name]
        if "properties" in inside and not _is_amount(inside):
            yield inside, ""
    for option in (*field.get("anyOf", ()), *field.get("allOf", ()), *field.get("oneOf", ())):
        yield from _nested(option, known)
    if isinstance(field.get("items"), Mapping):
        yield from ((inside, f"[]{below}") for inside, below in _nested(field["items"], known))
    if isinstance(field.get("additionalProperties"), Mapping):
        yield from ((inside, f".<name>{below}") for inside, below in _nested(field["additionalProperties"], known))


def _is_amount(schema: Schema) -> bool:
    return set(schema.get("properties", ())) == {"min", "expected", "max"}


def _type(field: Schema, known: Mapping[str, Schema]) -> str:
    """What a field takes, in words: ``a whole number, 1 to 3650``."""
    if "$ref" in field:
        inside = known[field["$ref"].rpartition("/")[2]]
        return (
            "an amount" if _is_amount(inside) else _type(inside, known) if "properties" not in inside else "a mapping"
        )
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{_word(value)}`" for value in field["enum"])
    options = (*field.get("anyOf", ()), *field.get("oneOf", ()), *field.get("allOf", ()))
    if options:
        reference = any(_is_reference(option) for option in options)
        plain = [_type(o, known) for o in options if not _is_reference(o) and o.get("type") != "null"]
        return " or ".join(dict.fromkeys(plain)) + (", or a reference" if reference else "")
    return _simple(field, known)


def _simple(field: Schema, known: Mapping[str, Schema]) -> str:
    kind = field.get("type")
    if kind in ("integer", "number"):
        return f"a{' whole' if kind == 'integer' else ''} number{_bounds(field)}"
    if kind == "string":
        longest = f", at most {field['maxLength']} characters" if "maxLength" in field else ""
        return f"text{longest}"
    if kind == "boolean":
        return "true or false"
    if kind == "array":
        items = field.get("items")
        return f"a list of {_plural(_type(items, known))}" if isinstance(items, Mapping) and items else "a list"
    if kind == "object":
        values = field.get("additionalProperties")
        return (
            f"a mapping of names to {_plural(_type(values, known))}"
            if isinstance(values, Mapping) and values
            else "a mapping"
        )
    return "null" if kind == "null" else "any value"


def _plural(words: str) -> str:
    if words.startswith("`"):
        return words
    return {"text": "texts", "a mapping": "mappings", "an amount": "amounts", "true or false": "true or false"}.get(
        words, words
    )


def _bounds(field: Schema) -> str:
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    above, below = (
        "more than " if "exclusiveMinimum" in field else "",
        "less than " if "exclusiveMaximum" in field else "",
    )
    if low is not None and high is not None and not above and not below:
        return f", {low} to {high}"
    parts = [f"{above or 'at least '}{low}"] if low is not None else []
    parts += [f"{below or 'at most '}{high}"] if high is not None else []
    return f", {' and '.join(parts)}" if parts else ""


def _is_reference(option: Schema) -> bool:
    return option.get("pattern") == r"\$\{[^}]+\}"


def _default(field: Schema) -> str | None:
    if PRESET in field:
        preset = field[PRESET]
        return f"{_word(preset['otherwise'])}; {_word(preset['protected'])} in a protected environment"
    if "default" not in field:
        return None
    value = field["default"]
    if isinstance(value, Mapping) and set(value) == {"min", "expected", "max"}:
        low, middle, high = value["min"], value["expected"], value["max"]
        return str(middle) if low == middle == high else f"{low} to {high}, expected {middle}"
    if isinstance(value, Mapping):
        return "see below" if value else "empty"
    return _word(value)


def _word(value: object) -> str:
    if isinstance(value, NoneType):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(_word(item) for item in value) or "empty"
    return str(value)
