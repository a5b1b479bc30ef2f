"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def code(text: str) -> str:
    """Text as inline code, whatever backticks and bars it has in it."""
    inside = " ".join(text.split("\n"))
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in inside).split()), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{inside}{space}{fence}"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> Iterator[str]:
    """The lines of a table. ``right`` lists the columns that are aligned to the right."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join(' ---: ' if index in right else ' --- ' for index in range(len(headings)))}|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"
