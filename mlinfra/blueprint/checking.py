"""A model against a piece of the file: what pydantic finds, in the user's words and with the line it stands in."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from decimal import Decimal
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mlinfra.blueprint.expressions import WRONG
from mlinfra.blueprint.fields import description, examples, fields_at, said_of
from mlinfra.blueprint.problems import Problems, close_to, listed, shown
from mlinfra.blueprint.source import Node, Path
from mlinfra.components._spec import Range, Reference

M = TypeVar("M", bound=BaseModel)


def check(
    model: type[M], node: Node, path: Path, problems: Problems, *, subject: str = "", also: Iterable[str] = ()
) -> M | None:
    """``node`` as an instance of ``model``, or None after saying all that is wrong with it.

    ``subject`` is what the value is, for messages (``kind `bucket` ``); ``also`` are words that may stand beside the
    fields of the model.
    """
    before = problems.errors
    try:
        made = model.model_validate(node.plain())
    except ValidationError as error:
        for details in _settled(_own(error.errors(include_url=False)), node):
            _report(details, model, node, path, problems, subject, tuple(also))
        return None
    except (TypeError, AttributeError, KeyError, IndexError, ArithmeticError, RecursionError) as error:
        problems.error(
            "invalid-value", f"{subject or 'the value'} cannot be read: {type(error).__name__}", node.named, path
        )
        return None
    _changed(made, node, path, problems)
    return made if problems.errors == before and not any(n.value is WRONG for _, n in node.walk()) else None


def _inside(loc: tuple[int | str, ...], node: Node) -> tuple[Path, bool]:
    """The path in the file of an error, and whether pydantic added words of its own (the branch of a union)."""
    path: list[str] = []
    own = False
    for part in loc:
        below = node.get((*path, str(part)))
        if below is None:
            own = True
        else:
            path.append(str(part))
    return tuple(path), own


def _own(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """All but what follows from another: pydantic counts the good entries of a list, and calls it too short."""
    return [
        item
        for item in errors
        if item["type"] != "too_short"
        or _count(item["input"]) < item["ctx"]["min_length"]
        or not any(other["loc"][: len(item["loc"])] == item["loc"] != other["loc"] for other in errors)
    ]


def _settled(errors: list[ErrorDetails], node: Node) -> list[ErrorDetails]:
    """One error for each place: of a union's branches those that got furthest."""
    alone: list[ErrorDetails] = []
    unions: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for details in errors:
        loc = details["loc"]
        stem = next((loc[:i] for i in range(1, len(loc) + 1) if node.get(tuple(map(str, loc[:i]))) is None), loc)
        missing_here = details["type"] == "missing" and len(stem) == len(loc)
        if len(stem) == len(loc) and (missing_here or node.get(tuple(map(str, loc))) is not None):
            alone.append(details)
        else:
            unions.setdefault(stem[:-1], []).append(details)
    for stem, found in unions.items():
        rest = [
            item for item in found if item["type"] not in TYPE_ERRORS or len(_inside(item["loc"], node)[0]) > len(stem)
        ]
        if rest and all(item["type"] == "literal_error" and len(item["loc"]) == len(stem) + 1 for item in rest):
            others = [TYPE_ERRORS[item["type"]] for item in found if item["type"] in TYPE_ERRORS]
            wanted = dict.fromkeys([*others, *(f"`{word}`" for item in rest for word in _literals(item["ctx"]))])
            alone.append({**rest[0], "type": "union", "ctx": {"wanted": " or ".join(wanted)}})
        elif rest:
            branch = rest[0]["loc"][len(stem)]
            alone.extend(item for item in rest if item["loc"][len(stem)] == branch)
        else:
            wanted = dict.fromkeys(TYPE_ERRORS[item["type"]] for item in found)
            alone.append({**found[0], "type": "union", "ctx": {"wanted": " or ".join(wanted)}})
    return alone


TYPE_ERRORS: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "sequence_str": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing (null)",
    "date_type": "a date (YYYY-MM-DD)",
    "is_instance_of": "a list",
}


def _report(
    details: ErrorDetails,
    model: type[BaseModel],
    node: Node,
    path: Path,
    problems: Problems,
    subject: str,
    also: tuple[str, ...],
) -> None:
    inner, own = _inside(details["loc"], node)
    here = node.nearest(inner)
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    name = next((word for word in reversed(inner) if not word.isdecimal()), path[-1] if path else "the file")
    full = (*path, *inner)
    if given is WRONG or here.value is WRONG:
        return
    if kind == "extra_forbidden":
        fields = fields_at(model, inner[:-1])
        owner = subject if len(inner) == 1 and subject else _owner((*path, *inner[:-1]))
        choices = [*fields, *(also if len(inner) == 1 else ())]
        hint = close_to(inner[-1], choices) or (f"fields: {listed(sorted(choices))}" if choices else None)
        problems.error("unknown-field", f"{shown(inner[-1])} is not a field of {owner}", here.named, full, hint)
    elif kind == "missing":
        field = str(details["loc"][-1])
        owner = subject if not inner and subject else _owner(full)
        problems.error(
            "missing-field", f"{owner} needs `{field}`", here.named, (*full, field), description(model, inner, field)
        )
    elif isinstance(given, Reference) and not kind.startswith("reference"):
        problems.error(
            "reference-not-accepted",
            f"`{name}` takes a value that is known before anything exists, not {shown(given)}",
            here.at,
            full,
            "write the value out, or use a variable",
        )
    elif details["loc"] and details["loc"][-1] == "[key]":
        right = examples(model, inner, context.get("pattern", ""))
        words = f"{'a name ' if _code(kind) in FORMS else ''}{_words(details, right)}"
        problems.error(
            "wrong-name", f"{shown(given)} is not a name here: {words}", here.named, full, said_of(model, inner)
        )
    elif kind == "union" or kind in TYPE_ERRORS:
        wanted = context.get("wanted") or TYPE_ERRORS[kind]
        hint = f'write `"{here.raw}"`' if wanted == "text" and here.raw and not isinstance(here.value, str) else None
        problems.error("wrong-type", f"`{name}` takes {wanted}, not {shown(given)}", here.at, full, hint)
    else:
        code, message = _code(kind), _words(details, examples(model, inner, context.get("pattern", "")))
        if code == "wrong-length":
            message = f"`{name}` {message}"
        elif code not in ("invalid-value", "wrong-reference"):
            typed = "text " if isinstance(given, str) and given and given in _numbers(context) else ""
            message = f"`{name}` {message}, not {typed}{shown(given)}"
        elif code == "invalid-value" and (own or inner):
            message = f"`{name}`: {message}"
        hint = _nearest(given, _literals(context)) if kind in ("literal_error", "enum") else None
        if code in (*FORMS, "out-of-range") and inner:
            hint = said_of(model, inner)
        problems.error(code, message, here.at, full, hint)


def _code(kind: str) -> str:
    return {
        "literal_error": "not-allowed",
        "enum": "not-allowed",
        "greater_than": "out-of-range",
        "greater_than_equal": "out-of-range",
        "less_than": "out-of-range",
        "less_than_equal": "out-of-range",
        "multiple_of": "out-of-range",
        "finite_number": "out-of-range",
        "decimal_max_digits": "out-of-range",
        "decimal_whole_digits": "out-of-range",
        "decimal_max_places": "out-of-range",
        "too_short": "wrong-length",
        "too_long": "wrong-length",
        "string_too_short": "wrong-length",
        "string_too_long": "wrong-length",
        "string_pattern_mismatch": "wrong-format",
        "reference_type": "wrong-reference",
    }.get(kind, "invalid-value")


FORMS = ("wrong-format", "wrong-length")
"""Codes of texts, lists and mappings of the right type that are not written as they should be."""


def _words(details: ErrorDetails, right: Sequence[Any]) -> str:
    """What a field takes, as the end of ``the field …``; of a text with a form, values that are ``right``."""
    kind, context, count = details["type"], details.get("ctx", {}), _count(details["input"])
    has = f"and this has {'none' if count == 0 else 'one' if count == 1 else count}"
    words: Mapping[str, Callable[[], str]] = {
        "literal_error": lambda: f"takes {listed(_literals(context), last='or')}",
        "enum": lambda: f"takes {listed(_literals(context), last='or')}",
        "greater_than": lambda: f"is more than {context['gt']}",
        "greater_than_equal": lambda: f"is at least {context['ge']}",
        "less_than": lambda: f"is less than {context['lt']}",
        "less_than_equal": lambda: f"is at most {context['le']}",
        "multiple_of": lambda: f"is a multiple of {context['multiple_of']}",
        "finite_number": lambda: "is a number",
        "decimal_max_digits": lambda: f"has at most {context['max_digits']} digits",
        "decimal_whole_digits": lambda: f"has at most {context['whole_digits']} digits before the point",
        "decimal_max_places": lambda: f"has at most {context['decimal_places']} digits after the point",
        "too_short": lambda: f"has at least {_entries(context['min_length'])}, {has}",
        "too_long": lambda: f"has at most {_entries(context['max_length'])}, {has}",
        "string_too_short": lambda: f"has at least {_characters(context['min_length'])}, {has}",
        "string_too_long": lambda: f"has at most {_characters(context['max_length'])}, {has}",
        "string_pattern_mismatch": lambda: (
            f"looks like {listed(right, last='or')}" if right else f"has the form `{context['pattern']}`"
        ),
    }
    said = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return words[kind]() if kind in words else said


def _owner(path: Path) -> str:
    """What holds a field, by its path: an entry of a list by its place."""
    if not path:
        return "a blueprint"
    return f"`{path[-2]}[{path[-1]}]`" if len(path) > 1 and path[-1].isdecimal() else f"`{path[-1]}`"


def _numbers(context: Mapping[str, Any]) -> set[str]:
    """The allowed values that are no text."""
    return {
        word.strip() for word in str(context.get("expected", "")).replace(" or ", ",").split(",") if "'" not in word
    }


def _count(given: Any) -> int:
    return len(given) if isinstance(given, Sized) else 0


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count} entries"


def _characters(count: int) -> str:
    return "one character" if count == 1 else f"{count} characters"


def _literals(context: Mapping[str, Any]) -> list[str]:
    expected = str(context.get("expected", "")).replace("True", "true").replace("False", "false")
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",") if word.strip()]


def _nearest(given: Any, choices: list[str]) -> str | None:
    """Of the allowed values those that are closest to what was given."""
    if isinstance(given, int) and not isinstance(given, bool):
        numbers = [int(word) for word in choices if word.isdecimal()]
        around = [
            max((n for n in numbers if n < given), default=None),
            min((n for n in numbers if n > given), default=None),
        ]
        near = [str(number) for number in around if number is not None]
        return f"nearest: {listed(near)}" if near else None
    return close_to(str(given), set(choices) - {str(given)})


def _changed(made: Any, node: Node, path: Path, problems: Problems) -> None:
    """Say where pydantic turned a value into one of another type: text is not a number, 1 is not true."""
    if isinstance(made, Range):
        return
    if isinstance(made, BaseModel):
        for name, item in node.items.items():
            if name in type(made).model_fields:
                _changed(getattr(made, name), item, (*path, name), problems)
    elif isinstance(made, Mapping):
        for name, item in node.items.items():
            if name in made:
                _changed(made[name], item, (*path, name), problems)
    elif isinstance(made, list | tuple) and isinstance(node.value, list) and len(made) == len(node.value):
        for index, (new, item) in enumerate(zip(made, node.value, strict=True)):
            _changed(new, item, (*path, str(index)), problems)
    elif wanted := _plain_change(node.value, made):
        name = next((word for word in reversed(path) if not word.isdecimal()), "the value")
        was_text = isinstance(node.value, str)
        value = f"text {shown(node.value)}" if was_text else shown(node.value)
        hint = f"write `{str(made).lower()}` without quotes" if was_text else None
        problems.error("wrong-type", f"`{name}` takes {wanted}, not {value}", node.at, path, hint)


def _plain_change(given: Any, made: Any) -> str | None:
    if isinstance(made, bool):
        return None if isinstance(given, bool) else "true or false"
    if isinstance(given, bool) or (isinstance(given, str) and isinstance(made, int | float | Decimal)):
        return {int: "a whole number", float: "a number", Decimal: "a number"}.get(type(made))
    return None


def optional(annotation: Any) -> bool:
    """Whether None is one of the values of an annotation."""
    if get_origin(annotation) is Annotated:
        return optional(get_args(annotation)[0])
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)
