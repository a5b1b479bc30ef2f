"""Text to values with positions: YAML read event by event, so that nothing deep, long or clever in a file can hurt.

The YAML is that of version 1.2 in what plain values mean: ``true``, ``false``, ``null`` and decimal numbers.
``yes``, ``on``, ``0777``, ``0x1f``,
``12:30``, ``1_000``, ``.inf`` and dates stay text. Anchors work and their expansion is bounded; merge keys and tags
are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import yaml

from mlinfra.errors import BlueprintError, Diagnostic

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 50_000
"""Values in a file once its aliases are expanded."""

Scalar: TypeAlias = str | int | float | bool | None
Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Where something is written. Lines and columns count from 1; None where there is no file to point into
    (``--set``).

    ``origin`` says whose word it is: ``blueprint``, ``environment dev``, ``environments/dev.yaml``, ``--set``,
    ``MLINFRA_VAR_x``, ``default``.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    length: int = 1
    origin: str = "blueprint"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands: a scalar, ``dict[str, Node]``, ``list[Node]``, or what an expression in it became.

    ``key`` is where its key stands, ``raw`` a scalar as it was written.
    """

    value: Any
    span: Span
    key: Span | None = None
    raw: str | None = None

    @property
    def at(self) -> Span:
        """What to point at: a scalar itself, the key of anything larger."""
        return self.key if self.key is not None and isinstance(self.value, dict | list) else self.span

    @property
    def named(self) -> Span:
        """The key, or the value where there is none."""
        return self.key or self.span

    @property
    def items(self) -> dict[str, Node]:
        """The entries of a mapping; nothing if it is none."""
        return self.value if isinstance(self.value, dict) else {}

    def get(self, path: Path) -> Node | None:
        """The value below ``path``; None if there is none. List positions are written as numbers."""
        node: Node | None = self
        for part in path:
            if node is None:
                return None
            node = _child(node, part)
        return node

    def nearest(self, path: Path) -> Node:
        """The value below ``path``, or the one that comes closest to it."""
        node = self
        for part in path:
            below = _child(node, part)
            if below is None:
                return node
            node = below
        return node

    def plain(self) -> Any:
        """The value without positions."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return [item.plain() for item in self.value] if isinstance(self.value, list) else self.value

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """The value and all below it, with their paths."""
        yield path, self
        if isinstance(self.value, dict):
            for key, item in self.value.items():
                yield from item.walk((*path, key))
        elif isinstance(self.value, list):
            for index, item in enumerate(self.value):
                yield from item.walk((*path, str(index)))

    def from_origin(self, origin: str) -> Node:
        """The same values, said by ``origin``."""
        value: Any = self.value
        if isinstance(value, dict):
            value = {key: item.from_origin(origin) for key, item in value.items()}
        elif isinstance(value, list):
            value = [item.from_origin(origin) for item in value]
        key = replace(self.key, origin=origin) if self.key else None
        return Node(value, replace(self.span, origin=origin), key, self.raw)


def _child(node: Node, part: str) -> Node | None:
    if isinstance(node.value, dict):
        found: Node | None = node.value.get(part)
        return found
    if isinstance(node.value, list) and part.isdecimal() and int(part) < len(node.value):
        item: Node = node.value[int(part)]
        return item
    return None


def decode(data: bytes, file: str | None = None) -> str:
    """The text of a file. Raises BlueprintError for what is not UTF-8 or larger than 1 MiB."""
    if len(data) > MAX_BYTES:
        raise _error(
            "file-too-large",
            f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} (1 MiB) are read",
            Span(file, 1, 1),
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        span = Span(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        raise _error(
            "not-utf8", f"byte 0x{data[error.start]:02x} is not UTF-8", span, "save the file with the encoding UTF-8"
        ) from None


def parse(text: str, file: str | None = None, origin: str = "blueprint") -> Node:
    """The value of a YAML document.

    Raises BlueprintError with a position for whatever is not one document of plain YAML.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise _error(
            "file-too-large", f"the text has {len(text):,} characters; at most {MAX_BYTES:,} are read", Span(file, 1, 1)
        )
    if bad := CONTROL.search(text):
        before = text[: bad.start()]
        span = Span(file, before.count("\n") + 1, bad.start() - before.rfind("\n"))
        raise _error("control-character", f"character U+{ord(bad.group()):04X} is not allowed in YAML", span)
    return _Builder(file, origin).build(text)


CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
NULL = re.compile(r"(?:null|Null|NULL|~|)")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?")


def scalar(text: str) -> Scalar:
    """What an unquoted word of YAML means."""
    if NULL.fullmatch(text):
        return None
    if TRUE.fullmatch(text):
        return True
    if FALSE.fullmatch(text):
        return False
    if INTEGER.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text):
        return float(text)
    return text


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    span: Span
    anchor: str | None
    entries: dict[str, Node] | None
    items: list[Node] = field(default_factory=list)
    key: tuple[str, Span] | None = None
    skipping: bool = False
    size: int = 1


class _Builder:
    """Builds the tree from events with a stack of its own: the depth of a file is not the depth of Python's calls."""

    def __init__(self, file: str | None, origin: str) -> None:
        self.file = file
        self.origin = origin
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.total = 0
        self.problems: list[Diagnostic] = []

    def build(self, text: str) -> Node:
        documents = 0
        parser: Any = yaml.CLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)
        try:
            while parser.check_event():
                event = parser.get_event()
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise _error(
                            "several-documents",
                            "the file holds a second document; one is read",
                            self.span(event),
                            "remove `---` and what follows",
                        )
                else:
                    self.take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark and error.context_mark and mark.index >= len(text.rstrip()):
                mark = error.context_mark  # what was opened is a better place than the end of the file
            span = Span(self.file, mark.line + 1, mark.column + 1) if mark else Span(self.file, 1, 1)
            raise _syntax(error.problem or "not YAML", text, span) from None
        except yaml.YAMLError:
            raise _error("syntax", "the text cannot be read as YAML", Span(self.file, 1, 1)) from None
        finally:
            parser.dispose()
        if self.problems:
            raise BlueprintError(self.problems)
        if self.root is None or self.root.value is None:
            raise _error("empty", "the file is empty", Span(self.file, 1, 1), "a blueprint starts with `mlinfra: 1`")
        return self.root

    def span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if start.line == end.line else 1
        return Span(self.file, start.line + 1, start.column + 1, max(length, 1), self.origin)

    def problem(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        self.problems.append(diagnostic(code, message, span, hint))

    def count(self, amount: int, span: Span) -> None:
        self.total += amount
        if self.total > MAX_VALUES:
            raise _error(
                "too-many-values", f"the file comes to more than {MAX_VALUES:,} values, aliases expanded", span
            )

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.take_scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self.take_alias(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self.take_start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.take_end()

    def take_scalar(self, event: Any) -> None:
        span = self.span(event)
        self.check_tag(event, span)
        if bad := CONTROL.search(event.value):
            code = f"U+{ord(bad.group()):04X}"
            self.problem("control-character", f"character {code} is not allowed, by an escape neither", span)
        plain = event.style is None or event.style == ""
        value = scalar(event.value) if plain and event.implicit[0] else event.value
        node = Node(value, span, None, event.value)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self.count(1, span)
        self.add(node, 1)

    def take_alias(self, event: Any) -> None:
        span = self.span(event)
        known = self.anchors.get(event.anchor, ())
        if not known:
            why = "inside of itself" if known is None else "before it is defined"
            self.problem("bad-alias", f"`*{event.anchor}` is used {why}", span)
            self.add(Node(None, span), 1)
            return
        node, size = known
        self.count(size, span)
        self.add(node, size)

    def take_start(self, event: Any) -> None:
        span = replace(self.span(event), length=1)
        self.check_tag(event, span)
        if len(self.stack) >= MAX_DEPTH:
            raise _error("too-deep", f"values are nested more than {MAX_DEPTH} deep", span)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.count(1, span)
        self.stack.append(_Open(span, event.anchor, {} if isinstance(event, yaml.MappingStartEvent) else None))

    def take_end(self) -> None:
        done = self.stack.pop()
        node = Node(done.items if done.entries is None else done.entries, done.span)
        if done.anchor:
            self.anchors[done.anchor] = (node, done.size)
        self.add(node, done.size)

    def check_tag(self, event: Any, span: Span) -> None:
        if event.tag not in (None, "!"):
            self.problem(
                "tag",
                f"the tag `{event.tag}` is not allowed: "
                "values are text, numbers, true, false, null, lists and mappings",
                span,
            )

    def add(self, node: Node, size: int) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += size
        if parent.entries is None:
            parent.items.append(node)
        elif parent.key is None and not parent.skipping:
            self.add_key(parent, node)
        else:
            if parent.key is not None:
                name, span = parent.key
                parent.entries[name] = replace(node, key=span)
            parent.key, parent.skipping = None, False

    def add_key(self, parent: _Open, node: Node) -> None:
        parent.skipping = True
        entries = parent.entries or {}
        if node.raw is None:
            self.problem("complex-key", "a key is a word, not a list, a mapping or an alias of one", node.span)
        elif node.raw == "<<" and node.span.length == 2:
            self.problem(
                "merge-key",
                "merge keys (`<<`) are not part of the language",
                node.span,
                "write the values out; environments overlay components",
            )
        elif node.raw in entries:
            first = entries[node.raw].named.line
            self.problem(
                "duplicate-key", f"`{node.raw}` is given twice; first in line {first}", node.span, "keep one of the two"
            )
        else:
            parent.key, parent.skipping = (node.raw, node.span), False


def _syntax(problem: str, text: str, span: Span) -> BlueprintError:
    lines = text.split("\n")
    line = lines[(span.line or 1) - 1] if (span.line or 1) <= len(lines) else ""
    before = line[: (span.column or 1)]
    if "\t" in before and not before.strip():
        return _error("tab", "a tab indents this line", span, "YAML is indented with spaces")
    hint = SYNTAX_HINTS.get(problem)
    return _error("syntax", f"not YAML: {problem}", span, hint)


SYNTAX_HINTS: Mapping[str, str] = {
    "mapping values are not allowed in this context": "quote text that contains `: `, and check the indentation",
    "did not find expected key": "check the indentation, and that every `{`, `[` and quote is closed",
    "could not find expected ':'": "a key is followed by a colon and a space",
    "found unexpected end of stream": "close the quote",
    "did not find expected ',' or '}'": "close the `{`, and separate entries with commas",
    "did not find expected ',' or ']'": "close the `[`, and separate entries with commas",
}


def diagnostic(code: str, message: str, span: Span, hint: str | None = None, path: str = "") -> Diagnostic:
    """An error that points at ``span``."""
    return Diagnostic(code, message, hint, span.file, span.line, span.column, span.length, path)


def _error(code: str, message: str, span: Span, hint: str | None = None) -> BlueprintError:
    return BlueprintError([diagnostic(code, message, span, hint)])
