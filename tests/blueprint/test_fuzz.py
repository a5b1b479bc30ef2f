"""Whatever a file holds, what comes out is a deployment or an error with a place."""

from __future__ import annotations

from blueprint.broken import BROKEN
from blueprint.made_up import KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.blueprint import load_text
from mlinfra.blueprint.codes import CODES
from mlinfra.errors import BlueprintError, UsageError

PIECES = st.sampled_from(
    ["a", "kind", "net", "store", "components", ": ", ":", "\n", "\n  ", "- ", "{", "}", "[", "]", ", ", '"', "'", "&x ", "*x", "!t ",
     "${", "}", "$${", "null", "1", "-", "true", "\t", "|", ">", "#", "%", "@", "`", "?", "<<", "ü", "\x85", "\u2028", "\x00", "---"]
)  # fmt: skip


def survives(text: str) -> None:
    try:
        load_text(text, kinds=KINDS)
    except BlueprintError as error:
        assert error.diagnostics
        assert {d.code for d in error.diagnostics} <= CODES.keys()
        assert all(
            d.line is not None and d.line >= 1 and d.column is not None and d.column >= 1 for d in error.diagnostics
        )
    except UsageError as error:
        assert error.hint


@settings(max_examples=200)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=30).map("".join))
def test_any_text(text: str) -> None:
    survives(text)


@settings(max_examples=300)
@given(
    st.sampled_from([text for text, _ in BROKEN.values() if len(text) < 400]),
    st.lists(st.tuples(st.integers(0, 400), PIECES), max_size=4),
)
def test_damaged_blueprints(text: str, changes: list[tuple[int, str]]) -> None:
    for place, piece in changes:
        text = text[:place] + piece + text[place + 1 :]
    survives(text)
