"""AWS regions: which there are, read from ``data/regions.csv`` (source and date per row)."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple


class Region(NamedTuple):
    """A region: where it is, and the IDs of its availability zones; empty where no source lists them."""

    name: str
    place: str
    zone_ids: tuple[str, ...]


@functools.cache
def regions() -> Mapping[str, Region]:
    """All regions by name, sorted."""
    text = files("mlinfra.blueprint.data").joinpath("regions.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    found = (Region(row["region"], row["place"], tuple(filter(None, row["zone_ids"].split(";")))) for row in rows)
    return {region.name: region for region in found}
