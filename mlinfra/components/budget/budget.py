"""A monthly limit on what the platform costs: notices at thresholds, by forecast, and when costs jump."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, TypeAlias

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Component, ComponentName, Context, Layer, Needs, Outputs, Spec
from mlinfra.components.monitoring.alerts import AlertsOutputs, Email, addresses
from mlinfra.errors import UsageError

Usd: TypeAlias = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
Percent: TypeAlias = Annotated[int, Field(ge=1, le=1000)]
NOTICES = 10
"""Notices that AWS Budgets takes for one budget (API model, 2026-11)."""
TAGS = ("mlinfra:blueprint", "mlinfra:component", "mlinfra:environment")
"""Tags on everything that is made, by which costs are told apart once the payer account has activated them."""


class BudgetSpec(Spec):
    """What a blueprint may say about a budget."""

    monthly_usd: Usd
    """Limit for a calendar month, US dollars. It is a threshold for notices; nothing is stopped."""
    components: Mapping[ComponentName, Usd] = {}
    """Limits of single components, US dollars a month, by component name. Left out: none."""
    whole_account: bool = False
    """Count all costs of the account, not only what is tagged with this blueprint and environment. Left out: false."""
    actual_percent: tuple[Percent, ...] = (50, 80, 100)
    """Percentages of the limit at which actual costs are told. Left out: 50, 80, 100."""
    forecast_percent: tuple[Percent, ...] = (100,)
    """Percentages of the limit at which AWS's forecast for the month is told. Left out: 100."""
    email: Email | tuple[Email, ...] = ()
    """Address or addresses, at most 10, that are told besides `alerts`; they need not confirm. Left out: none."""
    detect_anomalies: bool = True
    """Watch for jumps in the costs of the blueprint, all its environments in the account together. Left out: true."""
    anomaly_min_usd: Usd = Decimal(100)
    """A jump is told if it costs at least this, US dollars. Left out: 100."""
    anomaly_min_percent: Percent = 20
    """A jump is told if it is also at least this percentage above what was expected. Left out: 20."""
    activate_tags: bool = False
    """Activate mlinfra's tags for cost allocation. Only a payer account may, and only about a day after a tag was first
    used. Left out: false: activate them by hand, or costs by tag stay empty."""

    @model_validator(mode="after")
    def _as_aws_takes_it(self) -> BudgetSpec:
        for field in ("actual_percent", "forecast_percent"):
            given = getattr(self, field)
            if len(set(given)) < len(given):
                raise PydanticCustomError("twice", "`{field}` names a percentage twice", {"field": field})
        if not 1 <= (count := len(self.actual_percent) + len(self.forecast_percent)) <= NOTICES:
            raise PydanticCustomError(
                "notices",
                "{count} percentages in `actual_percent` and `forecast_percent` together; AWS takes 1 to {limit}",
                {"count": count, "limit": NOTICES},
            )
        if len(addresses(self.email)) > 10:
            raise PydanticCustomError("addresses", "AWS Budgets mails to at most 10 addresses; use `alerts` for more")
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class BudgetNeeds(Needs):
    """What a budget can be given."""

    alerts: AlertsOutputs | None = None
    """Where notices go. Required unless `email` is given."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BudgetOutputs(Outputs):
    """What other components may use of a budget."""

    name: pulumi.Output[str]
    anomaly_monitor_arn: pulumi.Output[str] | None = None


class Budget(Component[BudgetSpec, BudgetNeeds, BudgetOutputs]):
    """Creates the budget, one for each component that has a limit, and a watch for jumps."""

    layer = Layer.FOUNDATION

    @classmethod
    def requirements(cls, spec: BudgetSpec) -> Mapping[str, str]:
        """Somebody must be told."""
        return {} if addresses(spec.email) else {"alerts": "it tells nobody without, unless `email` is given"}

    def build(self, name: str, spec: BudgetSpec, needs: BudgetNeeds) -> BudgetOutputs:
        emails = addresses(spec.email)
        topics = [needs.alerts.topic_arn] if needs.alerts else []
        if not (emails or topics):
            raise UsageError(f"budget `{name}` tells nobody", hint="give it `email`, or a component of kind `alerts`")
        notices = notifications(spec, emails, topics)
        budget = self._budget(name, "", spec.monthly_usd, None if spec.whole_account else {}, notices)
        for component, limit in spec.components.items():
            self._budget(name, component, limit, {"mlinfra:component": component}, notices)
        if spec.activate_tags:
            for tag in TAGS:
                aws.costexplorer.CostAllocationTag(
                    f"{name}-tag-{tag.partition(':')[2]}", tag_key=tag, status="Active", opts=self.child()
                )
        monitor = self._watch(name, spec, emails, topics) if spec.detect_anomalies else None
        return BudgetOutputs(name=budget.name, anomaly_monitor_arn=monitor.arn if monitor else None)

    def _budget(
        self,
        name: str,
        part: str,
        limit: Decimal,
        tags: Mapping[str, str] | None,
        notices: list[aws.budgets.BudgetNotificationArgsDict],
    ) -> aws.budgets.Budget:
        return aws.budgets.Budget(
            f"{name}-{part}" if part else name,
            name=self.fixed_name(name, part, limit=100),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{limit:f}",
            limit_unit="USD",
            filter_expression=None if tags is None else tagged(self.context, tags),
            metrics=None if tags is None else "UnblendedCost",
            notifications=notices,
            opts=self.child(),
        )

    def _watch(
        self, name: str, spec: BudgetSpec, emails: Sequence[str], topics: Sequence[pulumi.Output[str]]
    ) -> aws.costexplorer.AnomalyMonitor:
        monitor = aws.costexplorer.AnomalyMonitor(
            f"{name}-anomalies",
            name=self.fixed_name(name, "anomalies", limit=100),
            monitor_type="CUSTOM",
            monitor_specification=monitored(self.context.blueprint),
            opts=self.child(),
        )
        # AWS tells topics at once and addresses once a day; one subscription cannot do both.
        for part, frequency, kind, to in (
            ("told", "IMMEDIATE", "SNS", list(topics)),
            ("mailed", "DAILY", "EMAIL", list(emails)),
        ):
            if to:
                aws.costexplorer.AnomalySubscription(
                    f"{name}-anomalies-{part}",
                    name=self.fixed_name(name, f"anomalies-{part}", limit=100),
                    frequency=frequency,
                    monitor_arn_lists=[monitor.arn],
                    subscribers=[{"type": kind, "address": address} for address in to],
                    threshold_expression=threshold(spec.anomaly_min_usd, spec.anomaly_min_percent),
                    opts=self.child(),
                )
        return monitor


def notifications(
    spec: BudgetSpec, emails: Sequence[str], topics: Sequence[pulumi.Output[str]]
) -> list[aws.budgets.BudgetNotificationArgsDict]:
    """One notice for each percentage, to all who are told."""
    wanted = [("ACTUAL", percent) for percent in sorted(spec.actual_percent)]
    wanted += [("FORECASTED", percent) for percent in sorted(spec.forecast_percent)]
    return [
        {
            "notification_type": kind,
            "comparison_operator": "GREATER_THAN",
            "threshold": percent,
            "threshold_type": "PERCENTAGE",
            "subscriber_email_addresses": list(emails) or None,
            "subscriber_sns_topic_arns": list(topics) or None,
        }
        for kind, percent in wanted
    ]


def tagged(context: Context, tags: Mapping[str, str]) -> aws.budgets.BudgetFilterExpressionArgsDict:
    """Costs of this blueprint and environment only, and of what else ``tags`` say."""
    own = {"mlinfra:blueprint": context.blueprint, "mlinfra:environment": context.environment, **tags}
    return {"ands": [{"tags": {"key": key, "values": [value]}} for key, value in own.items()]}


def monitored(blueprint: str) -> str:
    """What a watch looks at. A custom watch takes one tag, hence the blueprint without the environment.

    Sorted, with every key that AWS adds: otherwise each plan would show a difference and replace the watch.
    """
    tags = {"Key": "mlinfra:blueprint", "MatchOptions": None, "Values": [blueprint]}
    empty = dict.fromkeys(("And", "CostCategories", "Dimensions", "Not", "Or"))
    return json.dumps({**empty, "Tags": tags}, sort_keys=True)


def threshold(usd: Decimal, percent: int) -> aws.costexplorer.AnomalySubscriptionThresholdExpressionArgsDict:
    """A jump counts if it is large both in money and against what was expected."""
    limits = {"ANOMALY_TOTAL_IMPACT_ABSOLUTE": f"{usd:f}", "ANOMALY_TOTAL_IMPACT_PERCENTAGE": str(percent)}
    return {
        "ands": [
            {"dimension": {"key": key, "match_options": ["GREATER_THAN_OR_EQUAL"], "values": [value]}}
            for key, value in limits.items()
        ]
    }
