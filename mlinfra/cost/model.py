"""What an estimate is made of: quantities, prices, charges and their sums.

Amounts are US dollars a month, as ``Decimal``. What is not known is None and stays None: it is never taken for zero,
and every sum that has it in it is marked as incomplete, to be read as "at least".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

Money: TypeAlias = Decimal
"""US dollars."""

ZERO = Decimal(0)
HOURS = Decimal(730)
"""Hours in a month, everywhere in mlinfra."""

Status = Literal["priced", "stale", "unpriced", "needs_usage", "free"]
Confidence = Literal["high", "low"]


class Range(NamedTuple):
    """The least, the expected and the most of something; each is None where it is not known."""

    min: Decimal | None
    expected: Decimal | None
    max: Decimal | None

    @classmethod
    def exactly(cls, value: Decimal | int | None) -> Range:
        """A range whose three figures are the same."""
        same = None if value is None else Decimal(value)
        return cls(same, same, same)

    @property
    def known(self) -> bool:
        """Whether all three figures are known."""
        return None not in self

    def times(self, other: Range) -> Range:
        """Figure by figure; unknown times anything is unknown."""
        return Range(*(None if a is None or b is None else a * b for a, b in zip(self, other, strict=True)))


UNKNOWN_RANGE = Range(None, None, None)
NOTHING = Range(ZERO, ZERO, ZERO)


class Total(NamedTuple):
    """A sum of amounts. Where ``complete`` is False it leaves out what is not known: read it as "at least".

    A figure of which nothing is known but that some of it is free is None: "at least nothing" would read as nothing.
    """

    range: Range
    complete: bool


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of a thing is used in a month, in ``unit`` (``GiB-month``, ``instance-hour``, ``request``)."""

    amount: Range
    unit: str

    @classmethod
    def exactly(cls, value: Decimal | int | None, unit: str) -> Quantity:
        """A quantity that does not vary; None is one that is not known."""
        return cls(Range.exactly(value), unit)

    @property
    def known(self) -> bool:
        """Whether all three figures are known."""
        return self.amount.known

    def scaled(self, factor: Range | Decimal | int, unit: str | None = None) -> Quantity:
        """The quantity times ``factor``, in ``unit`` (left out: the same)."""
        by = factor if isinstance(factor, Range) else Range.exactly(factor)
        return Quantity(self.amount.times(by), unit or self.unit)


class PriceKey(NamedTuple):
    """Selects exactly one row of the price tables. ``service`` is the name of the table."""

    service: str
    region: str
    sku: str
    unit: str

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for one ``unit``, and where the figure is from.

    ``band`` spans what the price may turn out to be (spot, a choice of instance types); left out, it is one figure.
    ``usd`` is the one reckoned with for the expected amount. ``as_of`` is the oldest date among the rows used.
    """

    key: PriceKey
    usd: Money | None
    source: str
    as_of: date
    confidence: Confidence = "high"
    stale: bool = False
    band: tuple[Money | None, Money | None] | None = None

    @property
    def unit(self) -> str:
        """What the price is for one of."""
        return self.key.unit

    @property
    def range(self) -> Range:
        """The price at the least, the expected and the most."""
        low, high = (self.usd, self.usd) if self.band is None else self.band
        return Range(low, self.usd, high)


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of an estimate: what one resource costs for one reason, in a month.

    ``resource`` is a URN; ``component`` is None for resources outside of components. ``key`` is what was looked for in
    the price tables, also when nothing was found. ``usage`` is the usage key that the quantity depends on. ``reason``
    says why a line is free or not priced.
    """

    resource: str
    component: str | None
    name: str
    status: Status
    quantity: Quantity | None = None
    price: Price | None = None
    key: PriceKey | None = None
    formula: str = ""
    usage: str | None = None
    reason: str | None = None

    @property
    def amount(self) -> Range:
        """US dollars a month. Nothing for what is free; unknown for what is not priced or needs usage."""
        if self.status == "free":
            return NOTHING
        if self.price is None or self.quantity is None:
            return UNKNOWN_RANGE
        return self.quantity.amount.times(self.price.range)

    @property
    def unit(self) -> str:
        """Unit of the quantity; empty where there is none."""
        return "" if self.quantity is None else self.quantity.unit


@dataclass(frozen=True)
class ComponentEstimate:
    """The charges of one component, in order of the graph. ``name`` is None for resources outside of components."""

    name: str | None
    kind: str | None
    layer: str | None
    charges: tuple[Charge, ...]

    @cached_property
    def total(self) -> Total:
        """The sum of the charges."""
        return total(self.charges)


@dataclass(frozen=True)
class Estimate:
    """What a resource graph costs a month. ``today`` is the day that the age of prices was judged by."""

    region: str | None
    today: date
    components: tuple[ComponentEstimate, ...]
    assumptions: tuple[str, ...] = ()

    @cached_property
    def charges(self) -> tuple[Charge, ...]:
        """Every charge, component by component."""
        return tuple(charge for component in self.components for charge in component.charges)

    @cached_property
    def total(self) -> Total:
        """The sum of everything."""
        return total(self.charges)

    @property
    def totals(self) -> Range:
        """The sum's three figures: "at least" where ``complete`` is False."""
        return self.total.range

    @property
    def complete(self) -> bool:
        """Whether nothing in the sum is unknown."""
        return self.total.complete

    @property
    def unpriced(self) -> tuple[Charge, ...]:
        """Charges whose price is not known."""
        return tuple(self.with_status("unpriced"))

    @property
    def needs_usage(self) -> tuple[Charge, ...]:
        """Charges that depend on use that nobody has stated."""
        return tuple(self.with_status("needs_usage"))

    @property
    def stale(self) -> tuple[Charge, ...]:
        """Charges that are priced with figures past their budget of age."""
        return tuple(self.with_status("stale"))

    def with_status(self, status: Status) -> Iterator[Charge]:
        """The charges of one status."""
        return (charge for charge in self.charges if charge.status == status)

    def component(self, name: str | None) -> ComponentEstimate | None:
        """The component of that name, if it is in the graph."""
        return next((part for part in self.components if part.name == name), None)


def total(charges: Iterable[Charge]) -> Total:
    """The sum of amounts: each figure adds up what is known of it; incomplete as soon as a part of it is unknown."""
    figures = list(zip(*(charge.amount for charge in charges), strict=True)) or [(), (), ()]
    sums = [sum((figure for figure in column if figure is not None), ZERO) for column in figures]
    unknown = [None in column for column in figures]
    known = [None if lacks and not amount else amount for amount, lacks in zip(sums, unknown, strict=True)]
    return Total(Range(*known), not any(unknown))
