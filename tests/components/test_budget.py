"""budget: what is counted, who is told, and when."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from building import DEV, made
from pydantic import ValidationError

from mlinfra.components.budget.budget import Budget, BudgetNeeds, BudgetSpec, monitored, threshold
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.errors import UsageError

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  watch: {kind: alerts, email: team@example.com}
  spending:
    kind: budget
    alerts: watch
    monthly_usd: 1234.5
    components: {watch: 50}
    whole_account: true
    actual_percent: [40, 90]
    forecast_percent: [100, 120]
    email: [finance@example.com, lead@example.com]
    detect_anomalies: true
    anomaly_min_usd: 25
    anomaly_min_percent: 30
    activate_tags: true
"""
TOPIC = "arn:aws:sns:eu-west-1:111111111111:watch"


def built(spec: dict[str, Any], topic: str | None = TOPIC) -> dict[str, dict[str, Any]]:
    needs = BudgetNeeds(alerts=AlertsOutputs.of(topic_arn=topic) if topic else None)
    return made(lambda: Budget("spending", BudgetSpec.model_validate(spec), needs, context=DEV))


def tags(*values: tuple[str, str]) -> dict[str, Any]:
    return {"ands": [{"tags": {"key": f"mlinfra:{key}", "values": [value]}} for key, value in values]}


def notice(kind: str, percent: int, **to: Any) -> dict[str, Any]:
    return {
        "notificationType": kind,
        "comparisonOperator": "GREATER_THAN",
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        **to,
    }


def test_the_smallest_counts_this_blueprint_and_environment_and_watches_for_jumps() -> None:
    to = {"subscriberSnsTopicArns": [TOPIC]}
    assert built({"monthly_usd": 300}) == {
        "spending": {
            "name": DEV.physical_name("spending", limit=100),
            "budgetType": "COST",
            "timeUnit": "MONTHLY",
            "limitAmount": "300",
            "limitUnit": "USD",
            "filterExpression": tags(("blueprint", "shop"), ("environment", "dev")),
            "metrics": "UnblendedCost",
            "notifications": [
                notice("ACTUAL", 50, **to),
                notice("ACTUAL", 80, **to),
                notice("ACTUAL", 100, **to),
                notice("FORECASTED", 100, **to),
            ],
        },
        "spending-anomalies": {
            "name": DEV.physical_name("spending", "anomalies", limit=100),
            "monitorType": "CUSTOM",
            "monitorSpecification": monitored("shop"),
        },
        "spending-anomalies-told": {
            "name": DEV.physical_name("spending", "anomalies-told", limit=100),
            "frequency": "IMMEDIATE",
            "monitorArnLists": ["arn:costexplorer:anomalyMonitor:spending-anomalies"],
            "subscribers": [{"type": "SNS", "address": TOPIC}],
            "thresholdExpression": {
                "ands": [
                    {
                        "dimension": {
                            "key": f"ANOMALY_TOTAL_IMPACT_{key}",
                            "matchOptions": ["GREATER_THAN_OR_EQUAL"],
                            "values": [value],
                        }
                    }
                    for key, value in (("ABSOLUTE", "100"), ("PERCENTAGE", "20"))
                ]
            },
        },
    }


def test_the_whole_account_single_components_addresses_and_tags() -> None:
    children = built(
        {
            "monthly_usd": "1234.50",
            "whole_account": True,
            "components": {"endpoint": 99},
            "actual_percent": [90, 40],
            "forecast_percent": [],
            "email": "finance@example.com",
            "activate_tags": True,
        },
        topic=None,
    )
    assert set(children) == {
        "spending",
        "spending-endpoint",
        "spending-tag-blueprint",
        "spending-tag-component",
        "spending-tag-environment",
        "spending-anomalies",
        "spending-anomalies-mailed",
    }
    assert "filterExpression" not in children["spending"]
    assert "metrics" not in children["spending"]
    assert children["spending"]["limitAmount"] == "1234.50"
    to = {"subscriberEmailAddresses": ["finance@example.com"]}
    assert children["spending"]["notifications"] == [notice("ACTUAL", 40, **to), notice("ACTUAL", 90, **to)]
    assert children["spending-endpoint"]["filterExpression"] == tags(
        ("blueprint", "shop"), ("environment", "dev"), ("component", "endpoint")
    )
    assert children["spending-tag-component"] == {"tagKey": "mlinfra:component", "status": "Active"}
    assert children["spending-anomalies-mailed"]["frequency"] == "DAILY"
    assert children["spending-anomalies-mailed"]["subscribers"] == [{"type": "EMAIL", "address": "finance@example.com"}]


def test_jumps_need_not_be_watched() -> None:
    assert set(built({"monthly_usd": 1, "detect_anomalies": False})) == {"spending"}


def test_a_budget_that_tells_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="`spending` tells nobody"):
        built({"monthly_usd": 1}, topic=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"monthly_usd": 0},
        {"monthly_usd": "many"},
        {"monthly_usd": "1.234"},
        {"monthly_usd": 1, "actual_percent": [50, 50]},
        {"monthly_usd": 1, "actual_percent": [], "forecast_percent": []},
        {"monthly_usd": 1, "actual_percent": list(range(10, 110, 10)), "forecast_percent": [100]},
        {"monthly_usd": 1, "actual_percent": [0]},
        {"monthly_usd": 1, "email": [f"a{n}@example.com" for n in range(11)]},
        {"monthly_usd": 1, "components": {"endpoint": -1}},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BudgetSpec.model_validate(wrong)


def test_documents_are_written_as_aws_reads_them() -> None:
    assert json.loads(monitored("shop")) == {
        "And": None,
        "CostCategories": None,
        "Dimensions": None,
        "Not": None,
        "Or": None,
        "Tags": {"Key": "mlinfra:blueprint", "MatchOptions": None, "Values": ["shop"]},
    }
    values = [part["dimension"]["values"] for part in threshold(Decimal("1E+3"), 5)["ands"]]  # type: ignore[union-attr, index]  # a literal
    assert values == [["1000"], ["5"]]
