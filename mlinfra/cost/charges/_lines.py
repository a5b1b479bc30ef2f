"""What charge functions yield: lines to be priced, things that are free, things that nobody can price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from mlinfra.cost.model import Price, Quantity


class Tier(NamedTuple):
    """Up to ``up_to`` units a month (None: without end) cost the price of ``sku``; None is free by the price list."""

    up_to: Decimal | None
    sku: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity and where its price stands. ``sku`` is looked up at the quantity's unit, in the resource's region.

    With ``tiers``, the quantities of all resources of the account in one region share the tiers, in order of the graph.
    With ``price``, no look-up is needed. ``usage`` is the key that the quantity depends on:
    an unknown quantity then needs usage.
    ``why`` says what is unknown about a quantity that does not depend on use.
    """

    name: str
    quantity: Quantity
    service: str
    sku: str = ""
    formula: str = ""
    usage: str | None = None
    tiers: tuple[Tier, ...] = ()
    price: Price | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Free:
    """Costs nothing, for a reason."""

    reason: str
    name: str = "no charge"


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Costs something that is not known, for a reason."""

    name: str
    reason: str


Item: TypeAlias = Line | Free | Unpriced
