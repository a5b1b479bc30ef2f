"""What the place that text goes to can show: its width, and whether it takes colour."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

NARROWEST = 60
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
WORD = re.compile(r"(?:`[^`]*`|[^\s`]|`)+")
COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36, "bold": 1, "dim": 2}


@dataclass(frozen=True, slots=True)
class Terminal:
    """``width`` in columns; ``colour`` says whether escape codes may be written."""

    width: int = 80
    colour: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Terminal:
        """Of a stream: a terminal's own width, 80 columns elsewhere.

        ``COLUMNS``, ``NO_COLOR`` and ``FORCE_COLOR`` are heeded.
        """
        tty = stream.isatty()
        given = environ.get("COLUMNS", "")
        width = (
            int(given) if given.isdecimal() and int(given) > 0 else shutil.get_terminal_size().columns if tty else 80
        )
        colour = not environ.get("NO_COLOR") and (
            bool(environ.get("FORCE_COLOR")) or (tty and environ.get("TERM") != "dumb")
        )
        return cls(max(width, NARROWEST), colour)

    def paint(self, text: str, *styles: str) -> str:
        """``text`` in the given styles (``red``, ``bold``), or as it is where there is no colour."""
        if not self.colour or not text:
            return text
        codes = ";".join(str(COLOURS[style]) for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"


PLAIN = Terminal()
"""80 columns, no colour."""


def columns(text: str) -> int:
    """How many columns ``text`` takes: two for wide characters, none for combining ones and escape codes of ours."""
    if "\x1b" in text:
        text = ESCAPE.sub("", text)
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char) or char in "\u200b\u200d\ufe0f"
        else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def padded(text: str, width: int) -> str:
    """``text`` with spaces behind it up to ``width`` columns."""
    return text + " " * max(width - columns(text), 0)


def fitting(text: str, width: int) -> str:
    """``text``, cut with an ellipsis where it takes more than ``width`` columns."""
    if columns(text) <= width:
        return text
    kept = ""
    for char in text:
        if columns(kept + char) > width - 1:
            break
        kept += char
    return f"{kept}…"


def printable(text: str) -> str:
    """``text`` without control characters, which could steer a terminal: each becomes ``�``, tabs a space."""
    if text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in ("Cc", "Cf") or char == "\u200d" else " " if char == "\t" else "�"
        for char in text
    )


def words(text: str) -> list[str]:
    """The words of a text, for ``wrapped``. What stands in backticks is typed as a whole, and stays whole."""
    return WORD.findall(text) or [""]


def wrapped(label: str, parts: Sequence[str], separator: str, width: int) -> Iterator[str]:
    """The parts after a label, on as many lines as they need, broken only between parts."""
    line = label + parts[0]
    for part in parts[1:]:
        if columns(line) + columns(separator) + columns(part) > width:
            yield line + separator.rstrip()
            line = " " * len(label) + part
        else:
            line += separator + part
    yield line
