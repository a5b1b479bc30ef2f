"""The bucket of a shared state, against moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mlinfra.blueprint import load
from mlinfra.commands import main
from mlinfra.components._context import Layer
from mlinfra.engine.session import Session
from mlinfra.engine.state_bucket import BLOCKED, StateBucket
from mlinfra.engine.stores import BucketStore, store_of
from mlinfra.engine.watch import refusal

URL = "s3://team-state/platform?region=eu-west-1"
BLUEPRINT = """\
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1, state: "s3://team-state/platform?region=eu-west-1"}
components:
  lake: {kind: bucket}
"""
ALL = (
    "create the bucket in eu-west-1",
    "block public access",
    "keep every version",
    "encrypt",
    "refuse what comes without TLS",
)


@pytest.fixture
def s3(sandbox: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("s3", region_name="eu-west-1")


def bucket(url: str = URL) -> StateBucket:
    store = store_of(url)
    assert isinstance(store, BucketStore)
    return StateBucket(store, "eu-west-1")


def test_it_is_made_private_versioned_encrypted_and_for_tls_alone(s3: Any) -> None:
    assert bucket().missing() == ALL
    assert bucket().create() == ALL
    assert s3.get_bucket_location(Bucket="team-state")["LocationConstraint"] == "eu-west-1"
    assert s3.get_public_access_block(Bucket="team-state")["PublicAccessBlockConfiguration"] == BLOCKED
    assert s3.get_bucket_versioning(Bucket="team-state")["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket="team-state")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (statement,) = json.loads(s3.get_bucket_policy(Bucket="team-state")["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statement["Resource"] == ["arn:aws:s3:::team-state", "arn:aws:s3:::team-state/*"]


def test_again_changes_nothing(s3: Any) -> None:
    bucket().create()
    assert (bucket().missing(), bucket().create()) == ((), ())


def test_of_a_bucket_that_exists_only_what_is_missing_is_done(s3: Any) -> None:
    s3.create_bucket(Bucket="team-state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="team-state", VersioningConfiguration={"Status": "Enabled"})
    own = {"Sid": "Ours", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}
    s3.put_bucket_policy(Bucket="team-state", Policy=json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    done = bucket().create()
    assert ("keep every version" in done, "refuse what comes without TLS" in done) == (False, True)
    statements = json.loads(s3.get_bucket_policy(Bucket="team-state")["Policy"])["Statement"]
    assert [one["Sid"] for one in statements] == ["Ours", "MlinfraTlsOnly"]


def test_in_the_default_region_no_place_is_named(s3: Any) -> None:
    assert bucket("s3://other-state?region=us-east-1").create()[0] == "create the bucket in us-east-1"


def test_the_verb_asks_and_says_what_it_did(s3: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.yaml").write_text(BLUEPRINT)
    assert main(["state", "create"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()[0]) == ("", f"bucket `team-state`: {', '.join(ALL)}")
    assert s3.list_buckets()["Buckets"] == []
    assert main(["state", "create", "--yes", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == list(ALL)
    assert main(["state", "create", "--yes"]) == 0
    assert capsys.readouterr().out == f"nothing to do: the state is at {URL}\n"


def test_files_are_written_and_read_back(s3: Any) -> None:
    # moto refuses what the TLS-only policy denies over plain HTTP or not: this bucket is without.
    s3.create_bucket(Bucket="team-state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    store = bucket().store
    store.write("a/b.json", b"{}")
    assert (store.read("a/b.json"), store.keys("a/"), store.read("none")) == (b"{}", ("a/b.json",), None)


def test_whether_a_state_in_it_can_be_written_is_tried(s3: Any) -> None:
    Path("shop.yaml").write_text(BLUEPRINT)
    session = Session(load("shop.yaml"))
    refused = refusal(session, Layer.FOUNDATION)
    assert refused is not None
    assert refused.startswith("the state bucket `team-state` does not answer: ")
    assert "NoSuchBucket" in refused
    s3.create_bucket(Bucket="team-state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="team-state", VersioningConfiguration={"Status": "Enabled"})
    assert refusal(session, Layer.FOUNDATION) is None
    (probe,) = s3.list_object_versions(Bucket="team-state")["DeleteMarkers"]
    assert probe["Key"] == "platform/.pulumi/stacks/shop-foundation/.mlinfra-probe"
