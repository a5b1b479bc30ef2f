"""Which parts of a value differ: deep into mappings, lists, and JSON that is held as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import TypeAlias, cast

from mlinfra.graph.document import encode
from mlinfra.graph.model import SECRET, Secret, Value
from mlinfra.plan.model import ABSENT, Absent, PropertyChange, Side

INSIDE = " › "
"""Between the property that holds JSON as text and the path inside of it."""

NATURAL_KEYS = ("name", "key", "id", "sid", "Sid", "variantName", "containerName", "deviceName", "Name", "Key", "Id")
"""What tells the items of a list apart, in order of preference. Providers have no common word for it."""

MOST_PAIRS = 250_000
"""Longer lists are compared item by item: the search for what moved takes time by the product of their lengths."""

PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$-]*")

_Block: TypeAlias = tuple[int, int, int, int]


def changed(before: Mapping[str, Value], after: Mapping[str, Value], path: str = "") -> Iterator[PropertyChange]:
    """All that differs between two mappings, by key, then by position.

    A key that holds null is a key that is not there, as it is to Pulumi. Two secrets are equal unless both could be
    read; a secret and anything else differ and neither is shown. JSON texts that differ in spaces and order of keys only are equal.
    """
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if not _same_text(old, new):
            yield from _differences(_child(path, key), _present(old), _present(new))


def _differences(path: str, before: Side, after: Side) -> Iterator[PropertyChange]:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from changed(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(path, before, after)
    elif isinstance(before, str) and isinstance(after, str):
        yield from _in_texts(path, before, after)
    elif isinstance(before, Secret) or isinstance(after, Secret):
        if before != after or _another(before, after):
            yield PropertyChange(path, _hidden(before), _hidden(after), secret=True)
    elif not _equal(before, after):
        yield PropertyChange(path, before, after, secret=_holds_secret(before) or _holds_secret(after))


def _in_texts(path: str, before: str, after: str) -> Iterator[PropertyChange]:
    old, new = _parsed(before), _parsed(after)
    if isinstance(old, dict) and isinstance(new, dict):
        yield from changed(old, new, path + INSIDE)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_lists(path + INSIDE, old, new)
    else:
        yield PropertyChange(path, before, after)


def _in_lists(path: str, before: list[Value], after: list[Value]) -> Iterator[PropertyChange]:
    for start, stop, new_start, new_stop in _blocks(before, after):
        both = min(stop - start, new_stop - new_start)
        for offset in range(both):
            index = new_start + offset
            if not _same_text(before[start + offset], after[index]):
                yield from _differences(f"{path}[{index}]", before[start + offset], after[index])
        for index in range(start + both, stop):
            yield _whole(f"{path}[{index}]", before[index], ABSENT)
        for index in range(new_start + both, new_stop):
            yield _whole(f"{path}[{index}]", ABSENT, after[index])


def _blocks(before: list[Value], after: list[Value]) -> Iterator[_Block]:
    """Stretches of the two lists that belong together: items with the same natural key, or the same items."""
    if len(before) * len(after) > MOST_PAIRS:
        yield 0, len(before), 0, len(after)
        return
    old, new = _tokens(before, after)
    # Most lists differ in one place, if at all; what is the same around it needs no search.
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    old_end, new_end = len(old) - tail, len(new) - tail
    yield 0, head, 0, head
    if min(old_end, new_end) - head <= 1 and old_end == new_end:
        yield head, old_end, head, new_end
    else:
        for a, b, c, d in _aligned(old[head:old_end], new[head:new_end]):
            yield head + a, head + b, head + c, head + d
    yield old_end, len(old), new_end, len(new)


def _aligned(old: list[str], new: list[str]) -> Iterator[_Block]:
    # The search prefers what comes first in one of the two, so it is always made in the same direction: what changes
    # on the way there is then exactly what changes on the way back.
    swap = new < old
    first, second = (new, old) if swap else (old, new)
    for _, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        yield (c, d, a, b) if swap else (a, b, c, d)


def _tokens(before: list[Value], after: list[Value]) -> tuple[list[str], list[str]]:
    everything = [*before, *after]
    if all(isinstance(item, dict) for item in everything):
        old, new = cast("list[dict[str, Value]]", before), cast("list[dict[str, Value]]", after)
        for key in NATURAL_KEYS:
            if _tells_apart(key, old) and _tells_apart(key, new):
                return [str(item[key]) for item in old], [str(item[key]) for item in new]
    return [_token(item) for item in before], [_token(item) for item in after]


def _tells_apart(key: str, items: Iterable[Mapping[str, Value]]) -> bool:
    found = [item.get(key) for item in items]
    return all(isinstance(value, str) for value in found) and len({str(value) for value in found}) == len(found)


def _token(value: Value) -> str:
    return f'"{value}' if isinstance(value, str) else json.dumps(encode(value))


def _parsed(text: str) -> Value:
    """The JSON that a text holds. None when it holds none, or only a number or a word."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return cast("Value", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _same_text(before: Value, after: Value) -> bool:
    """The commonest answer by far, given before a path is put together."""
    return isinstance(before, str) and before == after


def _child(path: str, key: str) -> str:
    if not PLAIN_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path and not path.endswith(INSIDE) else f"{path}{key}"


def _present(value: Value) -> Side:
    return ABSENT if value is None else value


def _hidden(value: Side) -> Side:
    return ABSENT if isinstance(value, Absent) else SECRET


def _whole(path: str, before: Side, after: Side) -> PropertyChange:
    return PropertyChange(path, before, after, secret=_holds_secret(before) or _holds_secret(after))


def _another(before: Side, after: Side) -> bool:
    """Whether two secrets are known to differ."""
    digests = [value.digest for value in (before, after) if isinstance(value, Secret)]
    return None not in digests and len(set(digests)) > 1


def _holds_secret(value: Side) -> bool:
    if isinstance(value, dict):
        return any(_holds_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_secret(item) for item in value)
    return isinstance(value, Secret)


def _equal(before: Side, after: Side) -> bool:
    """As Python sees it, except that True is not 1."""
    return before == after and isinstance(before, bool) == isinstance(after, bool)
