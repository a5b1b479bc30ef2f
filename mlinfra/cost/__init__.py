"""What a resource graph costs a month: least, expected and most, every line explained, offline.

from mlinfra.cost import estimate
result = estimate(graph)
result.totals.expected, result.complete
"""

from __future__ import annotations

from mlinfra.cost.charges import coverage, usage_keys
from mlinfra.cost.document import Explanation, explain, schema, to_document
from mlinfra.cost.estimate import estimate
from mlinfra.cost.model import Charge, ComponentEstimate, Estimate, Price, PriceKey, Quantity, Range

__all__ = [
    "Charge",
    "ComponentEstimate",
    "Estimate",
    "Explanation",
    "Price",
    "PriceKey",
    "Quantity",
    "Range",
    "coverage",
    "estimate",
    "explain",
    "schema",
    "to_document",
    "usage_keys",
]
