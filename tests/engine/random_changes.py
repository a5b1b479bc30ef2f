"""Random changes to a blueprint, valid ones: fields of any component as its kind's own JSON Schema allows them, components more and less."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from mlinfra.components._registry import find

ATTEMPTS = 200
"""How often something else is tried before a blueprint counts as one that cannot be changed."""
EXTRA = {
    "bucket": {"kind": "bucket"},
    "encryption_key": {"kind": "encryption_key"},
    "container_registry": {"kind": "container_registry", "repositories": ["train"]},
    "budget": {"kind": "budget", "monthly_usd": 50, "email": "ml@example.com"},
}


class NoIdeaError(Exception):
    """Nothing else comes to mind that this schema would take."""


def changed(text: str, chance: random.Random, valid: Callable[[str], bool]) -> tuple[str, str]:
    """Another blueprint that is ``valid``, and what differs in it."""
    before = yaml.safe_load(text)
    for _ in range(ATTEMPTS):
        after = copy.deepcopy(before)
        done = []
        for _ in range(chance.choice((1, 2, 3, 4))):
            try:
                done.append(chance.choice((*[_field] * 9, _tag, _more, _less))(after, chance))
            except NoIdeaError:
                continue
        said = yaml.safe_dump(after, sort_keys=False, allow_unicode=True, width=1000)
        if after != before and valid(said):
            return said, ", ".join(done)
    raise AssertionError("no valid change was found")


def _field(blueprint: dict[str, Any], chance: random.Random) -> str:
    name, component = chance.choice(sorted(blueprint["components"].items()))
    if "existing" in component:
        raise NoIdeaError
    schema = find(component["kind"]).spec.model_json_schema()
    field = chance.choice(sorted(schema["properties"]))
    value = _other(schema["properties"][field], schema.get("$defs", {}), component.get(field), chance)
    if value is None:
        component.pop(field, None)
    else:
        component[field] = value
    return f"{name}.{field} = {value!r}"


def _tag(blueprint: dict[str, Any], chance: random.Random) -> str:
    value = chance.choice(("red", "green", "blue"))
    blueprint["tags"] = {**blueprint.get("tags", {}), "colour": value}
    return f"tags.colour = {value}"


def _more(blueprint: dict[str, Any], chance: random.Random) -> str:
    kind = chance.choice(sorted(EXTRA))
    name = f"more-{chance.randrange(3)}"
    blueprint["components"][name] = dict(EXTRA[kind])
    return f"{name}: {kind}"


def _less(blueprint: dict[str, Any], chance: random.Random) -> str:
    name = chance.choice(sorted(blueprint["components"]))
    del blueprint["components"][name]
    return f"no {name}"


def _other(schema: Mapping[str, Any], defs: Mapping[str, Any], now: Any, chance: random.Random) -> Any:
    """Another value for a field that is ``now``; None to leave it out."""
    if "$ref" in schema:
        return _other(defs[schema["$ref"].rpartition("/")[2]], defs, now, chance)
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        return _other({**chance.choice(branches), **_kept(schema)}, defs, now, chance)
    if "enum" in schema:
        return _one_of([value for value in schema["enum"] if value != now], chance)
    kind = schema.get("type")
    makers: Mapping[str, Callable[[], Any]] = {
        "null": lambda: None,
        "boolean": lambda: not now if isinstance(now, bool) else chance.choice((True, False)),
        "integer": lambda: _number(schema, now, chance),
        "number": lambda: _number(schema, now, chance),
        "string": lambda: _one_of([value for value in schema.get("examples", ()) if value != now], chance),
        "array": lambda: _list(schema, defs, now, chance),
        "object": lambda: _mapping(schema, defs, now, chance),
    }
    if kind not in makers:
        raise NoIdeaError
    return makers[kind]()


def _kept(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"examples": schema["examples"]} if "examples" in schema else {}


def _number(schema: Mapping[str, Any], now: Any, chance: random.Random) -> int:
    least = int(schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1))
    most = int(schema.get("maximum", least + 1000))
    near = [now + 1, now - 1, now * 2] if isinstance(now, int) and not isinstance(now, bool) else [least, least + 1, 7]
    return _one_of([value for value in near if least <= value <= most and value != now], chance)


def _list(schema: Mapping[str, Any], defs: Mapping[str, Any], now: Any, chance: random.Random) -> list[Any]:
    items = list(now) if isinstance(now, list) else []
    if items and chance.random() < 0.5:
        items.pop(chance.randrange(len(items)))
        return items
    return [*items, _other(schema.get("items", {}), defs, None, chance)]


def _mapping(schema: Mapping[str, Any], defs: Mapping[str, Any], now: Any, chance: random.Random) -> dict[str, Any]:
    held = dict(now) if isinstance(now, dict) else {}
    fields = schema.get("properties")
    if not fields:
        raise NoIdeaError
    for field in _wanted(schema, held, chance):
        value = _other(fields[field], defs, held.get(field), chance)
        held.pop(field, None)
        if value is not None:
            held[field] = value
    return held


def _wanted(schema: Mapping[str, Any], held: Mapping[str, Any], chance: random.Random) -> Iterator[str]:
    yield from (field for field in schema.get("required", ()) if field not in held)
    yield chance.choice(sorted(schema["properties"]))


def _one_of(values: list[Any], chance: random.Random) -> Any:
    if not values:
        raise NoIdeaError
    return chance.choice(values)
