"""Look-up of prices: exactly one row, or the reason why there is none.

Tables are read when the first price of their service is asked for. A region without a row is not priced: another
region's price is never used in its place. Services with one price everywhere have rows of the region ``global``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from mlinfra.cost.model import Confidence, Price, PriceKey
from mlinfra.errors import PriceError

FOLDER = Path(__file__).parent
FRESH = timedelta(days=180)
"""How long a price counts as current."""
FRESH_ACCELERATED = timedelta(days=30)
"""The same for accelerated instances, whose list prices are the ones that move."""
ACCELERATED = ("p", "g", "gr", "trn", "inf", "dl", "vt", "f")
"""Prefixes of instance families with an accelerator."""


class Row(NamedTuple):
    """One row of a price table; ``usd`` for one ``unit``, still text: most rows are never used."""

    region: str
    sku: str
    unit: str
    usd: str
    source: str
    as_of: str
    confidence: Confidence


class Found(NamedTuple):
    """A price, or None with the reason."""

    price: Price | None
    reason: str | None


Table = Mapping[tuple[str, str], tuple[Row, ...]]


class Catalogue:
    """Price tables of a folder. ``today`` decides what is stale."""

    def __init__(self, today: date, folder: Path = FOLDER) -> None:
        self.today = today
        self.folder = folder
        self._tables: dict[str, Table] = {}
        self._found: dict[PriceKey, Found] = {}

    def find(self, key: PriceKey) -> Found:
        """The one price of ``key``."""
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._find(key)
        return found

    def skus(self, service: str, region: str) -> Mapping[str, Row]:
        """Rows of one service and region by SKU."""
        return {sku: rows[0] for (place, sku), rows in self.table(service).items() if place == region}

    def spot_band(self, region: str, instance_type: str) -> tuple[Price, ...]:
        """Spot prices of an instance type in the zones of a region, the cheapest first. Empty where none is known."""
        names = [sku for sku in self.skus("ec2_spot", region) if sku.partition("@")[0] == instance_type]
        found = (self.find(PriceKey("ec2_spot", region, name, "instance-hour")).price for name in names)
        return tuple(sorted((p for p in found if p is not None), key=lambda p: p.usd or Decimal(0)))

    def table(self, service: str) -> Table:
        """All rows of one service by region and SKU."""
        table = self._tables.get(service)
        if table is None:
            table = self._tables[service] = read(self.folder / f"{service}.csv")
        return table

    def _find(self, key: PriceKey) -> Found:
        table = self.table(key.service)
        rows = table.get((key.region, key.sku)) or table.get(("global", key.sku), ())
        matches = [row for row in rows if row.unit == key.unit]
        if len(matches) == 1:
            return Found(priced(key, matches[0], self.today), None)
        if matches:
            return Found(None, f"{len(matches)} prices for {key}: which one holds cannot be told")
        if rows:
            return Found(None, f"`{key.sku}` of {key.service} is sold by the {rows[0].unit}, not by the {key.unit}")
        places = sorted({place for place, sku in table if sku == key.sku})
        if places:
            return Found(None, f"no price of `{key.sku}` ({key.service}) is known for {key.region}")
        return Found(None, f"no price of `{key.sku}` ({key.service}) is known in any region")


def priced(key: PriceKey, row: Row, today: date) -> Price:
    """The price in a row, judged by its age."""
    try:
        usd, as_of = Decimal(row.usd), date.fromisoformat(row.as_of)
    except (InvalidOperation, ValueError) as error:
        raise PriceError(f"The price table {key.service} has a row that cannot be read: {','.join(row)}") from error
    return Price(key, usd, row.source, as_of, row.confidence, stale=today - as_of > budget(key))


def budget(key: PriceKey) -> timedelta:
    """How old a price may be before it is stale."""
    return FRESH_ACCELERATED if is_accelerated(key.sku) else FRESH


def is_accelerated(sku: str) -> bool:
    """Whether a SKU is an instance type with an accelerator (``g5.xlarge``, ``u-p6e-gb200x36``)."""
    name = sku.removeprefix("ml.").removeprefix("u-")
    family = re.match(r"([a-z]+)\d[a-z0-9-]*\.|([a-z]+)\d[a-z]*-gb\d", name)
    return family is not None and (family[1] or family[2]) in ACCELERATED


def read(path: Path) -> Table:
    """A price table; empty where there is no file: its prices are then not known."""
    if not path.is_file():
        return {}
    rows: dict[tuple[str, str], tuple[Row, ...]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = next(lines, [])
        if tuple(header) != Row._fields:
            raise PriceError(f"{path.name}: the columns are {', '.join(header)}; allowed: {', '.join(Row._fields)}")
        for line in lines:
            if len(line) != len(header):
                raise PriceError(f"{path.name}:{lines.line_num}: {len(line)} columns; allowed: {len(header)}")
            row = Row(*line)  # type: ignore[arg-type]  # confidence is checked by the tables' own test
            place = (row.region, row.sku)
            rows[place] = (*rows.get(place, ()), row)
    return rows
