"""bucket: what it creates, whom it lets in, what becomes of its data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import DEV, PROD, granted, made, recorded
from pydantic import ValidationError

from mlinfra.components._grammar import Range, expectations, policy
from mlinfra.components.data.bucket import Bucket, BucketNeeds, BucketSpec, lifecycle_rules
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  key: {kind: encryption_key}
  lake:
    kind: bucket
    description: Everything that a bucket can be told.
    key: key
    deletion: retain
    noncurrent_days: 7
    expire_days: 365
    tags: {team: data}
    expected:
      stored_gib: {min: 1, expected: 2, max: 3}
      put_requests: 1000
      get_requests: 10000
"""

KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"


def test_creates_exactly_these_children() -> None:
    children = made(lambda: Bucket("lake", BucketSpec(), BucketNeeds(), context=DEV))
    document = json.loads(children["lake-tls"].pop("policy"))
    name = DEV.physical_name("lake", limit=63)
    assert children == {
        "lake": {"bucket": name, "forceDestroy": True},
        "lake-encryption": {
            "bucket": "lake",
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
        "lake-versions": {"bucket": "lake", "versioningConfiguration": {"status": "Enabled"}},
        "lake-lifecycle": {
            "bucket": "lake",
            "rules": [
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
        "lake-private": {
            "bucket": "lake",
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        "lake-owner": {"bucket": "lake", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "lake-tls": {"bucket": "lake"},
    }
    (statement,) = document["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_can_carry_tags_does_and_nothing_else() -> None:
    tags = {
        name: inputs.get("tags")
        for name, inputs in recorded(lambda: Bucket("lake", BucketSpec(), BucketNeeds(), context=DEV)).inputs.items()
    }
    assert tags.pop("lake") == {
        "owner": "ml",
        "mlinfra:blueprint": "shop",
        "mlinfra:environment": "dev",
        "mlinfra:component": "it",
    }
    assert set(tags.values()) == {None}


def test_a_given_key_encrypts() -> None:
    key = EncryptionKeyOutputs.of(arn=KEY)
    (rule,) = made(lambda: Bucket("lake", BucketSpec(), BucketNeeds(key=key), context=DEV))["lake-encryption"]["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
        "bucketKeyEnabled": True,
    }


@pytest.mark.parametrize("level", ["read", "write"])
def test_a_grant_names_this_bucket_and_its_key_only_and_writing_needs_write(level: Any) -> None:
    def program() -> Any:
        bucket = Bucket("lake", BucketSpec(), BucketNeeds(key=EncryptionKeyOutputs.of(arn=KEY)), context=DEV)
        return policy([bucket.outputs.grant(level)])

    listing, objects, key = granted(program)
    assert objects["Resource"] == [f"{listing['Resource'][0]}/*"]
    assert key["Resource"] == [KEY]
    assert ("s3:PutObject" in objects["Action"]) is (level == "write")
    assert ("kms:GenerateDataKey" in key["Action"]) is (level == "write")


@pytest.mark.parametrize(
    ("deletion", "context", "force"),
    [(None, PROD, False), (None, DEV, True), ("retain", DEV, False), ("delete", PROD, True)],
)
def test_data_stays_where_it_should(deletion: Any, context: Any, force: bool) -> None:
    spec = BucketSpec(deletion=deletion)
    assert made(lambda: Bucket("lake", spec, BucketNeeds(), context=context))["lake"]["forceDestroy"] is force


def test_what_to_reckon_with_reaches_the_resource() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        spec = BucketSpec.model_validate(
            {"expected": {"stored_gib": {"min": 1, "expected": 2, "max": 3}, "put_requests": 4, "get_requests": 5}}
        )
        made(lambda: Bucket("lake", spec, BucketNeeds(), context=DEV))
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:s3/bucket:Bucket", "lake"): {
            "stored_gib": Range.of(1, 2, 3),
            "put_requests": Range.of(4),
            "get_requests": Range.of(5),
        }
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"deletion": "maybe"},
        {"noncurrent_days": 0},
        {"deletible": True},
        {"expire_days": 0},
        {"expected": {"stored_gib": {"min": 3, "expected": 2, "max": 9}}},
        {"expected": {"stored_gib": "many"}},
        {"expected": {"stored_gib": -1}},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BucketSpec.model_validate(wrong)


def test_objects_past_their_time_go() -> None:
    assert [rule["id"] for rule in lifecycle_rules(7)] == ["old-versions"]
    assert lifecycle_rules(7, 90)[1]["expiration"] == {"days": 90}
