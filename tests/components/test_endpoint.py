"""endpoint: what it creates, whom it lets in, how a model is replaced and taken back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from building import DEV, PROD, granted, made
from pydantic import ValidationError

from mlinfra.components._grammar import Context, Grant, Port, Range, Statement, expectations, policy
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.components.network.network import NetworkOutputs
from mlinfra.components.registry.model_registry import ModelRegistryOutputs
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs
from mlinfra.components.serving._endpoint_documents import bucket_arn, object_arn, repository_arn
from mlinfra.components.serving._instance_types import instance_types, similar
from mlinfra.components.serving.endpoint import Endpoint, EndpointNeeds, EndpointOutputs, EndpointSpec
from mlinfra.errors import UsageError

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  main: {kind: network}
  key: {kind: encryption_key}
  lake: {kind: bucket}
  watch: {kind: alerts, email: team@example.com}
  models: {kind: model_registry, groups: [fraud]}
  endpoint:
    kind: endpoint
    instance_type: ml.m7i.large
    registry: models
    network: main
    key: key
    alerts: watch
    model: {group: fraud, version: 3}
    access: {lake: read}
    environment: {LAKE: "${lake.name}"}
    instances: {min: 2, max: 6}
    scaling: {invocations_per_minute: 1200, scale_out_seconds: 30, scale_in_seconds: 900}
    deployment: {strategy: linear, step_percent: 25, wait_seconds: 120, keep_old_seconds: 60, timeout_seconds: 3600}
    alarms: {error_percent: 2, latency_ms: 300, disk_percent: 80, memory_percent: 85}
    shadow:
      model:
        image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop/serve:v2
        artifact: s3://shop-models/fraud/model.tar.gz
      instance_type: ml.m7i.xlarge
      instances: 1
      percent: 50
    capture_percent: 10
    capture_days: 30
    isolated: false
    volume_gib: 50
    startup_seconds: 900
    log_days: 30
    expected:
      average_instances: {min: 2, expected: 3, max: 6}
      processed_gib_in: 20
      processed_gib_out: 5
      logged_gib: 2
      captured_gib: {min: 1, expected: 4, max: 9}
      captured_objects: 3000
"""
KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"
IMAGE = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop/serve:v1"
SMALL: dict[str, Any] = {"instance_type": "ml.m7i.large", "model": {"image": IMAGE}}
NAME = DEV.physical_name("endpoint", limit=63)
DIMENSIONS = {"EndpointName": NAME, "VariantName": "main"}


def registry() -> ModelRegistryOutputs:
    group = {"name": "fraud", "arn": "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/fraud"}
    return ModelRegistryOutputs.of(groups={"fraud": group}, bucket_name="b", bucket_arn="arn:aws:s3:::b", key_arn=KEY)


def network() -> NetworkOutputs:
    return NetworkOutputs.of(
        vpc_id="vpc-1",
        cidr="10.0.0.0/16",
        private_subnet_ids=["subnet-1", "subnet-2"],
        public_subnet_ids=[],
        zones=["eu-west-1a", "eu-west-1b"],
    )


def built(spec: dict[str, Any], context: Context = DEV, **needs: Any) -> dict[str, dict[str, Any]]:
    def program() -> None:
        given = {name: value() if callable(value) else value for name, value in needs.items()}
        Endpoint("endpoint", EndpointSpec.model_validate(spec), EndpointNeeds(**given), context=context)

    return made(program)


def statements(children: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Resources by the first action of each statement of the role."""
    found = json.loads(children["endpoint-role-policy"]["policy"])["Statement"]
    return {statement["Action"][0]: statement["Resource"] for statement in found}


def test_the_smallest_is_a_model_behind_a_fixed_name_that_is_taken_back_on_errors() -> None:
    children = built(SMALL)
    assert json.loads(children.pop("endpoint-role-policy")["policy"])["Version"] == "2012-10-17"
    trusted = json.loads(children.pop("endpoint-role")["assumeRolePolicy"])["Statement"][0]
    assert trusted["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}

    def total(name: str, metric: str) -> dict[str, Any]:
        how = {
            "namespace": "AWS/SageMaker",
            "metricName": metric,
            "dimensions": DIMENSIONS,
            "period": 60,
            "stat": "Sum",
        }
        return {"id": name, "metric": how}

    watched = {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
        "treatMissingData": "notBreaching",
    }
    role = children["endpoint-model"].pop("executionRoleArn")
    assert role.endswith(":endpoint-role")
    assert children == {
        "endpoint-log": {"name": f"/aws/sagemaker/Endpoints/{NAME}", "retentionInDays": 90},
        "endpoint-model": {"primaryContainer": {"image": IMAGE}, "enableNetworkIsolation": True},
        "endpoint-config": {
            "productionVariants": [
                {
                    "variantName": "main",
                    "modelName": "endpoint-model",
                    "instanceType": "ml.m7i.large",
                    "initialInstanceCount": 1,
                    "initialVariantWeight": 1,
                    "volumeSizeInGb": 30,
                    "containerStartupHealthCheckTimeoutInSeconds": 600,
                    "modelDataDownloadTimeoutInSeconds": 600,
                    "routingConfigs": [{"routingStrategy": "LEAST_OUTSTANDING_REQUESTS"}],
                }
            ]
        },
        "endpoint-errors": {
            "alarmDescription": "Endpoint endpoint fails to answer more than 1 % of requests",
            "metricQueries": [
                total("errors", "Invocation5XXErrors"),
                total("requests", "Invocations"),
                {
                    "id": "rate",
                    "expression": "100 * errors / requests",
                    "label": "Failed requests, %",
                    "returnData": True,
                },
            ],
            "threshold": 1,
            **watched,
        },
        "endpoint-latency": {
            "alarmDescription": "Endpoint endpoint takes more than 5000 ms for 1 of 100 requests",
            "namespace": "AWS/SageMaker",
            "metricName": "ModelLatency",
            "dimensions": DIMENSIONS,
            "extendedStatistic": "p99",
            "period": 60,
            "threshold": 5_000_000,
            "evaluateLowSampleCountPercentiles": "ignore",
            **watched,
        },
        "endpoint": {
            "name": NAME,
            "endpointConfigName": "endpoint-config",
            "deploymentConfig": {
                "autoRollbackConfiguration": {
                    "alarms": [{"alarmName": "endpoint-errors"}, {"alarmName": "endpoint-latency"}]
                },
                "blueGreenUpdatePolicy": {
                    "trafficRoutingConfiguration": {"type": "ALL_AT_ONCE", "waitIntervalInSeconds": 300},
                    "terminationWaitInSeconds": 300,
                    "maximumExecutionTimeoutInSeconds": 7200,
                },
            },
        },
    }


def test_a_protected_environment_has_two_instances_scales_captures_and_uses_a_canary() -> None:
    children = built(SMALL, PROD)
    name = PROD.physical_name("endpoint", limit=63)
    (variant,) = children["endpoint-config"]["productionVariants"]
    assert variant["initialInstanceCount"] == 2
    routing = children["endpoint"]["deploymentConfig"]["blueGreenUpdatePolicy"]["trafficRoutingConfiguration"]
    assert routing == {
        "type": "CANARY",
        "waitIntervalInSeconds": 300,
        "canarySize": {"type": "CAPACITY_PERCENT", "value": 10},
    }
    assert children["endpoint-scaling"] == {
        "serviceNamespace": "sagemaker",
        "resourceId": f"endpoint/{name}/variant/main",
        "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "minCapacity": 2,
        "maxCapacity": 4,
    }
    assert children["endpoint-scaling-policy"]["targetTrackingScalingPolicyConfiguration"] == {
        "targetValue": 600,
        "predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        "scaleOutCooldown": 60,
        "scaleInCooldown": 600,
    }
    bucket = PROD.physical_name("endpoint", "captures", limit=63)
    assert children["endpoint-captures"] == {"bucket": bucket, "forceDestroy": False}
    assert children["endpoint-config"]["dataCaptureConfig"] == {
        "enableCapture": True,
        "initialSamplingPercentage": 20,
        "destinationS3Uri": f"s3://{bucket}/captures",
        "captureOptions": [{"captureMode": "Input"}, {"captureMode": "Output"}],
        "captureContentTypeHeader": {"csvContentTypes": ["text/csv"], "jsonContentTypes": ["application/json"]},
    }
    assert any(resource.endswith("/captures/*") for resource in statements(children)["s3:GetObject"])


def test_a_registered_version_is_named_and_its_artifact_may_be_read() -> None:
    spec = {**SMALL, "model": {"group": "fraud", "version": 3}, "environment": {"LAKE": "raw"}}
    children = built(spec, registry=registry)
    assert children["endpoint-model"]["primaryContainer"] == {
        "environment": {"LAKE": "raw"},
        "modelPackageName": "arn:aws:sagemaker:eu-west-1:111111111111:model-package/fraud/3",
    }
    allowed = statements(children)
    assert allowed["s3:GetObject"] == ["arn:aws:s3:::b/*"]
    assert allowed["kms:Decrypt"] == [KEY]
    assert allowed["ecr:BatchCheckLayerAvailability"] == ["arn:aws:ecr:eu-west-1:*:repository/*"]


@pytest.mark.parametrize(
    ("model", "container", "objects"),
    [
        (
            {"artifact": "s3://models/a/model.tar.gz"},
            {"modelDataUrl": "s3://models/a/model.tar.gz"},
            "arn:aws:s3:::models/a/model.tar.gz",
        ),
        (
            {"artifact_folder": "s3://models/a/"},
            {
                "modelDataSource": {
                    "s3DataSources": [{"s3Uri": "s3://models/a/", "s3DataType": "S3Prefix", "compressionType": "None"}]
                }
            },
            "arn:aws:s3:::models/a/*",
        ),
    ],
)
def test_an_artifact_is_fetched_and_nothing_beside_it(model: Any, container: Any, objects: str) -> None:
    children = built({**SMALL, "model": {"image": IMAGE, **model}})
    assert children["endpoint-model"]["primaryContainer"] == {"image": IMAGE, **container}
    allowed = statements(children)
    assert allowed["s3:GetObject"] == [objects]
    assert allowed["s3:ListBucket"] == ["arn:aws:s3:::models"]
    assert allowed["ecr:BatchCheckLayerAvailability"] == ["arn:aws:ecr:eu-west-1:111111111111:repository/shop/serve"]


def test_a_network_closes_the_endpoint_and_ports_open_both_ways() -> None:
    grant = Grant((Statement(("x:Y",), ("arn:x",)),), (Port("sg-db", 5432),))
    children = built(SMALL, network=network, access=(grant,))
    group = children["endpoint-https"]["securityGroupId"]
    assert children["endpoint-model"]["vpcConfig"] == {"subnets": ["subnet-1", "subnet-2"], "securityGroupIds": [group]}
    assert children["endpoint-model"]["enableNetworkIsolation"] is False
    assert children["endpoint-network"]["vpcId"] == "vpc-1"
    assert children["endpoint-https"] == {
        "securityGroupId": group,
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "0.0.0.0/0",
    }
    ends = {"ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432}
    assert children["endpoint-to-0"] == {"securityGroupId": group, "referencedSecurityGroupId": "sg-db", **ends}
    assert children["endpoint-from-0"] == {"securityGroupId": "sg-db", "referencedSecurityGroupId": group, **ends}
    found = json.loads(children["endpoint-role-policy"]["policy"])["Statement"]
    assert {"Effect": "Allow", "Action": ["x:Y"], "Resource": ["arn:x"]} in found
    (placed,) = [s for s in found if s["Action"] == ["ec2:CreateNetworkInterface"]]
    assert placed["Condition"] == {"ArnEquals": {"ec2:Vpc": "arn:aws:ec2:eu-west-1:111111111111:vpc/vpc-1"}}


@pytest.mark.parametrize(("kind", "takes_key"), [("ml.m7i.large", True), ("ml.g5.xlarge", False)])
def test_a_key_encrypts_all_but_disks_of_the_machine(kind: str, takes_key: bool) -> None:
    spec = {**SMALL, "instance_type": kind, "capture_percent": 5}
    children = built(spec, key=lambda: EncryptionKeyOutputs.of(arn=KEY))
    assert children["endpoint-config"].get("kmsKeyArn") == (KEY if takes_key else None)
    assert ("volumeSizeInGb" in children["endpoint-config"]["productionVariants"][0]) is takes_key
    assert children["endpoint-config"]["dataCaptureConfig"]["kmsKeyId"] == KEY
    assert children["endpoint-log"]["kmsKeyId"] == KEY
    assert statements(children)["kms:CreateGrant"] == [KEY]


def test_alarms_are_told_by_severity() -> None:
    alerts = {"topic_arn": "arn:all", "critical_topic_arn": "arn:critical"}
    children = built(SMALL, alerts=lambda: AlertsOutputs.of(**alerts))
    told = {name: child["alarmActions"] for name, child in children.items() if "alarmActions" in child}
    assert told == {
        "endpoint-errors": ["arn:critical"],
        "endpoint-latency": ["arn:critical"],
        "endpoint-disk": ["arn:all"],
        "endpoint-memory": ["arn:all"],
    }
    assert children["endpoint-disk"] == {
        "alarmDescription": "Instances of endpoint endpoint use more than 85 % of their disk",
        "namespace": "/aws/sagemaker/Endpoints",
        "metricName": "DiskUtilization",
        "dimensions": DIMENSIONS,
        "statistic": "Maximum",
        "period": 300,
        "threshold": 85,
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 3,
        "treatMissingData": "notBreaching",
        "alarmActions": ["arn:all"],
    }


@pytest.mark.parametrize(
    ("strategy", "policy_of"),
    [
        (
            "linear",
            {
                "blueGreenUpdatePolicy": {
                    "trafficRoutingConfiguration": {
                        "type": "LINEAR",
                        "waitIntervalInSeconds": 60,
                        "linearStepSize": {"type": "CAPACITY_PERCENT", "value": 50},
                    },
                    "terminationWaitInSeconds": 300,
                    "maximumExecutionTimeoutInSeconds": 7200,
                }
            },
        ),
        (
            "rolling",
            {
                "rollingUpdatePolicy": {
                    "maximumBatchSize": {"type": "CAPACITY_PERCENT", "value": 50},
                    "waitIntervalInSeconds": 60,
                    "maximumExecutionTimeoutInSeconds": 7200,
                }
            },
        ),
    ],
)
def test_other_ways_to_replace(strategy: str, policy_of: dict[str, Any]) -> None:
    deployment = {"strategy": strategy, "step_percent": 50, "wait_seconds": 60}
    config = built({**SMALL, "instances": {"min": 2, "max": 2}, "deployment": deployment})["endpoint"][
        "deploymentConfig"
    ]
    config.pop("autoRollbackConfiguration")
    assert config == policy_of


def test_a_shadow_gets_its_share_of_copies() -> None:
    other = IMAGE.replace("v1", "v2")
    shadow = {"model": {"image": other}, "instance_type": "ml.m7i.xlarge", "instances": 2, "percent": 25}
    children = built({**SMALL, "shadow": shadow})
    assert children["endpoint-shadow"]["primaryContainer"] == {"image": other}
    assert children["endpoint-config"]["shadowProductionVariants"] == [
        {
            "variantName": "shadow",
            "modelName": "endpoint-shadow",
            "instanceType": "ml.m7i.xlarge",
            "initialInstanceCount": 2,
            "initialVariantWeight": 0.25,
            "volumeSizeInGb": 30,
            "containerStartupHealthCheckTimeoutInSeconds": 600,
            "modelDataDownloadTimeoutInSeconds": 600,
        }
    ]


@pytest.mark.parametrize(
    ("expected", "instances"),
    [
        ({}, Range(min=Decimal(2), expected=Decimal(3), max=Decimal(6))),
        ({"average_instances": 4}, Range.of(4)),
    ],
)
def test_what_to_reckon_with_reaches_what_it_costs_on(expected: dict[str, Any], instances: Range) -> None:
    usage = {"processed_gib_in": 1, "processed_gib_out": 2, "logged_gib": 3, "captured_gib": 4, "captured_objects": 5}
    spec = {**SMALL, "capture_percent": 5, "instances": {"min": 2, "max": 6}, "expected": {**usage, **expected}}
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        built(spec)
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:sagemaker/endpoint:Endpoint", "endpoint"): {
            "average_instances": instances,
            "processed_gib_in": Range.of(1),
            "processed_gib_out": Range.of(2),
        },
        ("aws:cloudwatch/logGroup:LogGroup", "endpoint-log"): {"ingested_gib": Range.of(3)},
        ("aws:s3/bucket:Bucket", "endpoint-captures"): {
            "stored_gib": Range.of(4),
            "put_requests": Range.of(5),
            "get_requests": Range.of(5),
        },
    }


def test_a_grant_invokes_this_endpoint_only() -> None:
    (statement,) = granted(lambda: policy([EndpointOutputs.of(name="n", arn="arn:e").grant("invoke")]))
    assert statement == {
        "Effect": "Allow",
        "Action": ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"],
        "Resource": ["arn:e"],
    }


@pytest.mark.parametrize(
    ("spec", "needs", "message"),
    [
        ({"model": {"group": "fraud", "version": 1}}, {}, "of no registry"),
        ({"model": {"group": "churn", "version": 1}}, {"registry": registry}, "no group `churn`"),
        ({"deployment": {"strategy": "canary"}}, {}, "one instance, which `canary` cannot divide"),
        ({}, {"access": (Grant((), (Port("sg", 1),)),)}, "in no network"),
    ],
)
def test_what_only_shows_with_its_surroundings_is_refused(
    spec: dict[str, Any], needs: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        built({**SMALL, **spec}, **needs)


def test_a_burstable_type_does_not_scale() -> None:
    with pytest.raises(UsageError, match=r"does not scale `ml.t2.medium`"):
        built({**SMALL, "instance_type": "ml.t2.medium"}, PROD)
    small = {**SMALL, "instance_type": "ml.t2.medium", "instances": {"min": 2, "max": 2}}
    assert "endpoint-scaling" not in built(small, PROD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance_type": "ml.m7i.larg"},
        {"instance_type": "m7i.large"},
        {"model": {}},
        {"model": {"group": "fraud"}},
        {"model": {"group": "fraud", "version": "latest"}},
        {"model": {"group": "fraud", "version": 1, "image": IMAGE}},
        {"model": {"group": "fraud", "version": 1, "artifact": "s3://models/a.tar.gz"}},
        {"model": {"image": "python:3.12"}},
        {"model": {"image": IMAGE, "artifact": "s3://models/a/"}},
        {"model": {"image": IMAGE, "artifact_folder": "s3://models/a"}},
        {"model": {"image": IMAGE, "artifact": "s3://models/a", "artifact_folder": "s3://models/a/"}},
        {"instances": {"min": 3, "max": 2}},
        {"instances": {"min": 0}},
        {"deployment": {"strategy": "linear", "step_percent": 5}},
        {"deployment": {"strategy": "linear", "wait_seconds": 3600}},
        {"deployment": {"step_percent": 60}},
        {"instance_type": "ml.g5.xlarge", "volume_gib": 100},
        {"instance_type": "ml.t2.medium", "instances": {"min": 1, "max": 2}},
        {"capture_percent": 101},
        {"log_days": 8},
        {"shadow": {"model": {"image": IMAGE}, "instance_type": "ml.none"}},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EndpointSpec.model_validate({**SMALL, **wrong})


def test_a_wrong_type_is_met_with_similar_ones() -> None:
    with pytest.raises(
        ValidationError, match=r"`ml.m7i.larg` is not an instance type of SageMaker endpoints; similar: `ml.m7i.large`"
    ):
        EndpointSpec.model_validate({**SMALL, "instance_type": "ml.m7i.larg"})
    assert similar("zzz") == ()


def test_the_table_of_types_tells_disks_and_accelerators() -> None:
    types = instance_types()
    assert (types["ml.m7i.large"].local_nvme, types["ml.m7i.large"].accelerators) == (False, 0)
    assert (types["ml.g5.12xlarge"].local_nvme, types["ml.g5.12xlarge"].accelerators) == (True, 4)
    assert [name for name, kind in types.items() if kind.burstable] == [
        "ml.t2.large",
        "ml.t2.medium",
        "ml.t2.xlarge",
        "ml.t2.2xlarge",
    ]


def test_names_in_arns_are_taken_from_images_and_addresses() -> None:
    digest = f"1.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b@sha256:{'0' * 64}"
    assert repository_arn(digest, "aws-cn") == "arn:aws-cn:ecr:cn-north-1:1:repository/a/b"
    assert repository_arn("1.dkr.ecr.eu-west-1.amazonaws.com/a:v1", "aws") == "arn:aws:ecr:eu-west-1:1:repository/a"
    assert object_arn("s3://models/a/", "aws", whole=True) == "arn:aws:s3:::models/a/*"
    assert object_arn("s3://models/a.tar.gz", "aws", whole=False) == "arn:aws:s3:::models/a.tar.gz"
    assert bucket_arn("s3://models/a/b", "aws") == "arn:aws:s3:::models"
