"""The names that nothing else of a type may have, and which field says them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlinfra.graph._standins import TOKEN_DIGITS

NAMED_BY: Mapping[str, str] = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:iam/role:Role": "name",
    "aws:iam/policy:Policy": "name",
    "aws:iam/instanceProfile:InstanceProfile": "name",
    "aws:kms/alias:Alias": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:sns/topic:Topic": "name",
    "aws:sqs/queue:Queue": "name",
    "aws:ecr/repository:Repository": "name",
    "aws:eks/cluster:Cluster": "name",
    "aws:ec2/launchTemplate:LaunchTemplate": "name",
    "aws:ec2/placementGroup:PlacementGroup": "name",
    "aws:sagemaker/model:Model": "name",
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": "name",
    "aws:sagemaker/endpoint:Endpoint": "name",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "modelPackageGroupName",
    "aws:glue/crawler:Crawler": "name",
    "aws:glue/catalogDatabase:CatalogDatabase": "name",
    "aws:athena/workgroup:Workgroup": "name",
    "aws:budgets/budget:Budget": "name",
    "aws:secretsmanager/secret:Secret": "name",
}
"""The field by type. Source: the service's API reference, the operation that creates the resource; each answers "already exists"."""


def identity(type_: str, inputs: Mapping[str, Any]) -> str | None:
    """The name that must be free, None where the type has none or AWS chooses it."""
    if type_.startswith("kubernetes:"):
        metadata = inputs.get("metadata")
        given = metadata if isinstance(metadata, Mapping) else {}
        name = given.get("name") or inputs.get("name")
        return f"{given.get('namespace') or inputs.get('namespace') or ''}/{name}" if name else None
    name = inputs.get(NAMED_BY.get(type_, ""))
    return name if isinstance(name, str) else None


def named(type_: str, outputs: dict[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Stand-in outputs with the name that the program gives in them: AWS makes ids, ARNs and addresses of it."""
    field = NAMED_BY.get(type_, "")
    standin, name = outputs.get(field), identity(type_, inputs)
    if not isinstance(standin, str) or name is None:
        return outputs
    made_up = re.compile(rf"(?<!\w){re.escape(standin[:-TOKEN_DIGITS])}[0-9a-f]{{{TOKEN_DIGITS}}}(?!\w)")
    return {
        key: made_up.sub(lambda _: name, value) if isinstance(value, str) else value for key, value in outputs.items()
    }
