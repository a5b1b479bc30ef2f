"""An estimate as a document (``mlinfra_cost: 1``), and the explanation of one component's lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from mlinfra.cost.model import Charge, ComponentEstimate, Confidence, Estimate, Range, Status
from mlinfra.errors import UsageError

Json = dict[str, object]


def schema() -> Json:
    """The JSON Schema of the document."""
    text = (Path(__file__).parent / "cost.schema.json").read_text(encoding="utf-8")
    loaded: Json = json.loads(text)
    return loaded


def to_document(estimate: Estimate) -> Json:
    """The estimate as JSON values: decimals as texts, None for what is not known, in the order of the graph."""
    return {
        "mlinfra_cost": 1,
        "currency": "USD",
        "period": "month",
        "region": estimate.region,
        "totals": _range(estimate.totals),
        "complete": estimate.complete,
        "components": [_component(component) for component in estimate.components],
        "assumptions": list(estimate.assumptions),
        "unpriced": [
            {"resource": charge.resource, "name": charge.name, "status": charge.status, "reason": charge.reason}
            for charge in (*estimate.unpriced, *estimate.needs_usage)
        ],
    }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where one line of an estimate comes from. ``price`` spans a band where the price is not one figure."""

    resource: str
    name: str
    status: Status
    formula: str
    quantity: Range | None
    unit: str
    price: Range | None
    price_key: str | None
    source: str | None
    as_of: date | None
    confidence: Confidence | None
    amount: Range
    usage: str | None
    reason: str | None


def explain(estimate: Estimate, component: str | None) -> tuple[Explanation, ...]:
    """Every line of a component with formula, price, source and date. None: resources outside of components."""
    found = estimate.component(component)
    if found is None:
        names = ", ".join(f"`{part.name}`" for part in estimate.components if part.name is not None)
        raise UsageError(f"There is no component `{component}` in the estimate.", hint=f"components: {names or 'none'}")
    return tuple(_explained(charge) for charge in found.charges)


def _explained(charge: Charge) -> Explanation:
    price = charge.price
    return Explanation(
        charge.resource,
        charge.name,
        charge.status,
        charge.formula,
        None if charge.quantity is None else charge.quantity.amount,
        charge.unit,
        None if price is None else price.range,
        None if charge.key is None else str(charge.key),
        None if price is None else price.source,
        None if price is None else price.as_of,
        None if price is None else price.confidence,
        charge.amount,
        charge.usage,
        charge.reason,
    )


def _component(component: ComponentEstimate) -> Json:
    return {
        "name": component.name,
        "kind": component.kind,
        "layer": component.layer,
        "totals": _range(component.total.range),
        "charges": [_charge(charge) for charge in component.charges],
    }


def _charge(charge: Charge) -> Json:
    price = charge.price
    return {
        "resource": charge.resource,
        "name": charge.name,
        "unit": charge.unit,
        "quantity": None if charge.quantity is None else _range(charge.quantity.amount),
        "price": None if price is None else text(price.usd),
        "price_key": None if charge.key is None else str(charge.key),
        "source": None if price is None else price.source,
        "as_of": None if price is None else price.as_of.isoformat(),
        "status": charge.status,
        "amount": _range(charge.amount),
        "formula": charge.formula,
        "usage": charge.usage,
    }


def _range(figures: Range) -> Json:
    return {"min": text(figures.min), "expected": text(figures.expected), "max": text(figures.max)}


def text(value: Decimal | None) -> str | None:
    """A figure without an exponent or trailing zeros; None stays None."""
    if value is None:
        return None
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
