"""JSON Schema of the whole language, made from the same models that validation uses."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from mlinfra.blueprint.drafts import BESIDE_EXISTING, ESCAPE, ESCAPE_LAYERS, Common, Kinds, Registry
from mlinfra.blueprint.existing import existing_model
from mlinfra.blueprint.model import COMPONENT_NAME, Blueprint, Environment
from mlinfra.components._outputs import NeedField
from mlinfra.components._registry import Kind
from mlinfra.components._spec import PRESET, Range

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
EXPRESSION: Schema = {"type": "string", "pattern": r"\$\{[^}]+\}"}
"""Any value may be an expression: variables stand for values of every type."""
TEXT: Schema = {"type": "string"}


def schema(names: Iterable[str] | None = None, kinds: Kinds | None = None) -> Schema:
    """The schema of a blueprint that uses the kinds ``names`` (all, if left out)."""
    kinds = kinds or Registry()
    wanted = [kinds.find(name) for name in (kinds.names() if names is None else sorted(names))]
    definitions: Schema = {}
    top = _of(Blueprint, "", definitions)
    environment = _definition(definitions, "Environment")
    for kind in wanted:
        definitions[f"kind.{kind.name}"] = _kind(kind, definitions)
    branches = [
        {"if": {"properties": {"kind": {"const": kind.name}}}, "then": {"$ref": f"#/$defs/kind.{kind.name}"}}
        for kind in wanted
    ]
    definitions["component"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"enum": [kind.name for kind in wanted], "description": "What it is; `mlinfra kinds` lists them."}
        },
        "allOf": branches,
    }
    named = {
        "type": "object",
        "propertyNames": {"pattern": COMPONENT_NAME, "not": {"enum": ["none", "var", "env", "blueprint"]}},
    }
    top["properties"]["components"] |= {
        **named,
        "additionalProperties": {"$ref": "#/$defs/component"},
        "minProperties": 1,
    }
    environment["properties"]["components"] |= {
        **named,
        "additionalProperties": {"anyOf": [{"type": "object"}, {"type": "null"}]},
    }
    return {"$schema": DRAFT, "title": "mlinfra blueprint", **top, "$defs": dict(sorted(definitions.items()))}


def environment_schema() -> Schema:
    """The schema of ``environments/<name>.yaml``."""
    definitions: Schema = {}
    top = _of(Environment, "", definitions)
    return {"$schema": DRAFT, "title": "mlinfra environment", **top, "$defs": definitions}


def _definition(definitions: Schema, name: str) -> Schema:
    found: Schema = definitions[name]
    return found


def _of(model: type[BaseModel], prefix: str, definitions: Schema) -> Schema:
    """The schema of one model; what it refers to goes into ``definitions``, its names starting with ``prefix``."""
    made: Schema = _renamed(model.model_json_schema(mode="validation", ref_template=f"#/$defs/{prefix}{{model}}"))
    for name, definition in made.pop("$defs", {}).items():
        definitions[prefix + name] = _amount() if name == Range.__name__ else definition
    if model.model_config.get("extra") == "forbid":
        made["additionalProperties"] = False
    return made


def _renamed(value: Any) -> Any:
    """Presets said as documentation, titles that only repeat a name left out."""
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _renamed(item) for key, item in value.items() if not (key == "title" and isinstance(item, str))}


def _amount() -> Schema:
    """A range of an amount: one number, or three that do not decrease."""
    number: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}
    parts = dict.fromkeys(Range.model_fields, number)
    whole: Schema = {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}
    return {"description": (Range.__doc__ or "").strip(), "anyOf": [number, whole]}


def _kind(kind: Kind, definitions: Schema) -> Schema:
    """What may be said of a component of one kind: its fields, its needs and the common keys;
    or ``existing`` and little else.
    """
    prefix = f"{kind.name}."
    spec = _of(kind.spec, prefix, definitions)
    common = _of(Common, "", definitions)["properties"]
    if not kind.takes_access:
        common.pop("access")
    properties: Schema = {"kind": {"const": kind.name}, **common}
    properties |= {name: _or_expression(_documented(field)) for name, field in spec.get("properties", {}).items()}
    properties |= {name: _need(need) for name, need in kind.need_fields.items()}
    if kind.folder == ESCAPE:
        properties["layer"] = {"enum": [layer.label for layer in ESCAPE_LAYERS]}
    brought = _of(existing_model(kind.outputs), f"{prefix}existing.", definitions)
    # Deep places take expressions too; a definition is shared, so it is opened once.
    for name, definition in list(definitions.items()):
        if name.startswith(prefix) and "properties" in definition:
            definition["properties"] = {
                key: _or_expression(_documented(item)) for key, item in definition["properties"].items()
            }
    made = {
        "type": "object",
        "description": kind.summary,
        "properties": properties,
        "required": ["kind", *spec.get("required", [])],
        "additionalProperties": spec.get("additionalProperties", False),
    }
    given = {
        "type": "object",
        "properties": {name: item for name, item in properties.items() if name in BESIDE_EXISTING}
        | {"existing": brought},
        "required": ["kind", "existing"],
        "additionalProperties": False,
    }
    return {"if": {"required": ["existing"]}, "then": given, "else": made}


def _need(need: NeedField) -> Schema:
    words = " or ".join(outputs.__name__.removesuffix("Outputs") for outputs in need.accepts)
    if need.many:
        return {
            "description": f"Components ({words}).",
            "anyOf": [{"type": "array", "items": TEXT, "uniqueItems": True}, {"const": "none"}],
        }
    left_out = "the only one that there is" + ("" if need.required else ", or none")
    return {"description": f"A component ({words}). Left out: {left_out}.", "type": "string"}


def _documented(field: Mapping[str, Any]) -> Schema:
    """A field with the two defaults of ``by_environment`` in its description."""
    made = copy.deepcopy(dict(field))
    preset = made.pop(PRESET, None)
    if preset:
        both = f"Protected: `{preset['protected']}`; elsewhere: `{preset['otherwise']}`."
        made["description"] = f"{made.get('description', '')} {both}".strip()
    return made


def _or_expression(field: Schema) -> Schema:
    if field.get("anyOf") and EXPRESSION in field["anyOf"]:
        return field
    outside: Schema = {key: field[key] for key in ("description", "default", "examples") if key in field}
    inner = {key: item for key, item in field.items() if key not in outside}
    return {**outside, "anyOf": [*(inner["anyOf"] if set(inner) == {"anyOf"} else [inner]), EXPRESSION]}
