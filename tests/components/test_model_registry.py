"""model_registry: groups, artifacts, who is told of promotions, and who else may read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import DEV, PROD, granted, made
from pydantic import ValidationError

from mlinfra.components._grammar import Range, expectations, policy
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.components.registry.model_registry import (
    ModelRegistry,
    ModelRegistryNeeds,
    ModelRegistryOutputs,
    ModelRegistrySpec,
    packages_of,
)
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  key: {kind: encryption_key}
  watch: {kind: alerts, email: team@example.com}
  models:
    kind: model_registry
    key: key
    alerts: watch
    groups: [fraud, churn]
    tell: [registered, approved]
    shared_with: ["333333333333"]
    noncurrent_days: 10
    deletion: retain
    expected: {stored_gib: 5, put_requests: 10, get_requests: 20}
"""
KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"
OTHER = "arn:aws:iam::333333333333:root"


def built(spec: dict[str, Any], *, key: str | None = None, topic: str | None = None, context: Any = DEV) -> Any:
    needs = ModelRegistryNeeds(
        key=EncryptionKeyOutputs.of(arn=key) if key else None,
        alerts=AlertsOutputs.of(topic_arn=topic) if topic else None,
    )
    return made(lambda: ModelRegistry("models", ModelRegistrySpec.model_validate(spec), needs, context=context))


def test_a_group_and_a_private_bucket() -> None:
    children = built({"groups": ["fraud"]})
    assert set(children) == {
        "models-fraud",
        "models-artifacts",
        "models-artifacts-encryption",
        "models-artifacts-versions",
        "models-artifacts-lifecycle",
        "models-artifacts-private",
        "models-artifacts-owner",
        "models-artifacts-tls",
    }
    assert children["models-fraud"] == {
        "modelPackageGroupName": DEV.physical_name("models", "fraud", limit=63),
        "modelPackageGroupDescription": "Versions of fraud: shop, dev",
    }
    assert children["models-artifacts"] == {
        "bucket": DEV.physical_name("models", "artifacts", limit=63),
        "forceDestroy": True,
    }
    assert [s["Sid"] for s in json.loads(children["models-artifacts-tls"]["policy"])["Statement"]] == ["TlsOnly"]


def test_promotions_are_told() -> None:
    children = built({"groups": ["fraud"]}, topic="arn:t")
    name = DEV.physical_name("models", "fraud", limit=63)
    rule = children["models-promotions"]
    assert json.loads(rule["eventPattern"]) == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [name], "ModelApprovalStatus": ["Approved", "Rejected"]},
    }
    assert children["models-promotions-target"] == {
        "rule": "models-promotions",
        "arn": "arn:t",
        "inputTransformer": {
            "inputPaths": {
                "group": "$.detail.ModelPackageGroupName",
                "version": "$.detail.ModelPackageVersion",
                "status": "$.detail.ModelApprovalStatus",
            },
            "inputTemplate": '"Model <group>, version <version>: <status>"',
        },
    }
    assert not [child for child in built({"groups": ["fraud"], "tell": []}, topic="arn:t") if "promotions" in child]


def test_other_accounts_read_group_bucket_and_key() -> None:
    children = built({"groups": ["fraud"], "shared_with": ["333333333333"]}, key=KEY)
    bucket = json.loads(children["models-artifacts-tls"]["policy"])["Statement"]
    arn = bucket[0]["Resource"][0]
    assert bucket[0]["Effect"] == "Deny"
    assert bucket[1:] == [
        {
            "Sid": "ListElsewhere",
            "Effect": "Allow",
            "Principal": {"AWS": [OTHER]},
            "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
            "Resource": arn,
        },
        {
            "Sid": "ReadElsewhere",
            "Effect": "Allow",
            "Principal": {"AWS": [OTHER]},
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": f"{arn}/*",
        },
    ]
    group = json.loads(children["models-fraud-policy"]["resourcePolicy"])["Statement"]
    assert [(s["Principal"], s["Action"]) for s in group] == [
        ({"AWS": [OTHER]}, ["sagemaker:DescribeModelPackageGroup"]),
        (
            {"AWS": [OTHER]},
            ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"],
        ),
    ]
    assert children["models-key-333333333333"] == {
        "keyId": KEY,
        "granteePrincipal": OTHER,
        "operations": ["Decrypt", "DescribeKey"],
    }


def test_without_a_key_no_key_is_shared() -> None:
    children = built({"groups": ["fraud"], "shared_with": ["333333333333"]})
    assert not [child for child in children if child.startswith("models-key")]


@pytest.mark.parametrize(("context", "force"), [(DEV, True), (PROD, False)])
def test_artifacts_stay_where_they_should(context: Any, force: bool) -> None:
    assert built({"groups": ["fraud"]}, context=context)["models-artifacts"]["forceDestroy"] is force


@pytest.mark.parametrize("level", ["read", "write"])
def test_a_grant_names_groups_versions_bucket_and_key(level: Any) -> None:
    def program() -> Any:
        group = {"name": "fraud", "arn": "arn:aws:sagemaker:r:1:model-package-group/fraud"}
        outputs = ModelRegistryOutputs.of(groups={"fraud": group}, bucket_name="b", bucket_arn="arn:b", key_arn=KEY)
        return policy([outputs.grant(level)])

    listing, groups, packages, bucket, objects, key = granted(program)
    assert (listing["Action"], listing["Resource"]) == (["sagemaker:ListModelPackages"], ["*"])
    assert groups["Resource"] == ["arn:aws:sagemaker:r:1:model-package-group/fraud"]
    assert packages["Resource"] == ["arn:aws:sagemaker:r:1:model-package/fraud/*"]
    assert ("sagemaker:UpdateModelPackage" in packages["Action"]) is (level == "write")
    assert (bucket["Resource"], objects["Resource"], key["Resource"]) == (["arn:b"], ["arn:b/*"], [KEY])
    assert ("s3:PutObject" in objects["Action"]) is (level == "write")


def test_what_to_reckon_with_reaches_the_bucket() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        built({"groups": ["fraud"], "expected": {"stored_gib": 1, "put_requests": 2, "get_requests": 3}})
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:s3/bucket:Bucket", "models-artifacts"): {
            "stored_gib": Range.of(1),
            "put_requests": Range.of(2),
            "get_requests": Range.of(3),
        }
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"groups": []},
        {"groups": ["Fraud"]},
        {"groups": ["fraud", "fraud"]},
        {"groups": ["fraud"], "tell": ["deleted"]},
        {"groups": ["fraud"], "shared_with": ["12"]},
        {"groups": ["fraud"], "noncurrent_days": 0},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelRegistrySpec.model_validate(wrong)


def test_versions_have_arns_below_their_group() -> None:
    assert packages_of("arn:aws:sagemaker:r:1:model-package-group/a") == "arn:aws:sagemaker:r:1:model-package/a"
