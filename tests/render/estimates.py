"""Plans and estimates to render, made of the model types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mlinfra.cost.model import Charge, ComponentEstimate, Estimate, Price, PriceKey, Quantity, Range
from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.plan.model import ABSENT, Operation, Plan, PropertyChange, Step

AS_OF = date(2026, 10, 1)


def urn(name: str, type_: str = "aws:s3/bucket:Bucket") -> str:
    return f"urn:pulumi:dev::shop-foundation::{type_}::{name}"


def charge(component: str, name: str, low: str, expected: str, high: str) -> Charge:
    """``expected`` of a unit that costs a dollar."""
    price = Price(PriceKey("s3", "eu-west-1", "standard", "GiB-month"), Decimal(1), "aws.amazon.com/s3/pricing", AS_OF)
    quantity = Quantity(Range(Decimal(low), Decimal(expected), Decimal(high)), "GiB-month")
    return Charge(
        urn(component),
        component,
        name,
        "priced",
        quantity,
        price,
        price.key,
        f"{expected} GiB × $1",
        usage="stored_gib",
    )


def needs_usage(component: str) -> Charge:
    return Charge(urn(component), component, "requests", "needs_usage", usage="put_requests")


def free(name: str) -> Charge:
    return Charge(urn(name), "lake", "no charge", "free", reason="a setting of a bucket")


def unpriced(component: str) -> Charge:
    return Charge(urn(component), component, "replication", "unpriced", reason="not in the tables of eu-west-1")


def estimate(**charges: tuple[Charge, ...]) -> Estimate:
    parts = tuple(ComponentEstimate(name, "bucket", "foundation", lines) for name, lines in charges.items())
    return Estimate("eu-west-1", AS_OF, parts, ("730 hours a month",))


def step(name: str, operation: Operation, *properties: PropertyChange, component: str = "lake", **more: object) -> Step:
    return Step(
        urn=urn(name),
        component=component,
        kind="bucket",
        layer="foundation",
        operation=operation,
        properties=properties,
        **more,  # type: ignore[arg-type]  # fields of Step by name
    )


def plan(*steps: Step, against: str | None = None) -> Plan:
    return Plan(blueprint="shop", environment="dev", steps=steps, against=against, digest="0" * 64)


CHANGE = PropertyChange("acl", "private", "public-read", forces_replacement=None)
FORCING = PropertyChange("bucket", "a", "b", forces_replacement=True)
ADDED = PropertyChange("tags.team", ABSENT, "ml")

LAKE, KEY = urn("lake"), urn("key", "aws:kms/key:Key")
GRAPH = ResourceGraph(
    nodes=(
        ResourceNode(urn=KEY, type="aws:kms/key:Key", name="key", component="key", kind="encryption_key"),
        ResourceNode(
            urn=LAKE,
            type="aws:s3/bucket:Bucket",
            name="lake",
            component="lake",
            kind="bucket",
            inputs={"kmsKeyId": f"${{{{{KEY}#arn}}}}"},
        ),
    ),
    blueprint="shop",
    environment="dev",
    region="eu-west-1",
)
