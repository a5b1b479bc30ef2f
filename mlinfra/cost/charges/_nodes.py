"""Prices of EC2 nodes: on demand, spot as a band, capacity blocks; and the volumes that nodes carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line, Unpriced
from mlinfra.cost.charges._reading import Reading, get, listed, number, show
from mlinfra.cost.model import HOURS, ZERO, Money, Price, PriceKey, Quantity, Range
from mlinfra.graph.model import Value

UNIT = "instance-hour"
GP3_IOPS, GP3_THROUGHPUT = Decimal(3000), Decimal(125)
"""What a gp3 volume brings without extra charge: IOPS, and MiB/s."""


def on_demand(
    look: Reading, region: str, types: Sequence[str], service: str = "ec2_on_demand"
) -> tuple[Price | None, str | None]:
    """The price of the first type; the cheapest and the dearest are its band, unknown with any of them."""
    if any(re.match(r"t\d", name) for name in types):
        look.assume("burstable instances (T families) keep within their CPU credits")
    found = [look.catalogue.find(PriceKey(service, region, name, UNIT)) for name in types]
    first, reason = found[0]
    if first is None:
        return None, reason
    prices = [price for price, _ in found if price is not None]
    figures = [price.usd for price in prices if price.usd is not None]
    whole = len(figures) == len(types)
    return joined(first.key, first.usd, prices, (min(figures), max(figures)) if whole else (None, None)), None


def spot(look: Reading, region: str, types: Sequence[str]) -> tuple[Price | None, str | None]:
    """From the cheapest known spot price to the dearest on-demand price, which spot does not exceed.

    Expected is the median of the known spot prices. Where none is known, on demand (the ceiling) is expected and the
    minimum is unknown.
    """
    ceiling, reason = on_demand(look, region, types)
    offers = [price for name in types for price in look.catalogue.spot_band(region, name)]
    figures = sorted(price.usd for price in offers if price.usd is not None)
    if not figures:
        if ceiling is None:
            return None, reason
        look.assume(
            f"no spot price of {' or '.join(types)} is known in {region}: "
            "on demand, its ceiling, is expected; the least is unknown"
        )
        return joined(ceiling.key, ceiling.usd, [ceiling], (None, ceiling.range.max)), None
    key = PriceKey("ec2_spot", region, ",".join(types), UNIT)
    top = None if ceiling is None else ceiling.range.max
    return joined(
        key, figures[len(figures) // 2], [*offers, *([] if ceiling is None else [ceiling])], (figures[0], top)
    ), None


def joined(key: PriceKey, usd: Money | None, parts: Iterable[Price], band: tuple[Money | None, Money | None]) -> Price:
    """One price made of several: as old as the oldest, as certain as the least certain."""
    parts = list(parts)
    oldest = min(parts, key=lambda price: price.as_of)
    sources = "; ".join(dict.fromkeys(price.source for price in parts))
    low = any(price.confidence == "low" for price in parts)
    stale = any(price.stale for price in parts)
    return Price(
        key,
        usd,
        sources,
        oldest.as_of,
        "low" if low else "high",
        stale=stale,
        band=None if band == (usd, usd) else band,
    )


def node_hours(name: str, count: Range, price: Price | None, formula: str, why: str | None) -> Item:
    """The line for nodes that run all month. ``why`` says what is missing of the price or of the range."""
    if price is None:
        return Unpriced(name, why or "no price is known")
    quantity = Quantity(count.times(Range.exactly(HOURS)), UNIT)
    return Line(
        name,
        quantity,
        price.key.service,
        price.key.sku,
        formula,
        price=price,
        why=why or "the number of nodes or a price is not known",
    )


def volumes(name: str, count: Range, disks: Iterable[dict[str, Value]]) -> Iterator[Item]:
    """What ``count`` machines pay for their EBS volumes: volumeSize (GiB), volumeType, iops, throughput (MiB/s)."""
    for disk in disks:
        kind = disk.get("volumeType") or "gp3"
        kind = kind if isinstance(kind, str) else "gp3"
        size = number(disk.get("volumeSize"))
        label = f"{name} ({kind})"
        yield _per_machine(label, count, size, "GiB-month", sku=f"{kind} storage", what="GiB")
        if kind == "standard":
            yield Unpriced(f"{label} I/O requests", "how many requests magnetic volumes serve is not known")
        free_iops = GP3_IOPS if kind == "gp3" else ZERO
        iops = number(disk.get("iops"), free_iops if kind == "gp3" else ZERO)
        if kind in ("gp3", "io1", "io2") and (iops is None or iops > free_iops):
            extra = None if iops is None else iops - free_iops
            yield _per_machine(
                f"{label} IOPS", count, extra, "IOPS-month", sku=f"{kind} iops", what="IOPS over what is included"
            )
        speed = number(disk.get("throughput"), GP3_THROUGHPUT)
        if kind == "gp3" and (speed is None or speed > GP3_THROUGHPUT):
            extra = None if speed is None else speed - GP3_THROUGHPUT
            yield _per_machine(
                f"{label} throughput",
                count,
                extra,
                "MiB/s-month",
                sku="gp3 throughput",
                what="MiB/s over what is included",
            )


def _per_machine(name: str, count: Range, each: Decimal | None, unit: str, *, sku: str, what: str) -> Line:
    quantity = Quantity(count.times(Range.exactly(each)), unit)
    return Line(
        name,
        quantity,
        "ebs",
        sku,
        f"volumes × {show(each)} {what} × price",
        why="the size or number of volumes is not known",
    )


def disks_of(mappings: Value) -> list[dict[str, Value]]:
    """The EBS volumes of block device mappings, in the form that launch templates and node classes share."""
    found = (get(mapping, "ebs") for mapping in listed(mappings))
    return [dict(disk) for disk in found if isinstance(disk, dict)]
