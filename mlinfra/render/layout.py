"""Where the boxes of a drawing go: columns by what uses what, rows so that few lines cross, ways between for long lines.

The method of Sugiyama, cut down: ranks by longest path, a waypoint in each column that a line passes, rows by the mean of
the neighbours, swept to and fro.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

SWEEPS = 12
BOX_HEIGHT = 44
BOX_GAP = 20
WAY_HEIGHT = 6
WAY_GAP = 12
COLUMN_GAP = 64

Point: TypeAlias = tuple[float, float]
Slot: TypeAlias = Hashable


@dataclass(frozen=True)
class Layout:
    """Boxes by name as (x, y, width), lines as points from the user to what is used, and how large all of it is."""

    boxes: Mapping[str, tuple[float, float, float]]
    lines: Mapping[tuple[str, str], tuple[Point, ...]]
    columns: tuple[tuple[float, float], ...]
    column_of: Mapping[str, int]
    width: float
    height: float


def layout(widths: Mapping[str, float], edges: Sequence[tuple[str, str]], groups: Mapping[str, int]) -> Layout:
    """Place boxes of ``widths``. What is used stands left of its users, and a lower group left of a higher one."""
    ranks = _ranks(list(widths), edges, groups)
    columns: list[list[Slot]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for name in widths:
        columns[ranks[name]].append(name)
    chains: dict[tuple[str, str], list[Slot]] = {}
    for user, used in edges:
        step = 1 if ranks[used] > ranks[user] else -1
        between = range(ranks[user] + step, ranks[used], step)
        for rank in between:
            columns[rank].append((user, used, rank))
        chains[user, used] = [user, *((user, used, rank) for rank in between), used]
    _sort(columns, chains)
    return _placed(columns, chains, widths, ranks)


def _ranks(names: Sequence[str], edges: Sequence[tuple[str, str]], groups: Mapping[str, int]) -> dict[str, int]:
    """Columns: one more than what is used; groups one after the other. Lines that close a circle do not count."""
    uses: dict[str, list[str]] = {name: [] for name in names}
    for user, used in edges:
        uses[user].append(used)
    ranks: dict[str, int] = {}
    first = 0
    for group in sorted({groups[name] for name in names}):
        members = [name for name in names if groups[name] == group]
        own: dict[str, int] = {}
        for name in members:
            _rank(name, uses, set(members), own, set())
        ranks |= {name: first + rank for name, rank in own.items()}
        first = max(ranks.values()) + 1
    return ranks


def _rank(
    name: str, uses: Mapping[str, Sequence[str]], members: set[str], ranks: dict[str, int], open_: set[str]
) -> int:
    if name not in ranks:
        open_.add(name)
        below = [other for other in uses[name] if other in members and other not in open_]
        ranks[name] = max((_rank(other, uses, members, ranks, open_) + 1 for other in below), default=0)
        open_.discard(name)
    return ranks[name]


def _sort(columns: list[list[Slot]], chains: Mapping[tuple[str, str], Sequence[Slot]]) -> None:
    """Rows by the mean row of the neighbours in the column before, to the right and back."""
    near: dict[Slot, list[Slot]] = {slot: [] for column in columns for slot in column}
    for chain in chains.values():
        for one, other in pairwise(chain):
            near[one].append(other)
            near[other].append(one)
    forward = list(pairwise(range(len(columns))))
    backward = [(index, before) for before, index in reversed(forward)]
    for sweep in range(SWEEPS):
        for before, index in backward if sweep % 2 else forward:
            rows = _rows(columns[before])
            own = _rows(columns[index])
            means = {slot: _mean([rows[other] for other in near[slot] if other in rows], own[slot]) for slot in own}
            columns[index].sort(key=means.__getitem__)


def _rows(column: Sequence[Slot]) -> dict[Slot, float]:
    """How far down in its column each is, from 0 to 1."""
    return {slot: (row + 0.5) / len(column) for row, slot in enumerate(column)}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _placed(
    columns: Sequence[Sequence[Slot]],
    chains: Mapping[tuple[str, str], Sequence[Slot]],
    widths: Mapping[str, float],
    ranks: Mapping[str, int],
) -> Layout:
    def height(slot: Slot) -> int:
        return BOX_HEIGHT + BOX_GAP if isinstance(slot, str) else WAY_HEIGHT + WAY_GAP

    tall = max((sum(map(height, column)) for column in columns), default=0)
    boxes: dict[str, tuple[float, float, float]] = {}
    middles: dict[Slot, float] = {}
    spans: list[tuple[float, float]] = []
    x = 0.0
    for column in columns:
        wide = max((widths[slot] for slot in column if isinstance(slot, str)), default=0.0)
        y = (tall - sum(map(height, column))) / 2
        for slot in column:
            middles[slot] = y + height(slot) / 2
            if isinstance(slot, str):
                boxes[slot] = (x + (wide - widths[slot]) / 2, y + BOX_GAP / 2, widths[slot])
            y += height(slot)
        spans.append((x, x + wide))
        x += wide + COLUMN_GAP
    lines = {edge: _line(chain, boxes, middles, spans) for edge, chain in chains.items()}
    return Layout(boxes, lines, tuple(spans), dict(ranks), max(x - COLUMN_GAP, 0.0), float(tall))


def _line(
    chain: Sequence[Slot],
    boxes: Mapping[str, tuple[float, float, float]],
    middles: Mapping[Slot, float],
    spans: Sequence[tuple[float, float]],
) -> tuple[Point, ...]:
    """From the near side of one box through the columns between, straight in each, to the near side of the other."""
    first, *ways, last = chain
    (x1, _, width1), (x2, _, width2) = boxes[str(first)], boxes[str(last)]
    left = x2 < x1
    points: list[Point] = [(x1 if left else x1 + width1, middles[first])]
    for way in ways:
        assert isinstance(way, tuple)  # noqa: S101 - only boxes are text
        near, far = spans[way[2]][::-1] if left else spans[way[2]]
        points += [(near, middles[way]), (far, middles[way])]
    points.append((x2 + width2 if left else x2, middles[last]))
    return tuple(points)
