"""Flow logs: who talked to whom in a network, kept for a time."""

from __future__ import annotations

from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component, Range, Spec, Statement, by_environment, policy, trust
from mlinfra.components.network._network_endpoints import console_name

RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""What CloudWatch Logs takes (API reference, PutRetentionPolicy, 2026-11)."""


class FlowLogs(Spec):
    """What is written down about the network's traffic."""

    traffic: Literal["all", "rejected", "none"] = "all"
    """Which connections. Left out: all. `none` makes no flow log."""
    retention_days: RetentionDays | None = by_environment(protected=365, otherwise=30)
    """Days to keep them. Left out: 365 in a protected environment, 30 elsewhere."""
    interval_seconds: Literal[60, 600] = 600
    """How long connections are summed up before a line is written. Left out: 600."""


def add_flow_log(
    component: Component[Any, Any, Any],
    name: str,
    *,
    vpc_id: pulumi.Output[str],
    spec: FlowLogs,
    key_arn: pulumi.Output[str] | None,
    ingested_gib: Range,
) -> None:
    """Make the flow log, its log group and its role as children of ``component``."""
    group = aws.cloudwatch.LogGroup(
        f"{name}-flow-logs",
        name=component.fixed_name(name, "flow-logs", limit=512),
        retention_in_days=spec.retention_days,
        kms_key_id=key_arn,
        opts=component.child(),
    )
    component.expect(group, ingested_gib=ingested_gib)
    role = aws.iam.Role(
        f"{name}-flow-logs-role",
        assume_role_policy=trust("vpc-flow-logs.amazonaws.com", component.context),
        permissions_boundary=component.context.permissions_boundary,
        opts=component.child(),
    )
    writing = aws.iam.RolePolicy(
        f"{name}-flow-logs-policy",
        role=role.name,
        policy=policy(flow_log_statements(group.arn)),
        opts=component.child(),
    )
    aws.ec2.FlowLog(
        f"{name}-flow-log",
        vpc_id=vpc_id,
        traffic_type="ALL" if spec.traffic == "all" else "REJECT",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=spec.interval_seconds,
        tags=console_name(component, name),
        opts=component.child(depends_on=[writing]),
    )


def flow_log_statements(group_arn: pulumi.Output[str]) -> tuple[Statement, ...]:
    """What the flow log service does: find the group, make streams in it, write."""
    inside = pulumi.Output.concat(group_arn, ":*")
    return (
        Statement(("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"), (group_arn, inside)),
        Statement(("logs:DescribeLogGroups",), ("*",), reason="the service lists groups before it knows their names"),
    )
