"""Reading JSON that somebody else wrote: each function takes a value and its place, and gives it typed or raises.

No message repeats a value: where a document is malformed, anything may stand, a password too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, TypeVar, cast

from mlinfra.errors import GraphError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_T = TypeVar("_T")


def parse(text: str | bytes) -> Json:
    """JSON, or a GraphError that names the line. NaN and Infinity are refused: JSON has no such numbers."""
    try:
        return cast("Json", json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise GraphError(f"the document is not JSON: {error.msg} at {where}") from None
    except UnicodeDecodeError:
        raise GraphError("the document is not text in UTF-8") from None
    except ValueError:
        raise GraphError("the document holds a number with more digits than can be read") from None
    except RecursionError:
        raise GraphError("the document is nested too deeply to be read") from None


def wrong(value: Json, place: str, allowed: str) -> GraphError:
    """The error for a value of the wrong sort at ``place``; ``allowed`` says what belongs there."""
    # Only the type is named: what stands where something else belongs may be anything, a password too.
    names = {type(None): "nothing", bool: "a boolean", str: "text", list: "a list", dict: "a mapping"}
    return GraphError(f"`{place}` is {names.get(type(value), 'a number')}; it must be {allowed}")


def optional(value: Json, place: str, read: Callable[[Json, str], _T]) -> _T | None:
    """None for null or a field that is not there, else what ``read`` makes of it."""
    return None if value is None else read(value, place)


def mapping(value: Json, place: str) -> dict[str, Json]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise wrong(value, place, "a mapping")
    return value


def items(value: Json, place: str) -> list[Json]:
    """A JSON array."""
    if not isinstance(value, list):
        raise wrong(value, place, "a list")
    return value


def text(value: Json, place: str) -> str:
    """A JSON string."""
    if not isinstance(value, str):
        raise wrong(value, place, "text")
    return value


def flag(value: Json, place: str) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise wrong(value, place, "`true` or `false`")
    return value


def texts(value: Json, place: str) -> tuple[str, ...]:
    """An array of strings."""
    return tuple(text(item, f"{place}[{index}]") for index, item in enumerate(items(value, place)))


def refuse_unknown_fields(given: Mapping[str, Json], allowed: Iterable[str], place: str) -> None:
    """Raise for the first field that is not in ``allowed``."""
    unknown = sorted(set(given).difference(allowed))
    if unknown:
        raise GraphError(f"`{place}` has a field that this version of the format does not know: `{unknown[0]}`")


def _refuse_constant(name: str) -> Json:
    raise GraphError(f"the document holds `{name}`, which is not a JSON number")
