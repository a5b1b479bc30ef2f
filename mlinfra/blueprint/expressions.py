"""``${…}`` in a value: parsed, looked up, and either replaced by a value or turned into a typed ``Reference``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mlinfra.blueprint.problems import Problems, close_to, listed, shown
from mlinfra.blueprint.source import Node, Path, Span
from mlinfra.components._spec import OutputPath, Reference

TOKEN = re.compile(r"\$\$\{|\$\{")
NAME = re.compile(r"[A-Za-z0-9_-]+")
SCOPES = ("var", "env", "blueprint")
"""First words of an expression that are not components."""


class Expression(NamedTuple):
    """``${a.b.c}`` and where it stands in the text."""

    path: Path
    offset: int
    length: int


class Malformed(NamedTuple):
    """What is wrong with the writing of an expression."""

    message: str
    hint: str | None
    offset: int
    length: int


def parse(text: str) -> list[str | Expression | Malformed]:
    """The parts of a text, in order; ``$${`` is a literal ``${``."""
    parts: list[str | Expression | Malformed] = []
    literal, position = "", 0
    while match := TOKEN.search(text, position):
        literal += text[position : match.start()]
        if match.group() == "$${":
            literal += "${"
            position = match.end()
            continue
        if literal:
            parts.append(literal)
            literal = ""
        end = text.find("}", match.end())
        if end < 0:
            parts.append(
                Malformed(
                    "`${` is not closed",
                    "close it with `}`, or write `$${` for the text `${`",
                    match.start(),
                    len(text) - match.start(),
                )
            )
            return parts
        parts.append(_expression(text[match.end() : end], match.start(), end + 1 - match.start()))
        position = end + 1
    literal += text[position:]
    return [*parts, literal] if literal or not parts else parts


def _expression(inside: str, offset: int, length: int) -> Expression | Malformed:
    words = tuple(inside.strip().split("."))
    if not inside.strip():
        return Malformed(
            "`${}` names nothing", "write `${component.output}`, `${var.name}` or `${env.region}`", offset, length
        )
    if bad := next((word for word in words if not NAME.fullmatch(word)), None):
        return Malformed(
            f"{shown(bad)} is not a name",
            "an expression is names with dots between them: no arithmetic, no functions",
            offset,
            length,
        )
    if "" in words:
        return Malformed(
            f"{shown(inside)} has an empty name", "an expression is names with dots between them", offset, length
        )
    return Expression(words, offset, length)


Typing = Callable[[OutputPath, Span, Path], Any]
"""Checks an output path and gives the type of the output; None where it is unknown or wrong (which it then reports)."""


@dataclass(frozen=True)
class Scope:
    """What expressions may name: variables, the environment, the blueprint, and components by way of ``typing``."""

    variables: Mapping[str, Node | None]
    environment: Mapping[str, str]
    blueprint: Mapping[str, str]
    components: frozenset[str]
    typing: Typing


def substitute(node: Node, scope: Scope, problems: Problems, path: Path) -> Node:
    """The same values with expressions replaced. Values of variables keep their type where they stand alone."""
    if isinstance(node.value, dict):
        values = {}
        for key, item in node.value.items():
            if "${" in key:
                problems.error("expression-not-here", "a key cannot be an expression", item.named, (*path, key))
            else:
                values[key] = substitute(item, scope, problems, (*path, key))
        return replace(node, value=values)
    if isinstance(node.value, list):
        return replace(node, value=[substitute(v, scope, problems, (*path, str(i))) for i, v in enumerate(node.value)])
    if isinstance(node.value, str) and "${" in node.value:
        return _text(node, node.value, scope, problems, path)
    return node


def _text(node: Node, text: str, scope: Scope, problems: Problems, path: Path) -> Node:
    parts = parse(text)
    alone = len(parts) == 1
    found: list[str | OutputPath] = []
    kind: Any = None
    for part in parts:
        at = place(node, part) if not isinstance(part, str) else node.span
        if isinstance(part, Malformed):
            problems.error("bad-expression", part.message, at, path, part.hint)
            return replace(node, value=WRONG)
        if isinstance(part, str):
            found.append(part)
        elif part.path[0] in SCOPES:
            value = _look_up(part.path, scope, problems, at, path)
            if value is None or alone:
                return replace(node, value=WRONG if value is None else value.value, raw=value.raw if value else None)
            if isinstance(value.value, dict | list):
                problems.error(
                    "list-in-text", f"`${{{'.'.join(part.path)}}}` is a list and cannot stand inside of text", at, path
                )
                return replace(node, value=WRONG)
            found.append(value.value if isinstance(value.value, str) else json.dumps(value.value))
        else:
            output = OutputPath(part.path[0], part.path[1:])
            if part.path[0] not in scope.components:
                problems.error(
                    "unknown-component",
                    f"`${{{'.'.join(part.path)}}}`: there is no component `{part.path[0]}`",
                    at,
                    path,
                    close_to(part.path[0], [*scope.components, *SCOPES])
                    or f"components: {listed(sorted(scope.components))}",
                )
                return replace(node, value=WRONG)
            kind = scope.typing(output, at, path)
            if kind is WRONG:
                return replace(node, value=WRONG)
            found.append(output)
    joined = _joined(found)
    if len(joined) == 1 and isinstance(joined[0], str):
        return replace(node, value=joined[0], raw=joined[0])
    return replace(node, value=Reference(tuple(joined), kind if len(joined) == 1 else str))


class _Wrong:
    """Stands for a value whose mistake is already reported; what takes it reports nothing more."""

    def __repr__(self) -> str:
        return "(reported)"


WRONG = _Wrong()


def _joined(parts: list[str | OutputPath]) -> list[str | OutputPath]:
    joined: list[str | OutputPath] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, OutputPath) or isinstance(last, OutputPath) or last is None:
            joined.append(part)
        else:
            joined[-1] = last + part
    return joined


def _look_up(words: Path, scope: Scope, problems: Problems, at: Span, path: Path) -> Node | None:
    first, rest = words[0], words[1:]
    known: Mapping[str, Any] = {"var": scope.variables, "env": scope.environment, "blueprint": scope.blueprint}[first]
    if len(rest) != 1 or rest[0] not in known:
        name = ".".join(rest)
        what = {
            "var": f"there is no variable `{name}`",
            "env": f"`env` has no `{name}`",
            "blueprint": f"`blueprint` has no `{name}`",
        }
        hint = close_to(name, known) or f"`{first}` has {listed(sorted(known))}"
        problems.error(
            f"unknown-{'variable' if first == 'var' else 'name'}",
            f"`${{{'.'.join(words)}}}`: {what[first]}",
            at,
            path,
            hint,
        )
        return None
    value = known[rest[0]]
    return value if isinstance(value, Node) or value is None else Node(value, at, None, value)


def place(node: Node, part: Expression | Malformed) -> Span:
    """Where a part of a text stands in the file; the whole value where its writing hides that (escapes,
    folded lines).
    """
    raw, span = node.raw or "", node.span
    quote = (span.length - len(raw)) // 2
    if span.column is None or span.length not in (len(raw), len(raw) + 2):
        return span
    return replace(span, column=span.column + quote + part.offset, length=part.length)
