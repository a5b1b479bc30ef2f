"""Columns of text."""

from __future__ import annotations

import pytest

from mlinfra.render.tables import table
from mlinfra.render.terminal import Terminal, columns


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    assert table(("A", "LONG", "N"), [("x", "y", "1"), ("名", "z", "22")], right=(2,)) == (
        "A   LONG   N\nx   y      1\n名  z     22"
    )


def test_what_may_wrap_wraps_and_what_is_whole_stays() -> None:
    text = table(("NAME", "WHAT"), [("a" * 30, "one two three four five six seven eight")], terminal=Terminal(60))
    assert text.splitlines()[1:] == ["a" * 30 + "  one two three four five six", " " * 32 + "seven eight"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits(width: int) -> None:
    rows = [("name", "word " * 40, "other " * 30, "12")] * 3
    text = table(("A", "B", "C", "D"), rows, right=(3,), terminal=Terminal(width))
    assert max(columns(line) for line in text.splitlines()) <= width


def test_without_headings_and_without_rows() -> None:
    assert table(("", ""), [("a", "b")]) == "a  b"
    assert table(("", ""), []) == ""
    assert table(("A", "B"), []) == "A  B"


def test_a_long_word_is_cut_behind_a_mark_that_parts_it() -> None:
    made = table(
        ("A", "B"), [("x", "${lake.zones.features.bucket_name}"), ("y", "a" * 20)], terminal=Terminal(width=27)
    )
    assert made.splitlines() == [
        "A  B",
        "x  ${lake.zones.features.",
        "   bucket_name}",
        "y  aaaaaaaaaaaaaaaaaaaa",
    ]
    narrow = table(("A", "B"), [("x", "a" * 20)], terminal=Terminal(width=15)).splitlines()
    assert narrow == ["A  B", f"x  {'a' * 12}", f"   {'a' * 8}"]
