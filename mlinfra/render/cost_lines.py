"""What an estimate says, line by line, in words: shared by text and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from mlinfra.cost.model import Charge, ComponentEstimate, Estimate, Range
from mlinfra.graph.model import Amount
from mlinfra.render.money import amounts, money

HEADINGS = ("COMPONENT", "KIND", "MIN", "EXPECTED", "MAX", "")
OUTSIDE = "(no component)"
Usage: TypeAlias = Mapping[str, Mapping[str, Amount]]


def component_rows(estimate: Estimate) -> list[tuple[str, ...]]:
    """One row for each component: name, kind, the three figures, and "at least" where something is not known."""
    rows: list[tuple[str, ...]] = []
    for part in estimate.components:
        if part.name is None and not part.charges:
            continue
        low, middle, high = part.total.range
        least = "" if part.total.complete or middle is None else "at least"
        rows.append((part.name or OUTSIDE, part.kind or "", money(low), money(middle), money(high), least))
    return rows


def largest(estimate: Estimate, count: int) -> list[tuple[str, str, str, str]]:
    """The lines that cost most: component, line, amount, and its share of the sum."""
    priced = [charge for charge in estimate.charges if charge.amount.expected]
    whole = estimate.totals.expected
    found = sorted(priced, key=lambda charge: charge.amount.expected or Decimal(0), reverse=True)[:count]
    rows = []
    for charge in found:
        amount = charge.amount.expected or Decimal(0)
        share = f"{round(100 * amount / whole)} %" if whole else ""
        rows.append(
            (charge.component or OUTSIDE, f"{charge.name} ({resource_name(charge.resource)})", money(amount), share)
        )
    return rows


def absent(estimate: Estimate) -> Iterator[str]:
    """What the sum leaves out, and what would bring it in."""
    for charge in (*estimate.needs_usage, *estimate.unpriced):
        place = f"{charge.component or OUTSIDE}: {charge.name} of {resource_name(charge.resource)}"
        if charge.status == "needs_usage":
            yield (
                f"{place} needs usage: set `expected: {{{charge.usage}: …}}`"
                if charge.usage
                else f"{place} needs usage"
            )
        else:
            yield f"{place} has no price{f': {charge.reason}' if charge.reason else ''}"


def amount_text(charge: Charge) -> str:
    """The monthly amount of one line, or why there is none."""
    words = {"free": "free", "unpriced": "no price", "needs_usage": "needs usage"}
    if charge.status in words:
        return words[charge.status]
    low, middle, high = charge.amount
    if low == middle == high:
        return f"{money(middle)} a month"
    return f"{money(low)} to {money(high)} a month, expected {money(middle)}"


def free(part: ComponentEstimate) -> list[str]:
    """What costs nothing, resources with the same reason together."""
    found: dict[str, list[str]] = {}
    for charge in part.charges:
        if charge.status == "free":
            found.setdefault(charge.reason or "no charge", []).append(resource_name(charge.resource))
    return [f"{', '.join(dict.fromkeys(names))}: {reason}" for reason, names in found.items()]


def usage_rows(estimate: Estimate, usage: Usage) -> list[tuple[str, str, str, str]]:
    """Component, resource, usage key and present value of everything that the estimate depends on, each once.

    ``usage`` holds what is expected of each resource, by URN and key.
    """
    rows = []
    for charge in estimate.charges:
        if charge.usage:
            given = usage.get(charge.resource, {}).get(charge.usage)
            value = "not given" if given is None else amounts(Range(*given))
            rows.append((charge.component or OUTSIDE, resource_name(charge.resource), charge.usage, value))
    return list(dict.fromkeys(rows))


def resource_name(urn: str) -> str:
    """The logical name in a URN."""
    return urn.rpartition("::")[2]
