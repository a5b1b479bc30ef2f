"""Children of an endpoint that stand beside it: its security group, its alarms, its scaling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component, Grant
from mlinfra.components.monitoring.alerts import AlertsOutputs, Severity
from mlinfra.components.network.network import NetworkOutputs
from mlinfra.components.serving._endpoint_documents import MAIN, error_rate
from mlinfra.components.serving._endpoint_fields import Alarms, Scaling

AnyComponent = Component[Any, Any, Any]


def security_group(
    component: AnyComponent, name: str, network: NetworkOutputs, access: Sequence[Grant]
) -> aws.ec2.SecurityGroup:
    """Nothing in, HTTPS out, and both sides of each port that is granted."""
    group = aws.ec2.SecurityGroup(
        f"{name}-network",
        description=f"Endpoint {name}: nothing in, HTTPS out",
        vpc_id=network.vpc_id,
        opts=component.child(),
    )
    # SageMaker fetches image and model through these interfaces, from S3 and ECR, whose addresses change.
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-https",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4="0.0.0.0/0",
        opts=component.child(),
    )
    for index, port in enumerate(port for grant in access for port in grant.ports):
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-to-{index}",
            security_group_id=group.id,
            referenced_security_group_id=port.security_group_id,
            ip_protocol="tcp",
            from_port=port.port,
            to_port=port.port,
            opts=component.child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-from-{index}",
            security_group_id=port.security_group_id,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=port.port,
            to_port=port.port,
            opts=component.child(),
        )
    return group


def alarms(
    component: AnyComponent, name: str, fixed: str, limits: Alarms, alerts: AlertsOutputs | None
) -> list[aws.cloudwatch.MetricAlarm]:
    """Errors and latency, in this order; they take replacements back. Disk and memory only where somebody is told."""
    dimensions = {"EndpointName": fixed, "VariantName": MAIN}

    def told(severity: Severity) -> list[pulumi.Output[str]] | None:
        return [alerts.topic(severity)] if alerts else None

    errors = aws.cloudwatch.MetricAlarm(
        f"{name}-errors",
        alarm_description=f"Endpoint {name} fails to answer more than {limits.error_percent} % of requests",
        metric_queries=error_rate(dimensions),
        threshold=limits.error_percent,
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=5,
        datapoints_to_alarm=3,
        treat_missing_data="notBreaching",
        alarm_actions=told("critical"),
        ok_actions=told("critical"),
        opts=component.child(),
    )
    latency = aws.cloudwatch.MetricAlarm(
        f"{name}-latency",
        alarm_description=f"Endpoint {name} takes more than {limits.latency_ms} ms for 1 of 100 requests",
        namespace="AWS/SageMaker",
        metric_name="ModelLatency",
        dimensions=dimensions,
        extended_statistic="p99",
        period=60,
        threshold=limits.latency_ms * 1000,  # the metric is in microseconds
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=5,
        datapoints_to_alarm=3,
        evaluate_low_sample_count_percentiles="ignore",
        treat_missing_data="notBreaching",
        alarm_actions=told("critical"),
        ok_actions=told("critical"),
        opts=component.child(),
    )
    if alerts:
        for part, metric, limit in (
            ("disk", "DiskUtilization", limits.disk_percent),
            ("memory", "MemoryUtilization", limits.memory_percent),
        ):
            aws.cloudwatch.MetricAlarm(
                f"{name}-{part}",
                alarm_description=f"Instances of endpoint {name} use more than {limit} % of their {part}",
                namespace="/aws/sagemaker/Endpoints",
                metric_name=metric,
                dimensions=dimensions,
                statistic="Maximum",
                period=300,
                threshold=limit,
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=3,
                treat_missing_data="notBreaching",
                alarm_actions=told("warning"),
                opts=component.child(),
            )
    return [errors, latency]


def scale(
    component: AnyComponent, name: str, scaling: Scaling, endpoint: aws.sagemaker.Endpoint, *, between: tuple[int, int]
) -> None:
    """Follow the requests between the fewest and the most instances."""
    # Depends on the endpoint, so it is removed first: SageMaker refuses to delete a variant that is scaled.
    target = aws.appautoscaling.Target(
        f"{name}-scaling",
        service_namespace="sagemaker",
        resource_id=pulumi.Output.concat("endpoint/", endpoint.name, "/variant/", MAIN),
        scalable_dimension="sagemaker:variant:DesiredInstanceCount",
        min_capacity=between[0],
        max_capacity=between[1],
        opts=component.child(),
    )
    aws.appautoscaling.Policy(
        f"{name}-scaling-policy",
        service_namespace=target.service_namespace,
        resource_id=target.resource_id,
        scalable_dimension=target.scalable_dimension,
        policy_type="TargetTrackingScaling",
        target_tracking_scaling_policy_configuration={
            "target_value": scaling.invocations_per_minute,
            "predefined_metric_specification": {"predefined_metric_type": "SageMakerVariantInvocationsPerInstance"},
            "scale_out_cooldown": scaling.scale_out_seconds,
            "scale_in_cooldown": scaling.scale_in_seconds,
        },
        opts=component.child(),
    )
