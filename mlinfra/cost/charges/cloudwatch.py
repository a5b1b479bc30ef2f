"""What CloudWatch costs: logs, alarms, dashboards."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line, Unpriced
from mlinfra.cost.charges._reading import Reading, get, inputs, listed, number
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import Quantity
from mlinfra.graph.model import ResourceNode

DAYS = Decimal(730) / 24
"""Days in a month."""


@charges_for(
    "aws:cloudwatch/logGroup:LogGroup",
    usage={
        "ingested_gib": "log data written a month, GiB",
        "stored_gib": "log data kept, compressed, GiB; left out: `ingested_gib` over the retention",
    },
)
def log_group(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Ingestion and storage."""
    rare = node.inputs.get("logGroupClass") == "INFREQUENT_ACCESS"
    sku = "ingestion, infrequent access" if rare else "ingestion"
    ingested = look.use(node, "ingested_gib", "GiB")
    yield Line("Log data ingested", ingested, "cloudwatch_logs", sku, usage="ingested_gib")
    stored, key, formula = look.use(node, "stored_gib", "GiB-month"), "stored_gib", ""
    days = number(inputs(node).get("retentionInDays"))
    if not stored.known and ingested.known and days:
        stored, key = ingested.scaled(days / DAYS, "GiB-month"), "ingested_gib"
        formula = f"`ingested_gib` × {days} days kept ÷ 30.4 × price, as if not compressed"
    yield Line("Log data stored", stored, "cloudwatch_logs", "storage", formula, usage=key)


@charges_for("aws:cloudwatch/metricAlarm:MetricAlarm")
def metric_alarm(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """An alarm is billed for each metric that it looks at: dearer below a minute, three-fold with a band."""
    queries = [query for query in listed(inputs(node).get("metricQueries")) if isinstance(query, dict)]
    metrics = [query for query in queries if query.get("metric") is not None]
    periods = [number(get(query, "metric", "period"), 60) for query in metrics] or [
        number(inputs(node).get("period"), 60)
    ]
    fast = any(period is not None and period < 60 for period in periods)
    # A band is two more metrics: its upper and its lower edge.
    anomaly = node.inputs.get("thresholdMetricId") is not None
    count = Decimal(max(1, len(metrics)) * (3 if anomaly else 1))
    yield Line(
        "Alarm",
        Quantity.exactly(count, "alarm-month"),
        "cloudwatch",
        "high-resolution alarm" if fast else "alarm",
        formula=f"{count} metrics{' (with the band of the anomaly)' if anomaly else ''} × price",
    )


@charges_for("aws:cloudwatch/compositeAlarm:CompositeAlarm")
def composite_alarm(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """One composite alarm."""
    yield Line(
        "Composite alarm",
        Quantity.exactly(1, "alarm-month"),
        "cloudwatch",
        "composite alarm",
        formula="1 alarm × price",
    )


@charges_for("aws:cloudwatch/dashboard:Dashboard")
def dashboard(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """One dashboard. The first three small ones of an account are free tier, which is off."""
    yield Line(
        "Dashboard", Quantity.exactly(1, "dashboard-month"), "cloudwatch", "dashboard", formula="1 dashboard × price"
    )


@charges_for("aws:cloudwatch/logMetricFilter:LogMetricFilter")
def metric_filter(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """The custom metric that the filter publishes; more where it has dimensions."""
    yield Line(
        "Custom metric",
        Quantity.exactly(1, "metric-month"),
        "cloudwatch",
        "metric, first 10 000",
        formula="1 metric × price",
    )


@charges_for("aws:cloudwatch/metricStream:MetricStream")
def metric_stream(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Billed by update."""
    yield Unpriced("Metric updates", "no price of metric streams is known")


free(
    "billed by the log group that it belongs to",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy",
    "aws:cloudwatch/logStream:LogStream",
    "aws:cloudwatch/queryDefinition:QueryDefinition",
    "aws:cloudwatch/logAnomalyDetector:LogAnomalyDetector",
)
free("mutes alarms; the alarms are billed", "aws:cloudwatch/alarmMuteRule:AlarmMuteRule")
