"""The sweep after a destroy, against moto: what is a leftover, what it costs, what is deleted and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws

from mlinfra.blueprint import load_text
from mlinfra.blueprint.model import Deployment
from mlinfra.cost import coverage
from mlinfra.engine.purge import purge
from mlinfra.engine.sweep import Leftover, _sorts, leftovers, sort_of
from mlinfra.graph.model import ResourceGraph, ResourceNode

REGION = "us-east-1"
TEXT = """\
mlinfra: 1
name: shop
environments: {dev: {region: us-east-1}}
components:
  lake: {kind: bucket}
"""
NOTHING = ResourceGraph(nodes=(), blueprint="shop", environment="dev")


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", REGION)):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


@pytest.fixture
def deployment() -> Deployment:
    return load_text(TEXT, environment="dev", environ={})


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def tags(component: str, environment: str = "dev", **more: str) -> dict[str, str]:
    return {"mlinfra:blueprint": "shop", "mlinfra:environment": environment, "mlinfra:component": component, **more}


def listed(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


def bucket(name: str, given: dict[str, str]) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed(given)})
    return f"arn:aws:s3:::{name}"


def key(given: dict[str, str]) -> str:
    made = client("kms").create_key(Tags=[{"TagKey": k, "TagValue": v} for k, v in given.items()])
    return str(made["KeyMetadata"]["Arn"])


def test_what_carries_the_tags_and_was_not_kept_is_a_leftover(deployment: Deployment) -> None:
    left = key(tags("secrets"))
    key(tags("secrets", environment="prod"))
    still_listed = bucket("deleted", tags("lake"))
    bucket("kept", tags("models"))
    retained = ResourceNode(
        urn="urn:pulumi:dev::shop-foundation::aws:s3/bucket:Bucket::models",
        type="aws:s3/bucket:Bucket",
        name="models",
        component="models",
        retain_on_delete=True,
    )
    kept = ResourceGraph(nodes=(retained,), blueprint="shop", environment="dev")

    assert leftovers(deployment, client, known=[still_listed], kept=kept) == (
        Leftover(left, "kms key", "secrets", Decimal("1.00")),
    )


def test_a_snapshot_that_the_clean_up_made_is_kept_on_purpose(deployment: Deployment) -> None:
    ec2 = client("ec2")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    both: list[Any] = []
    for more in ({"mlinfra:snapshot-of": volume}, {}):
        spec = [{"ResourceType": "snapshot", "Tags": listed({**tags("metrics"), **more})}]
        both.append(ec2.create_snapshot(VolumeId=volume, TagSpecifications=spec)["SnapshotId"])

    found = leftovers(deployment, client, known=(), kept=NOTHING)

    assert [(one.arn.rpartition("/")[2], one.words, one.monthly) for one in found] == [
        (both[1], "snapshot of a disk", None)
    ]


def test_purge_deletes_what_it_can_and_says_what_not(deployment: Deployment) -> None:
    ec2 = client("ec2")
    spec = {"Tags": listed(tags("main"))}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", **spec}])["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.0.0.0/24", TagSpecifications=[{"ResourceType": "subnet", **spec}]
    )["Subnet"]["SubnetId"]
    bucket("empty-one", tags("lake"))
    bucket("full-one", tags("lake"))
    client("s3").put_object(Bucket="full-one", Key="data", Body=b"x")
    client("sqs").create_queue(QueueName="jobs", tags=tags("jobs"))
    client("sns").create_topic(Name="told", Tags=listed(tags("jobs")))
    slept: list[float] = []

    found = leftovers(deployment, client, known=(), kept=NOTHING)
    unknown = Leftover("arn:aws:braket:eu-west-1:123456789012:job/1", "braket job", None, None)
    done = purge([*found, unknown], client, slept.append)

    assert sorted(one.words for one in found) == ["bucket", "bucket", "network", "sns topic", "sqs queue", "subnet"]
    assert {arn.rpartition(":")[2]: reason for arn, reason in done.items()} == {
        f"subnet/{subnet}": None,
        f"vpc/{vpc}": None,
        "empty-one": None,
        "full-one": "An error occurred (BucketNotEmpty) when calling the DeleteBucket operation: "
        "The bucket you tried to delete is not empty",
        "jobs": None,
        "told": None,
        "job/1": "mlinfra does not know how to delete this",
    }
    assert slept == [10.0] * 5
    assert [b["Name"] for b in client("s3").list_buckets()["Buckets"]] == ["full-one"]
    assert client("sqs").list_queues().get("QueueUrls", []) == []
    assert client("sns").list_topics()["Topics"] == []


@pytest.mark.parametrize(
    ("arn", "words", "id_"),
    [
        ("arn:aws:s3:::lake", "bucket", "lake"),
        ("arn:aws:logs:eu-west-1:1:log-group:/aws/eks/x/cluster", "log group", "/aws/eks/x/cluster"),
        ("arn:aws:ec2:eu-west-1:1:natgateway/nat-1", "NAT gateway", "nat-1"),
        ("arn:aws:ecr:eu-west-1:1:repository/a/b", "ecr repository", "a/b"),
        ("arn:aws:cloudwatch:eu-west-1:1:alarm:slow", "cloudwatch alarm", "slow"),
    ],
)
def test_an_arn_says_what_it_is(arn: str, words: str, id_: str) -> None:
    sort, found = sort_of(arn)
    assert (sort.words if sort else None, found) == (words, id_)


def test_the_table_names_what_there_is() -> None:
    """Operations and parameters of boto3's models, and types that a charge knows."""
    session = botocore.session.get_session()
    for sort in _sorts().values():
        name = "".join(word.title() for word in sort.operation.split("_"))
        model = session.get_service_model(sort.client)
        (operation,) = (each for each in model.operation_names if each.lower() == name.lower())
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        member = shape.members[sort.parameter.removesuffix("[]")]
        assert (member.type_name == "list") is sort.parameter.endswith("[]"), sort
        assert sort.value in ("id", "arn", "url")
    assert coverage(sort.type for sort in _sorts().values() if sort.type) == ()
