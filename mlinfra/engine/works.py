"""What there is to do in each layer, and the runs of the engine that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from mlinfra.components._context import Layer


@dataclass(frozen=True, kw_only=True)
class LayerWork:
    """What there is to do in a layer. ``going`` are the URNs that its program no longer registers."""

    layer: Layer
    changed: bool
    going: tuple[str, ...] = ()
    empties: bool = False
    """The blueprint has nothing in this layer any more."""
    guarded: tuple[str, ...] = ()
    """URNs that Pulumi protects, and that go or are replaced all the same: a gate was let through for each."""
    stays: frozenset[str] = frozenset()
    """URNs whose resource, where it goes or is replaced, stays in the account."""


@dataclass(frozen=True)
class Pass:
    """One run of the engine on one layer. ``kept`` are URNs that it must leave alone, ``stays`` those of the work."""

    layer: Layer
    what: Literal["up", "deletions", "destroy"]
    kept: tuple[str, ...] = ()
    stays: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Errand:
    """Something to do between two runs of the engine, before ``layer``. ``work`` tells what it did, and asks whether somebody pressed Ctrl-C.

    It raises EngineError where it cannot be done.
    """

    layer: Layer
    name: str
    work: Callable[[Callable[[str], None], Callable[[], object]], None]


def passes(works: Iterable[LayerWork]) -> tuple[Pass, ...]:
    """The runs, in order. What goes is put off to the way back where a later layer has something to do."""
    todo = [work for work in works if work.changed or work.going]
    forward: list[Pass] = []
    backward: list[Pass] = []
    for place, work in enumerate(todo):
        later = bool(todo[place + 1 :])
        if work.empties:
            backward.append(Pass(work.layer, "destroy", stays=work.stays))
        elif work.going and later:
            forward.append(Pass(work.layer, "up", work.going, work.stays))
            backward.append(Pass(work.layer, "deletions", stays=work.stays))
        else:
            forward.append(Pass(work.layer, "up", stays=work.stays))
    return (*forward, *reversed(backward))
