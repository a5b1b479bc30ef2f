"""AWS regions: which there are, read from ``network/data/regions.csv`` (source and date per row)."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Region(NamedTuple):
    """A region: where it is, and the IDs of its availability zones; empty where no source lists them."""

    name: str
    place: str
    zone_ids: tuple[str, ...]

    def lacks(self, zone: str) -> bool:
        """Whether it is known that ``zone``, a name or an ID, lies elsewhere. Letters of names differ between accounts."""
        if "-az" in zone:
            return bool(self.zone_ids) and zone not in self.zone_ids
        return zone[:-1] != self.name


@functools.cache
def regions() -> Mapping[str, Region]:
    """All regions by name, sorted."""
    text = (Path(__file__).parent / "network" / "data" / "regions.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    found = (Region(row["region"], row["place"], tuple(filter(None, row["zone_ids"].split(";")))) for row in rows)
    return {region.name: region for region in found}
