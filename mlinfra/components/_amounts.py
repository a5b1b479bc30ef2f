"""Arithmetic with amounts that are not known exactly."""

from __future__ import annotations

from decimal import Decimal

from mlinfra.components._spec import Range

CENT = Decimal("0.01")


def times(amount: Range, count: int) -> Range:
    """``amount`` for each of ``count``."""
    return Range(min=amount.min * count, expected=amount.expected * count, max=amount.max * count)


def share(amount: Range, parts: int) -> Range:
    """The part of an amount that each of ``parts`` equal ones gets, to a hundredth."""
    low, middle, high = ((value / parts).quantize(CENT) for value in (amount.min, amount.expected, amount.max))
    return Range(min=low, expected=middle, max=high)
