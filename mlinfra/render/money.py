"""Amounts of money in text. Unknown is said, never shown as zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from mlinfra.cost.model import Range, Total

CENT = Decimal("0.01")


def money(amount: Decimal | None) -> str:
    """``$1,904.00``; ``<$0.01`` for what is more than nothing and less than a cent; ``unknown`` for None."""
    if amount is None:
        return "unknown"
    if 0 < amount < CENT:
        return "<$0.01"
    rounded = amount.quantize(CENT, ROUND_HALF_UP)
    return f"-${-rounded:,}" if rounded < 0 else f"${rounded:,}"


def delta(before: Decimal | None, after: Decimal | None) -> str:
    """``+$83.95``, ``-$3.10`` or ``±$0.00``; ``unknown`` where one of the two is."""
    if before is None or after is None:
        return "unknown"
    change = (after - before).quantize(CENT, ROUND_HALF_UP)
    return f"+${change:,}" if change > 0 else f"-${-change:,}" if change < 0 else "±$0.00"


def price(amount: Decimal | None) -> str:
    """A unit price in all its digits: ``$0.0000004``; at least cents."""
    if amount is None:
        return "unknown"
    plain = f"{amount.normalize():f}"
    whole, _, fraction = plain.partition(".")
    return f"${int(whole):,}.{fraction.ljust(2, '0')}"


def number(amount: Decimal | None) -> str:
    """A quantity: ``1,000,000``, ``0.25``; at most four digits after the point."""
    if amount is None:
        return "unknown"
    rounded = amount.quantize(Decimal("0.0001"), ROUND_HALF_UP) if amount != amount.to_integral_value() else amount
    whole, _, fraction = f"{rounded:f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{int(whole):,}{f'.{fraction}' if fraction else ''}"


def amounts(figures: Range) -> str:
    """``200 to 2,000, expected 500``, or one figure where all three are the same."""
    low, middle, high = (number(figure) for figure in figures)
    return middle if low == middle == high else f"{low} to {high}, expected {middle}"


def monthly(total: Total) -> str:
    """``$507.55 a month expected (min $301.20, max $1,904.00)``, "at least" where a part is not known, ``unknown`` where all is."""
    low, middle, high = total.range
    if middle is None:
        return "unknown"
    least = "" if total.complete else "at least "
    if low == middle == high:
        return f"{least}{money(middle)} a month"
    return f"{least}{money(middle)} a month expected (min {money(low)}, max {money(high)})"


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 line``, ``2 lines``."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
