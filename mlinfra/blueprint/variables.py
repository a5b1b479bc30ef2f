"""Variables: typed inputs, and where their values come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlinfra.blueprint.credentials import credential_in
from mlinfra.blueprint.model import Variable
from mlinfra.blueprint.problems import Problems, close_to, listed, shown
from mlinfra.blueprint.source import Node, Span, scalar

PREFIX = "MLINFRA_VAR_"
WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list of plain values",
}


def resolve(
    declared: Mapping[str, Variable], declarations: Node, given: Node, environ: Mapping[str, str], problems: Problems
) -> dict[str, Node | None]:
    """The value of each variable: ``--set``, else ``MLINFRA_VAR_x``, else the environment's, else the default.

    None for what is wrong.
    """
    outside = _from_process(declared, environ, problems)
    for name, node in given.items.items():
        if name not in declared:
            hint = close_to(name, declared) or f"variables: {listed(declared)}"
            problems.error("unknown-variable", f"there is no variable `{name}`", node.named, ("variables", name), hint)
    found: dict[str, Node | None] = {}
    for name, variable in declared.items():
        declaration = declarations.items[name]
        default = declaration.items.get("default")
        checked = (
            _checked(name, variable, default, problems) if default is not None and default.value is not None else None
        )
        own = given.items.get(name)
        set_here = own is not None and own.span.origin.startswith("--set")
        chosen = own if set_here or name not in outside else outside[name]
        if chosen is None:
            if default is None or default.value is None:
                problems.error(
                    "missing-variable",
                    f"variable `{name}` has no value",
                    declaration.named,
                    ("variables", name),
                    f"give it a `default`, a value in the environment, `--set variables.{name}=…` or `{PREFIX}{name}`",
                )
            found[name] = checked
        else:
            found[name] = _checked(name, variable, chosen, problems)
    return found


def _from_process(declared: Mapping[str, Variable], environ: Mapping[str, str], problems: Problems) -> dict[str, Node]:
    names = {PREFIX + name: name for name in declared}
    names |= {full.upper(): name for full, name in names.items() if full.upper() not in names}
    found: dict[str, Node] = {}
    for full in sorted(environ, key=lambda word: (word.isupper(), word), reverse=True):
        if not full.startswith(PREFIX):
            continue
        span = Span(origin=full)
        if full not in names:
            name = full.removeprefix(PREFIX)
            problems.warning("unknown-variable", f"there is no variable `{name}`", span, (), close_to(name, declared))
            continue
        if words := credential_in(environ[full]):
            problems.error(
                "credential",
                f"the value looks like {words}",
                span,
                ("variables", names[full]),
                "name the secret by where it is kept: `{secret: env://NAME}`",
            )
            continue
        found[names[full]] = Node(scalar(environ[full]), span, None, environ[full])
    return found


def _checked(name: str, variable: Variable, node: Node, problems: Problems) -> Node | None:
    """The node with a value of the variable's type, or None after saying what is wrong."""
    value: Any = node.plain()
    path = ("variables", name)
    if variable.type == "string" and node.span.line is None and node.raw is not None:
        value = node.raw  # on a command line everything is text
    if variable.type == "list" and node.span.line is None and isinstance(node.raw, str):
        items = [Node(scalar(word.strip()), node.span, None, word.strip()) for word in node.raw.split(",")]
        node, value = replace(node, value=items), [item.value for item in items]
    if not _is(variable.type, value):
        hint = f'write `"{node.raw}"`' if variable.type == "string" and node.raw else None
        problems.error(
            "wrong-type", f"variable `{name}` takes {WORDS[variable.type]}, not {shown(value)}", node.at, path, hint
        )
        return None
    if "${" in str(value):
        problems.error("expression-not-here", f"variable `{name}` takes a value, not an expression", node.at, path)
        return None
    for item in value if isinstance(value, list) else [value]:
        if variable.allowed is not None and not any(
            item == choice and type(item) is type(choice) for choice in variable.allowed
        ):
            problems.error(
                "not-allowed",
                f"variable `{name}` cannot be {shown(item)}",
                node.at,
                path,
                f"allowed: {listed((str(choice) for choice in variable.allowed), last='or')}",
            )
            return None
    return node if isinstance(node.value, list) else replace(node, value=value)


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "list":
        return isinstance(value, list) and not any(isinstance(item, dict | list) or item is None for item in value)
    types: dict[str, Any] = {"string": str, "integer": int, "number": int | float, "boolean": bool}
    return isinstance(value, types[kind])
