"""From a resource graph to an estimate: lines of each resource, tiers over account and region, prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from mlinfra.cost import usage as usage_module
from mlinfra.cost.charges._lines import Free, Item, Line, Tier, Unpriced
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import find
from mlinfra.cost.model import ZERO, Charge, ComponentEstimate, Estimate, PriceKey, Quantity, Range, Status
from mlinfra.cost.prices.catalogue import Catalogue, Found
from mlinfra.cost.usage import Overrides
from mlinfra.graph.model import ResourceGraph, ResourceNode

ALWAYS_ASSUMED = (
    "730 hours a month; list prices in US dollars, on demand, without tax, discounts, free tier or support plans",
    "data transfer is in the sum as far as networks and copies state it; between regions it is otherwise not",
)


def estimate(
    graph: ResourceGraph,
    *,
    catalogue: Catalogue | None = None,
    usage: Overrides | None = None,
    today: date | None = None,
) -> Estimate:
    """What the resources of ``graph`` cost a month.

    ``usage`` overrides what the resources carry (see ``mlinfra.cost.usage``). ``catalogue`` holds the prices and judges
    their age by its own day; left out: those that ship, judged by ``today``. ``today`` also decides which Kubernetes
    versions are supported; left out: the catalogue's day, or the real one.
    """
    if catalogue is None:
        catalogue = Catalogue(today or date.today())  # noqa: DTZ011  # prices age by calendar days; the only clock in cost
    look = Reading(graph, catalogue, usage_module.resolve(graph, usage))
    if today is not None:
        look.today = today
    pricing = _Pricing(look)
    charges: dict[str | None, list[Charge]] = {}
    about: dict[str | None, ResourceNode] = {}
    for node in graph.nodes:
        if node.component is not None:
            charges.setdefault(node.component, [])
            about.setdefault(node.component, node)
        if node.custom and not node.type.startswith("pulumi:"):
            charges.setdefault(node.component, []).extend(
                charge for item in find(node.type)(node, look) for charge in pricing.charges(node, item)
            )
    return Estimate(
        graph.region,
        look.today,
        tuple(_component(name, about.get(name), lines) for name, lines in charges.items()),
        (*ALWAYS_ASSUMED, *look.assumptions),
    )


def _component(name: str | None, first: ResourceNode | None, charges: list[Charge]) -> ComponentEstimate:
    kind, layer = (None, None) if first is None else (first.kind, first.layer)
    return ComponentEstimate(name, kind, layer, tuple(charges))


class _Pricing:
    """Turns lines into charges; remembers how far the tiers of each region are used up."""

    def __init__(self, look: Reading) -> None:
        self.look = look
        self.used: dict[tuple[str, tuple[Tier, ...]], list[Decimal]] = {}

    def charges(self, node: ResourceNode, item: Item) -> Iterator[Charge]:
        if isinstance(item, Free):
            yield Charge(node.urn, node.component, item.name, "free", reason=item.reason)
        elif isinstance(item, Unpriced):
            yield Charge(node.urn, node.component, item.name, "unpriced", reason=item.reason)
        elif item.price is not None:
            yield self._priced(node, item, item.quantity, item.price.key, Found(item.price, None))
        else:
            region = self.look.region(node)
            if region is None:
                reason = "the region of the resource is not known"
                yield Charge(node.urn, node.component, item.name, "unpriced", item.quantity, reason=reason)
            elif item.tiers:
                yield from self._tiered(node, item, region)
            else:
                yield self._looked_up(node, item, item.quantity, region, item.sku)

    def _tiered(self, node: ResourceNode, line: Line, region: str) -> Iterator[Charge]:
        """One charge per tier that this resource reaches, given what earlier resources have used of it."""
        if not line.quantity.known:
            yield self._looked_up(
                node, line, line.quantity, region, next(t.sku for t in line.tiers if t.sku is not None)
            )
            return
        used = self.used.setdefault((region, line.tiers), [ZERO, ZERO, ZERO])
        before, after = tuple(used), tuple(u + (q or ZERO) for u, q in zip(used, line.quantity.amount, strict=True))
        floor = ZERO
        for tier in line.tiers:
            part = Range(*(_within(a, b, floor, tier.up_to) for a, b in zip(before, after, strict=True)))
            first = tier is line.tiers[0]
            if any(part) or (first and not any(line.quantity.amount)):
                quantity = Quantity(part, line.quantity.unit)
                if tier.sku is None:
                    yield Charge(
                        node.urn,
                        node.component,
                        line.name,
                        "free",
                        quantity,
                        reason="within what the price list gives free",
                    )
                else:
                    yield self._looked_up(node, line, quantity, region, tier.sku)
            floor = floor if tier.up_to is None else tier.up_to
        used[:] = after

    def _looked_up(self, node: ResourceNode, line: Line, quantity: Quantity, region: str, sku: str) -> Charge:
        key = PriceKey(line.service, region, sku, quantity.unit)
        return self._priced(node, line, quantity, key, self.look.catalogue.find(key))

    def _priced(self, node: ResourceNode, line: Line, quantity: Quantity, key: PriceKey, found: Found) -> Charge:
        price, reason = found
        status: Status = "priced" if price is None or not price.stale else "stale"
        if line.usage is not None and not quantity.known:
            status, reason = "needs_usage", f"depends on `{line.usage}`, which nobody has stated"
        elif price is None:
            status = "unpriced"
        elif quantity.amount.expected is None:
            status, reason = "unpriced", line.why or "the quantity is not known before the deployment"
        elif not quantity.known or not price.range.known:
            reason = line.why or "not all of the range is known"
        return Charge(
            node.urn,
            node.component,
            line.name,
            status,
            quantity,
            price,
            key,
            line.formula or _formula(line, quantity),
            line.usage,
            reason,
        )


def _within(before: Decimal, after: Decimal, floor: Decimal, ceiling: Decimal | None) -> Decimal:
    """How much of the stretch from ``before`` to ``after`` lies between ``floor`` and ``ceiling``."""
    top = after if ceiling is None else min(after, ceiling)
    return max(ZERO, top - max(before, floor))


def _formula(line: Line, quantity: Quantity) -> str:
    return f"{quantity.unit}s of `{line.usage}` × price" if line.usage else f"{quantity.unit}s × price"
