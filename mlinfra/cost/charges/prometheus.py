"""What managed Prometheus and Grafana cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line, Tier
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import HOURS, Quantity
from mlinfra.graph.model import ResourceNode

SAMPLES = (
    Tier(Decimal(2 * 10**9), "samples, first 2 billion"),
    Tier(Decimal(252 * 10**9), "samples, next 250 billion"),
    Tier(None, "samples, over 252 billion"),
)


@charges_for(
    "aws:amp/workspace:Workspace",
    usage={
        "samples": "metric samples written a month: series × 2 628 000 ÷ scrape interval in seconds",
        "stored_gib": "samples and labels kept, average over the month, GiB",
        "queried_samples": "samples read by queries and rules a month",
    },
)
def workspace(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Ingestion by tier over the account and region, storage, queries."""
    yield Line("Samples ingested", look.use(node, "samples", "sample"), "amp", usage="samples", tiers=SAMPLES)
    yield Line("Metric storage", look.use(node, "stored_gib", "GiB-month"), "amp", "storage", usage="stored_gib")
    queried = look.use(node, "queried_samples", "sample")
    yield Line("Samples queried", queried, "amp", "query samples", usage="queried_samples")


@charges_for("aws:amp/scraper:Scraper")
def scraper(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Hours of a managed collector; its samples are in the use of the workspace."""
    yield Line("Collector hours", Quantity.exactly(HOURS, "hour"), "amp", "collector", formula="730 hours × price")


@charges_for(
    "aws:grafana/workspace:Workspace",
    usage={"editors": "editors and administrators active in the month", "viewers": "viewers active in the month"},
)
def grafana(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Users that were active in the month."""
    yield Line("Editors", look.use(node, "editors", "user-month"), "grafana", "editor", usage="editors")
    yield Line("Viewers", look.use(node, "viewers", "user-month"), "grafana", "viewer", usage="viewers")


free(
    "billed by the workspace",
    "aws:amp/workspaceConfiguration:WorkspaceConfiguration",
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
    "aws:amp/alertManagerDefinition:AlertManagerDefinition",
    "aws:amp/resourcePolicy:ResourcePolicy",
    "aws:grafana/roleAssociation:RoleAssociation",
    "aws:grafana/workspaceServiceAccount:WorkspaceServiceAccount",
    "aws:grafana/workspaceServiceAccountToken:WorkspaceServiceAccountToken",
)
