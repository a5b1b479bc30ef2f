"""Tables in text: columns as wide as what is in them, wrapped where the whole would be wider than the terminal.

Made here rather than by rich, whose import alone takes a quarter of the time that `mlinfra kinds` may take.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

from mlinfra.render.terminal import PLAIN, Terminal, columns, padded

GAP = 2
NARROWEST_COLUMN = 8


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[int] = (),
    whole: Sequence[int] = (0,),
    terminal: Terminal = PLAIN,
) -> str:
    """A table as text without lines between cells; without headings where all of them are empty.

    ``right`` lists columns aligned to the right, ``whole`` those whose cells are never broken over lines; both keep
    their width when the rest wraps.
    """
    given = [*([headings] if any(headings) else []), *rows]
    if not given:
        return ""
    widths = [max(columns(row[index]) for row in given) for index in range(len(headings))]
    _shrink(widths, [i for i in range(len(widths)) if i not in right and i not in whole], terminal.width)
    lines = [line for row in given for line in _lines(row, widths, right)]
    if any(headings):
        lines[0] = terminal.paint(lines[0], "bold")
    return "\n".join(lines)


def _shrink(widths: list[int], flexible: Sequence[int], width: int) -> None:
    """Take columns from the widest of the flexible ones until all fit, or nothing more can be taken."""
    over = sum(widths) + GAP * (len(widths) - 1) - width
    while over > 0 and flexible:
        widest = max(flexible, key=lambda index: widths[index])
        if widths[widest] <= NARROWEST_COLUMN:
            return
        others = [widths[index] for index in flexible if index != widest and widths[index] < widths[widest]]
        taken = min(over, widths[widest] - max(others, default=NARROWEST_COLUMN), widths[widest] - NARROWEST_COLUMN)
        taken = max(taken, 1)
        widths[widest] -= taken
        over -= taken


def _wrapped(cell: str, width: int) -> list[str]:
    """The cell over lines: between words, and inside of one that is too long behind a dot, slash or colon."""
    lines = []
    for line in textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False):
        rest = line
        while len(rest) > width:
            cut = max(rest.rfind(mark, 0, width) + 1 for mark in "./:") or width
            lines.append(rest[:cut])
            rest = rest[cut:]
        lines.append(rest)
    return lines or [""]


def _lines(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> list[str]:
    cells = [
        [cell] if columns(cell) <= width else _wrapped(cell, width) for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for parts in itertools.zip_longest(*cells, fillvalue=""):
        placed = [
            " " * (width - columns(part)) + part if index in right else padded(part, width)
            for index, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        lines.append((" " * GAP).join(placed).rstrip())
    return lines
