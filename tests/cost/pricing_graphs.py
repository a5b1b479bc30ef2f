"""Graphs and prices for the tests of cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from mlinfra.cost import Charge, Estimate, estimate
from mlinfra.graph.model import Amount, ResourceGraph, ResourceNode, Value

TODAY = date(2026, 8, 1)


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::demo::{type_}::{name}"


def node(
    type_: str,
    name: str = "it",
    usage: Mapping[str, object] | None = None,
    component: str | None = "part",
    **inputs: Value,
) -> ResourceNode:
    return ResourceNode(
        urn=urn(type_, name), type=type_, name=name, component=component, kind="kind", layer="foundation",
        inputs=inputs, usage={key: amount(value) for key, value in (usage or {}).items()},
    )  # fmt: skip


def amount(value: object) -> Amount:
    figures = value if isinstance(value, tuple) else (value, value, value)
    return Amount(*(Decimal(str(figure)) for figure in figures))


def graph(*nodes: ResourceNode, region: str | None = "us-east-1") -> ResourceGraph:
    return ResourceGraph(nodes=nodes, blueprint="demo", environment="dev", account="123456789012", region=region)


def priced(*nodes: ResourceNode, region: str | None = "us-east-1", today: date = TODAY) -> Estimate:
    return estimate(graph(*nodes, region=region), today=today)


def lines(result: Estimate) -> dict[str, tuple[str, ...]]:
    """Name → min, expected, max as text, and the status."""
    return {charge.name: figures(charge) for charge in result.charges}


def figures(charge: Charge) -> tuple[str, ...]:
    return (
        *("?" if figure is None else f"{figure:.4f}".rstrip("0").rstrip(".") for figure in charge.amount),
        charge.status,
    )
