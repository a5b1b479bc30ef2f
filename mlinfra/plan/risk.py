"""What a step can cost beyond money: an interruption, lost data, a purchase that nobody takes back.

Facts are rows of ``data/risk.csv``, by type and operation, some for a change of one property only, each with its source
and date. A type without a row is one with which nothing is known to be lost: deleting or replacing it is a low risk,
an update too unless it only touches tags, descriptions or options of the deployment, and creating it is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, cast, get_args

from mlinfra.plan.model import Operation, PropertyChange, Risk
from mlinfra.plan.replacement import OPTIONS, rows

ORDER: tuple[Risk, ...] = get_args(Risk)
"""From the least to the worst, as the type lists them."""

WITHOUT_EFFECT = ("tags", "tagsAll", "description", "displayName", "comment", "metadata.labels", "metadata.annotations")
"""Properties whose change touches nothing but themselves."""

DOES_NOTHING: frozenset[Operation] = frozenset({"same", "keep", "import"})


class _Fact(NamedTuple):
    """A row: ``property`` is empty for the whole operation, ``becomes`` for any new value."""

    operations: frozenset[str]
    property: str
    becomes: frozenset[str]
    risk: Risk
    reason: str

    def holds(self, operation: Operation, properties: Iterable[PropertyChange]) -> bool:
        if operation not in self.operations:
            return False
        return not self.property or any(self._touched(change) for change in properties)

    def _touched(self, change: PropertyChange) -> bool:
        if not _within(change.path, self.property):
            return False
        if self.becomes:
            return str(change.after) in self.becomes
        return self.risk != "data loss" or not _longer(change)


def risk_of(operation: Operation, type_: str, properties: Iterable[PropertyChange] = ()) -> tuple[Risk, str]:
    """The worst that a step can do, and why. The reason completes "because …"; it is empty where there is no risk."""
    if operation in DOES_NOTHING:
        return "none", ""
    changes = tuple(properties)
    facts = [fact for fact in _facts().get(type_, ()) if fact.holds(operation, changes)]
    if facts:
        worst = max(facts, key=lambda fact: ORDER.index(fact.risk))
        return worst.risk, worst.reason
    if operation == "create" or (operation == "update" and all(_without_effect(change.path) for change in changes)):
        return "none", ""
    if operation == "update":
        return "low", "it is changed in place"
    return "low", "nothing is known to be lost with it"


def _without_effect(path: str) -> bool:
    return path.startswith(f"{OPTIONS} ›") or any(_within(path, name) for name in WITHOUT_EFFECT)


def _within(path: str, name: str) -> bool:
    """Whether a path leads to a property or into it; an index on the way does not matter."""
    plain = "".join(part.partition("[")[0] if part.partition("[")[2][:1].isdigit() else part for part in _split(path))
    return plain == name or plain.startswith((f"{name}.", f"{name}[", f"{name} ›"))


def _split(path: str) -> list[str]:
    """A path in parts that keep their dots: ``rules[0].filter`` → ``rules[0]``, ``.filter``."""
    first, *rest = path.split(".")
    return [first, *(f".{part}" for part in rest)]


def _longer(change: PropertyChange) -> bool:
    """A retention that grows loses nothing; nought stands for ever."""
    before, after = change.before, change.after
    if isinstance(before, bool) or isinstance(after, bool):
        return False
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return False
    return after == 0 or 0 < before <= after


@lru_cache(maxsize=1)
def _facts() -> Mapping[str, tuple[_Fact, ...]]:
    found: dict[str, list[_Fact]] = {}
    for row in rows("risk.csv"):
        fact = _Fact(
            frozenset(row["operations"].split()),
            row["property"],
            frozenset(row["becomes"].split()),
            cast("Risk", row["risk"]),
            row["reason"],
        )
        found.setdefault(row["type"], []).append(fact)
    return {type_: tuple(facts) for type_, facts in found.items()}
