"""What a step can cost beyond money."""

from typing import get_args

import pytest
from plan.kind_types import kind_types

from mlinfra.plan import ABSENT, PropertyChange
from mlinfra.plan._properties import input_paths
from mlinfra.plan.model import Operation, Risk
from mlinfra.plan.replacement import rows
from mlinfra.plan.risk import risk_of

BUCKET = "aws:s3/bucket:Bucket"
VERSIONS = "aws:s3/bucketVersioning:BucketVersioning"
GROUP = "aws:eks/nodeGroup:NodeGroup"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
DRAINED = ("interruption", "its nodes are drained and replaced one after another")
IN_PLACE = ("low", "it is changed in place")
EXPIRED = ("data loss", "log events older than the new retention are deleted")

WITHOUT_LOSS = {
    "aws:budgets/budget:Budget",
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    "aws:costexplorer/anomalySubscription:AnomalySubscription",
    "aws:costexplorer/costAllocationTag:CostAllocationTag",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
    "aws:glue/catalogTableOptimizer:CatalogTableOptimizer",
    "aws:glue/crawler:Crawler",
    "aws:glue/securityConfiguration:SecurityConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "kubernetes:core/v1:ResourceQuota",
    "kubernetes:monitoring.coreos.com/v1:PodMonitor",
    "kubernetes:monitoring.coreos.com/v1:PrometheusRule",
    "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    "kubernetes:policy/v1:PodDisruptionBudget",
    "kubernetes:storage.k8s.io/v1:StorageClass",
}
"""Types of kinds that were thought about and need no row; a new type has to come here or into the table."""


def test_every_type_that_a_kind_creates_was_thought_about():
    assert set(kind_types()) - {row["type"] for row in rows("risk.csv")} - WITHOUT_LOSS == set()


def test_rows_use_the_words_of_the_model():
    assert {row["risk"] for row in rows("risk.csv")} <= set(get_args(Risk))
    assert {word for row in rows("risk.csv") for word in row["operations"].split()} <= set(get_args(Operation))


def test_every_aws_type_exists():
    types = {row["type"] for row in rows("risk.csv") if row["type"].startswith("aws:")}
    assert {type_ for type_ in types if not input_paths(type_)} == set()


@pytest.mark.parametrize("operation", ["same", "keep", "import"])
def test_what_touches_nothing_risks_nothing(operation):
    assert risk_of(operation, BUCKET) == ("none", "")


@pytest.mark.parametrize(
    ("operation", "type_", "properties", "expected"),
    [
        ("create", BUCKET, (), ("none", "")),
        (
            "delete",
            BUCKET,
            (),
            ("data loss", "the objects in the bucket are gone, or the deletion stops because there are some"),
        ),
        ("update", BUCKET, [PropertyChange("forceDestroy", False, True)], IN_PLACE),
        (
            "update",
            BUCKET,
            [PropertyChange("tags.team", "a", "b"), PropertyChange("options › protect", False, True)],
            ("none", ""),
        ),
        (
            "update",
            BUCKET,
            [PropertyChange("tags.team", "a", "b"), PropertyChange("forceDestroy", False, True)],
            IN_PLACE,
        ),
        ("delete", "aws:made/up:Up", (), ("low", "nothing is known to be lost with it")),
        ("update", GROUP, [PropertyChange("launchTemplate.version", "1", "2")], DRAINED),
        ("update", GROUP, [PropertyChange("version", "1.33", "1.34")], DRAINED),
        ("update", GROUP, [PropertyChange("versionX", "1.33", "1.34")], IN_PLACE),
        ("update", GROUP, [PropertyChange("scalingConfig.maxSize", 2, 3)], IN_PLACE),
        ("update", LOGS, [PropertyChange("retentionInDays", 30, 7)], EXPIRED),
        ("update", LOGS, [PropertyChange("retentionInDays", ABSENT, 7)], EXPIRED),
        ("update", LOGS, [PropertyChange("retentionInDays", 0, 7)], EXPIRED),
        ("update", LOGS, [PropertyChange("retentionInDays", 7, 30)], IN_PLACE),
        ("update", LOGS, [PropertyChange("retentionInDays", 7, 0)], IN_PLACE),
        ("update", VERSIONS, [PropertyChange("versioningConfiguration.status", "Suspended", "Enabled")], IN_PLACE),
        (
            "update",
            VERSIONS,
            [PropertyChange("versioningConfiguration.status", "Enabled", "Suspended")],
            ("data loss", "what is overwritten or deleted from then on keeps no earlier version"),
        ),
        (
            "update",
            LIFECYCLE,
            [PropertyChange("rules[0].expiration.days", 30, 7)],
            ("data loss", "objects that the new rules match are deleted for good"),
        ),
        (
            "create",
            "aws:ec2/capacityBlockReservation:CapacityBlockReservation",
            (),
            ("irreversible purchase", "the whole block is paid at once and cannot be cancelled"),
        ),
    ],
)
def test_the_worst_that_a_step_can_do(operation, type_, properties, expected):
    assert risk_of(operation, type_, properties) == expected
