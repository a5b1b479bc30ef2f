"""What went wrong in an operation, for people: what failed, in whose words, what that means and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mlinfra.render.plan_lines import type_text
from mlinfra.render.progress import DOING
from mlinfra.render.terminal import PLAIN, Terminal, printable, words, wrapped

NAMES = 8
"""Names that are listed at most."""


class Explanation(NamedTuple):
    """What is known of a failure."""

    meaning: str
    advice: str


class Trouble(NamedTuple):
    """A resource with which something failed; ``component`` is None where it is not known."""

    name: str
    type: str
    component: str | None
    operation: str


def trouble_text(trouble: Trouble, said: str, known: Explanation | None, *, terminal: Terminal = PLAIN) -> str:
    """What failed, in the provider's words, then what that means and what to do."""
    component = f" of `{trouble.component}`" if trouble.component else ""
    doing = DOING.get(trouble.operation, trouble.operation)
    head = f"✗ {doing} `{printable(trouble.name)}` ({type_text(trouble.type)}){component} failed"
    return "\n".join([terminal.paint(head, "red"), *_lines(said, known, terminal)])


def problem_text(said: str, known: Explanation | None, *, terminal: Terminal = PLAIN) -> str:
    """A failure that is not about one resource."""
    return "\n".join([terminal.paint("✗ it could not go on", "red"), *_lines(said, known, terminal)])


def names_text(label: str, names: Iterable[str], terminal: Terminal = PLAIN) -> list[str]:
    """``label `a`, `b`, and 4 more``, on as many lines as it takes."""
    known = list(names)
    more = [f"and {len(known) - NAMES} more"] if len(known) > NAMES else []
    parts = [*(f"`{printable(name)}`" for name in known[:NAMES]), *more]
    return list(wrapped(f"{label} ", parts, ", ", terminal.width))


def _lines(said: str, known: Explanation | None, terminal: Terminal) -> list[str]:
    labelled = [("said:", line) for line in said.splitlines()[:1]] + [("", line) for line in said.splitlines()[1:]]
    if known is not None:
        labelled += [("means:", known.meaning), ("do:", known.advice)]
    return [
        line
        for label, text in labelled
        for line in wrapped(f"    {label:<8}", words(printable(text)), " ", terminal.width)
    ]
