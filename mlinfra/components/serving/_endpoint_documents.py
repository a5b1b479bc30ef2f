"""What an endpoint's role may do, and the documents of its deployment and alarms: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Context, Range, RefusedError, Statement
from mlinfra.components.registry._given import given
from mlinfra.components.registry.model_registry import ModelRegistryOutputs
from mlinfra.components.serving._endpoint_fields import Deployment, Instances, Model, Strategy
from mlinfra.components.serving._instance_types import instance_types
from mlinfra.errors import UsageError

MAIN, SHADOW = "main", "shadow"
"""Names of the variants: constant, or the scaling of a variant would have to be removed before each replacement."""

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
NETWORK_INTERFACE = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
)
DESCRIBE_NETWORK = (
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def running(context: Context, log_group: str) -> tuple[Statement, ...]:
    """What every endpoint does: write its log and its metrics, and log in to ECR."""
    group = context.arn("logs", f"log-group:{log_group}")
    return (
        Statement(("logs:CreateLogGroup", "logs:DescribeLogStreams"), (group,)),
        Statement(("logs:CreateLogStream", "logs:PutLogEvents"), (pulumi.Output.concat(group, ":log-stream:*"),)),
        Statement(
            ("cloudwatch:PutMetricData",),
            ("*",),
            conditions={"StringEquals": {"cloudwatch:namespace": ["/aws/sagemaker/Endpoints", "AWS/SageMaker"]}},
            reason="metrics have no ARN; the condition keeps to the namespaces of endpoints",
        ),
        Statement(("ecr:GetAuthorizationToken",), ("*",), reason="the token is for the registry, which has no ARN"),
    )


def in_network(context: Context, vpc_id: pulumi.Output[str]) -> tuple[Statement, ...]:
    """Put network interfaces into one VPC."""
    here = {"ArnEquals": {"ec2:Vpc": context.arn("ec2", pulumi.Output.concat("vpc/", vpc_id))}}
    return (
        Statement(DESCRIBE_NETWORK, ("*",), reason="EC2 cannot restrict describing to a resource"),
        Statement(NETWORK_INTERFACE, (context.arn("ec2", "network-interface/*"),)),
        Statement(
            ("ec2:CreateNetworkInterface",),
            (context.arn("ec2", "subnet/*"), context.arn("ec2", "security-group/*")),
            conditions=here,
        ),
    )


def serving(context: Context, model: Model) -> tuple[Statement, ...]:
    """Fetch the image and the artifact of a model.

    A registered version names its image itself, and AWS's own images lie in accounts of AWS, hence all repositories of
    the region: each of them lets in whom its owner wants.
    """
    if model.image is None:
        anywhere = pulumi.Output.concat("arn:", context.partition, ":ecr:", context.region, ":*:repository/*")
        return (Statement(PULL, (anywhere,)),)
    image = pulumi.Output.from_input(given(model.image))
    found = [
        Statement(PULL, (pulumi.Output.all(image, context.partition).apply(lambda x: repository_arn(x[0], x[1])),))
    ]
    location = model.artifact if model.artifact is not None else model.artifact_folder
    if location is not None:
        whole = model.artifact_folder is not None
        uri = pulumi.Output.all(given(location), context.partition)
        found += [
            Statement(("s3:GetObject",), (uri.apply(lambda x: object_arn(x[0], x[1], whole=whole)),)),
            Statement(("s3:ListBucket",), (uri.apply(lambda x: bucket_arn(x[0], x[1])),)),
        ]
    return tuple(found)


def repository_arn(image: str, partition: str) -> str:
    """The ARN of the repository that an image in ECR lies in."""
    host, _, path = image.partition("/")
    account, region = host.split(".")[0], host.split(".")[3]
    return f"arn:{partition}:ecr:{region}:{account}:repository/{path.partition('@')[0].partition(':')[0]}"


def object_arn(uri: str, partition: str, *, whole: bool) -> str:
    """The ARN of an object in S3, or of all below a folder."""
    return f"arn:{partition}:s3:::{uri.removeprefix('s3://')}{'*' if whole else ''}"


def bucket_arn(uri: str, partition: str) -> str:
    """The ARN of the bucket that a URI lies in."""
    return f"arn:{partition}:s3:::{uri.removeprefix('s3://').partition('/')[0]}"


def container(
    model: Model, package_arn: pulumi.Output[str] | None, environment: Mapping[str, str | pulumi.Output[str]]
) -> aws.sagemaker.ModelPrimaryContainerArgsDict:
    """The container of a model, as SageMaker writes it."""
    made: aws.sagemaker.ModelPrimaryContainerArgsDict = {}
    if environment:
        made["environment"] = environment
    if package_arn is not None:
        made["model_package_name"] = package_arn
    if model.image is not None:
        made["image"] = given(model.image)
    if model.artifact is not None:
        made["model_data_url"] = given(model.artifact)
    if model.artifact_folder is not None:
        made["model_data_source"] = {
            "s3_data_sources": [
                {
                    "s3_uri": given(model.artifact_folder),
                    "s3_data_type": "S3Prefix",
                    "compression_type": "None",
                }
            ]
        }
    return made


def deployment_config(
    deployment: Deployment, strategy: Strategy, alarms: list[pulumi.Output[str]]
) -> aws.sagemaker.EndpointDeploymentConfigArgsDict:
    """How a new fleet takes over, and the alarms that take it back."""
    made: aws.sagemaker.EndpointDeploymentConfigArgsDict = {
        "auto_rollback_configuration": {"alarms": [{"alarm_name": name} for name in alarms]}
    }
    if strategy == "rolling":
        made["rolling_update_policy"] = {
            "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": deployment.step_percent},
            "wait_interval_in_seconds": deployment.wait_seconds,
            "maximum_execution_timeout_in_seconds": deployment.timeout_seconds,
        }
        return made
    routing: aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationArgsDict = {
        "type": strategy.upper(),
        "wait_interval_in_seconds": deployment.wait_seconds,
    }
    if strategy == "canary":
        routing["canary_size"] = {"type": "CAPACITY_PERCENT", "value": deployment.step_percent}
    if strategy == "linear":
        routing["linear_step_size"] = {"type": "CAPACITY_PERCENT", "value": deployment.step_percent}
    made["blue_green_update_policy"] = {
        "traffic_routing_configuration": routing,
        "termination_wait_in_seconds": deployment.keep_old_seconds,
        "maximum_execution_timeout_in_seconds": deployment.timeout_seconds,
    }
    return made


def error_rate(dimensions: Mapping[str, str]) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    """Failed requests per hundred. Errors are counted as a sum, requests too; without requests there is no rate."""

    def total(name: str, metric: str) -> aws.cloudwatch.MetricAlarmMetricQueryArgsDict:
        return {
            "id": name,
            "metric": {
                "namespace": "AWS/SageMaker",
                "metric_name": metric,
                "dimensions": dict(dimensions),
                "period": 60,
                "stat": "Sum",
            },
        }

    return [
        total("errors", "Invocation5XXErrors"),
        total("requests", "Invocations"),
        {"id": "rate", "expression": "100 * errors / requests", "label": "Failed requests, %", "return_data": True},
    ]


def fleet(instances: Instances, instance_type: str) -> tuple[int, int]:
    """Fewest and most instances, after the environment has had its say. Raises RefusedError for a type that cannot scale."""
    low = instances.min or 1
    high = max(low, instances.max or low)
    if low < high and instance_types()[instance_type].burstable:
        raise RefusedError(
            f"there are {low} to {high} instances, and SageMaker does not scale `{instance_type}`",
            field="instance_type",
            hint="give `instances` the same `min` and `max`, or take another type",
        )
    return low, high


def strategy_for(deployment: Deployment, low: int) -> Strategy:
    """The strategy that is asked for, or a canary where instances can be divided: a step is at most half of them.

    Raises RefusedError where there is nothing to divide.
    """
    if deployment.strategy is None:
        return "all_at_once" if low == 1 else "canary"
    if deployment.strategy != "all_at_once" and low == 1:
        raise RefusedError(
            f"there is one instance, which `{deployment.strategy}` cannot divide",
            field="deployment.strategy",
            hint="set `instances.min` to 2 or more, or leave `deployment.strategy` out",
        )
    return deployment.strategy


def package(name: str, model: Model, registry: ModelRegistryOutputs | None) -> pulumi.Output[str] | None:
    """The ARN of a registered version, or None for an image."""
    if model.group is None or model.version is None:
        return None
    if registry is None:
        raise UsageError(f"`{name}` serves group `{model.group}` of no registry", hint="give the endpoint `registry`")
    if model.group not in registry.groups:
        known = ", ".join(f"`{group}`" for group in registry.groups)
        raise UsageError(f"the model registry has no group `{model.group}`", hint=f"it has {known}")
    return pulumi.Output.concat(registry.groups[model.group].versions(), "/", given(model.version))


def between(low: int, high: int) -> Range:
    """Instances on average: a quarter of the way from fewest to most."""
    return Range(min=Decimal(low), expected=low + Decimal(high - low) / 4, max=Decimal(high))
