"""Overlays: mappings merge, lists replace, null removes; and ``--set path=value`` as an overlay of one value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from mlinfra.blueprint.credentials import credential_in
from mlinfra.blueprint.problems import Problems, close_to, listed, shown
from mlinfra.blueprint.source import Node, Path, Span, parse
from mlinfra.errors import BlueprintError

SETTING = re.compile(
    r'\s*(?P<path>(?:[A-Za-z0-9_/:-]+|"[^"]*")(?:\.(?:[A-Za-z0-9_/:-]+|"[^"]*"))*)\s*=(?P<value>.*)', re.DOTALL
)
WORD = re.compile(r'"([^"]*)"|([^."]+)')


def merge(base: Node, over: Node, problems: Problems | None = None, path: Path = ()) -> Node:
    """``base`` with ``over`` on top.

    With ``problems``, null removes and removing nothing is a warning; without, null is kept for later.
    """
    if not isinstance(over.value, dict):
        return over
    if not isinstance(base.value, dict):
        base = Node({}, over.span, over.key)
    merged: dict[str, Node] = dict(base.value)
    for key, item in over.value.items():
        if item.value is None and problems is not None:
            if key not in merged:
                where = ".".join((*path, key))
                problems.warning(
                    "nothing-to-remove", f"null removes `{where}`, and there is none", item.named, (*path, key)
                )
            merged.pop(key, None)
        elif key in merged or (isinstance(item.value, dict) and problems is not None):
            merged[key] = merge(merged.get(key, EMPTY), item, problems, (*path, key))
        else:
            merged[key] = item
    return replace(base, value=merged)


EMPTY = Node(None, Span())


def settings(sets: Iterable[str], allowed: Iterable[str], problems: Problems) -> Node:
    """All ``path=value`` of a command line as one overlay of the environment; a later one wins.

    ``allowed`` are the first words of a path.
    """
    result = Node({}, Span(origin="--set"))
    for text in sets:
        if words := credential_in(text) or credential_in(text.partition("=")[2]):
            problems.error(
                "credential",
                f"this looks like {words}; a command line is kept in histories and logs",
                Span(origin="--set"),
                (),
                "keep it in Secrets Manager; what was typed is known now: replace it",
            )
            continue
        span = Span(origin="--set " + text.partition("=")[0].strip()[:80])
        match = SETTING.fullmatch(text)
        if not match:
            problems.error(
                "bad-set",
                f"{shown(text.partition('=')[0])} is not `path=value`",
                Span(origin="--set"),
                (),
                "for example `--set components.main.zones=2`",
            )
            continue
        path = tuple(quoted or plain for quoted, plain in WORD.findall(match["path"]))
        if path[0] not in allowed:
            problems.error(
                "bad-set",
                f"`{path[0]}` cannot be set",
                Span(origin="--set"),
                path,
                close_to(path[0], allowed) or f"a path starts with {listed(sorted(allowed), last='or')}",
            )
            continue
        value = _value(match["value"], span, problems, path)
        if value is not None:
            for word in reversed(path):
                value = Node({word: replace(value, key=span)}, span)
            result = merge(result, value)
    return result


def _value(text: str, span: Span, problems: Problems, path: Path) -> Node | None:
    """A value as YAML writes it; what is not YAML on one line is text."""
    if text.strip() in ("", "null", "~"):
        return Node("" if not text.strip() else None, span, None, text.strip())
    try:
        node = parse(text.strip())
    except BlueprintError as error:
        if text.strip()[0] in "[{\"'":
            problems.error("bad-set", f"the value is not YAML: {error.diagnostics[0].message}", span, path)
            return None
        return Node(text.strip(), span, None, text.strip())
    if isinstance(node.value, dict) and not text.strip().startswith("{"):
        return Node(text.strip(), span, None, text.strip())
    return _placed(node, span)


def _placed(node: Node, span: Span) -> Node:
    key = span if node.key else None
    if isinstance(node.value, dict):
        return Node({k: _placed(v, span) for k, v in node.value.items()}, span, key)
    if isinstance(node.value, list):
        return Node([_placed(v, span) for v in node.value], span, key)
    return Node(node.value, span, key, node.raw)
