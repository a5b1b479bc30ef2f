"""Kubernetes quantities: ``500m``, ``100Gi``, ``2``."""

from __future__ import annotations

import re
from decimal import Decimal

from mlinfra.graph.model import Value

SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
SUFFIXES |= {suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)}
SUFFIXES |= {suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}


def parse_quantity(value: Value) -> Decimal | None:
    """A Kubernetes quantity in its base unit (cores, bytes, pieces); None where it is not known or not a quantity."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", str(value))
    if found is None or found[2] not in SUFFIXES:
        return None
    return Decimal(found[1]) * SUFFIXES[found[2]]
