"""Values for the variables of a new blueprint: given by ``--set``, asked for, and written into it as defaults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlinfra.errors import BlueprintError, UsageError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Variable
    from mlinfra.blueprint.source import Node

Answer = str | int | float | bool | list[str | int | float | bool]


class Question(NamedTuple):
    """A variable that has no default, as it is asked for."""

    name: str
    about: str


def answered(text: str, sets: Iterable[str], ask: Callable[[Question], str] | None) -> str:
    """The blueprint with the values that were given or answered as defaults of its variables.

    ``ask`` answers one question with text, None where nobody can be asked; a wrong answer is asked for again, with
    what is wrong as ``about``. Raises UsageError for what is missing or wrong on the command line.
    """
    from mlinfra.blueprint.model import Variable
    from mlinfra.blueprint.source import Node, Span, parse

    root = parse(text)
    declarations = root.items.get("variables") or Node({}, Span())
    declared = {name: Variable.model_validate(node.plain()) for name, node in declarations.items.items()}
    sets = [*sets]
    values = _checked(declared, declarations, sets)
    open_ = [name for name, variable in declared.items() if name not in values and variable.default is None]
    if open_ and ask is None:
        words = " ".join(f"--set variables.{name}=…" for name in open_)
        names = ", ".join(f"`{name}`" for name in open_)
        raise UsageError(f"no value for {names}, and nobody can be asked here", hint=f"`{words}`")
    for name in open_:
        assert ask is not None  # noqa: S101 - said above
        values[name] = _asked(name, declared, declarations, ask)
    for name, value in values.items():
        text = with_default(text, name, value)
    return text


def _asked(name: str, declared: Mapping[str, Variable], declarations: Node, ask: Callable[[Question], str]) -> Answer:
    variable = declared[name]
    about = variable.description or ""
    while True:
        answer = ask(Question(name, _words(about, variable)))
        try:
            return _checked(declared, declarations, [f"variables.{name}={answer}"])[name]
        except UsageError as wrong:
            about = f"{wrong.message}{f' ({wrong.hint})' if wrong.hint else ''}"


def _words(about: str, variable: Variable) -> str:
    one_of = f"one of {', '.join(map(str, variable.allowed))}" if variable.allowed else ""
    return ", ".join(filter(None, (about, one_of if one_of not in about else "")))


def _checked(declared: Mapping[str, Variable], declarations: Node, sets: Iterable[str]) -> dict[str, Answer]:
    """The variables that are set, as values of their types. Raises UsageError for the first that is wrong."""
    from mlinfra.blueprint.overlay import settings
    from mlinfra.blueprint.problems import Problems, close_to, listed
    from mlinfra.blueprint.source import Node, Span
    from mlinfra.blueprint.variables import resolve

    problems = Problems()
    given = settings(sets, ("variables",), problems).items.get("variables") or Node({}, Span())
    for name in given.items.keys() - declared.keys():
        hint = close_to(name, declared) or f"variables: {listed(declared)}"
        raise UsageError(f"there is no variable `{name}`", hint=hint)
    asked = {name: variable for name, variable in declared.items() if name in given.items}
    found = resolve(asked, declarations, given, {}, problems)
    try:
        problems.raise_if_any()
    except BlueprintError as error:
        first = error.diagnostics[0]
        raise UsageError(first.message.partition(" (given by")[0], hint=first.hint) from None
    return {name: node.plain() for name, node in found.items() if node is not None}


def with_default(text: str, name: str, value: Answer) -> str:
    """The text of a blueprint with ``value`` as default of the variable ``name``; nothing else in it is touched."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    declaration = _value(_value(root, "variables"), name)
    written = json.dumps(value, ensure_ascii=False)
    present = _value(declaration, "default")
    if present is not None:
        start, end = present.start_mark.index, _end(present)
        return f"{text[:start].rstrip()} {written}{text[end:]}"
    if not declaration.value:  # `{}`
        end = _end(declaration) - 1
        return f"{text[:end]}default: {written}{text[end:]}"
    first, last = declaration.value[0][0], declaration.value[-1][1]
    between = ", " if declaration.flow_style else "\n" + " " * first.start_mark.column
    end = _end(last)
    return f"{text[:end]}{between}default: {written}{text[end:]}"


def _value(mapping: Any, key: str) -> Any:
    """The node behind a key of a composed mapping; None if there is none."""
    return next((value for name, value in mapping.value if name.value == key), None)


def _end(node: Any) -> int:
    """Where a node ends; a block with its last value, and not with the empty lines and comments behind it."""
    if isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
