"""Steps of the clean-up, against moto: what goes, what stays, and that a second time does no harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mlinfra.components._context import Layer
from mlinfra.components._registry import find, names
from mlinfra.engine.cleanup import interfaces, karpenter_nodes, load_balancers, volumes
from mlinfra.engine.cleanup._place import Place, steps
from mlinfra.engine.errands import with_errands
from mlinfra.engine.works import Errand, Pass
from mlinfra.errors import EngineError

REGION = "eu-west-1"
OWNED = {"kubernetes.io/cluster/ml": "owned"}
OTHER = {"kubernetes.io/cluster/other": "owned"}


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_DEFAULT_REGION", REGION)):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2", region_name=REGION)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def place(told: list[str]) -> Place:
    return at(told)


def at(told: list[str], **more: Any) -> Place:
    def slept(_seconds: float) -> None:
        raise AssertionError("nothing had to be waited for")

    given: dict[str, Any] = {
        "blueprint": "shop",
        "environment": "dev",
        "clusters": ("ml",),
        "keep_data": False,
        "client": lambda service: boto3.client(service, region_name=REGION),
        "tell": told.append,
        "sleep": slept,
        **more,
    }
    return Place(**given)


def tagged(type_: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": type_, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def network(ec2: Any) -> tuple[str, list[str]]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n]}")["Subnet"][
            "SubnetId"
        ]
        for n in range(2)
    ]
    return vpc, subnets


def instance(ec2: Any, tags: dict[str, str]) -> str:
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="m5.large", TagSpecifications=tagged("instance", tags)
    )
    return str(made["Instances"][0]["InstanceId"])


def test_nodes_of_karpenter_go_and_others_stay(ec2: Any, place: Place, told: list[str]) -> None:
    ours = instance(ec2, {**OWNED, "karpenter.sh/nodepool": "default"})
    managed = instance(ec2, {**OWNED, "eks:nodegroup-name": "system"})
    foreign = instance(ec2, {**OTHER, "karpenter.sh/nodepool": "default"})
    karpenter = {"karpenter.k8s.aws/ec2nodeclass": "default"}
    for name, tags in (
        ("ours", {"eks:eks-cluster-name": "ml", **karpenter}),
        ("older", {"karpenter.k8s.aws/cluster": "ml", **karpenter}),
        ("foreign", {"eks:eks-cluster-name": "other", **karpenter}),
        ("another's", {"eks:eks-cluster-name": "ml"}),
    ):
        ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"InstanceType": "m5.large"},
            TagSpecifications=tagged("launch-template", tags),
        )

    karpenter_nodes.clean(place)
    karpenter_nodes.clean(place)

    states = {
        item["InstanceId"]: item["State"]["Name"]
        for reservation in ec2.describe_instances()["Reservations"]
        for item in reservation["Instances"]
    }
    assert states == {ours: "terminated", managed: "running", foreign: "running"}
    left = {template["LaunchTemplateName"] for template in ec2.describe_launch_templates()["LaunchTemplates"]}
    assert left == {"foreign", "another's"}
    assert told == [f"1 nodes of Karpenter terminated: {ours}", "2 launch templates of Karpenter deleted"]


def test_load_balancers_go_with_all_that_only_they_use(ec2: Any, place: Place, told: list[str]) -> None:
    balancing = boto3.client("elbv2", region_name=REGION)
    vpc, subnets = network(ec2)
    groups = {}
    for name, cluster in (("ours", "ml"), ("foreign", "other")):
        groups[name] = ec2.create_security_group(
            GroupName=name,
            Description=name,
            VpcId=vpc,
            TagSpecifications=tagged("security-group", {"elbv2.k8s.aws/cluster": cluster}),
        )["GroupId"]
        tags = [{"Key": "elbv2.k8s.aws/cluster", "Value": cluster}]
        balancing.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[groups[name]], Tags=tags)
        balancing.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, Tags=tags)
    nodes = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    for group in groups.values():
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": group}]}
        ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=[rule])

    load_balancers.clean(place)
    load_balancers.clean(place)

    assert [b["LoadBalancerName"] for b in balancing.describe_load_balancers()["LoadBalancers"]] == ["foreign"]
    assert [t["TargetGroupName"] for t in balancing.describe_target_groups()["TargetGroups"]] == ["foreign"]
    left = {
        g["GroupId"]: g
        for g in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    }
    assert groups["ours"] not in left
    assert groups["foreign"] in left
    (rule,) = left[nodes]["IpPermissions"]
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [groups["foreign"]]
    assert told == [
        "1 load balancers of the cluster `ml` deleted: ours",
        "1 security groups of load balancers deleted",
    ]


def test_what_the_cloud_provider_made_for_services_goes(ec2: Any, place: Place, told: list[str]) -> None:
    classic, balancing = boto3.client("elb", region_name=REGION), boto3.client("elbv2", region_name=REGION)
    vpc, subnets = network(ec2)
    listener = {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 30080}
    for name, tags in (("ours", OWNED), ("foreign", OTHER), ("shared", {"kubernetes.io/cluster/ml": "shared"})):
        group = ec2.create_security_group(
            GroupName=f"k8s-elb-{name}",
            Description=name,
            VpcId=vpc,
            TagSpecifications=tagged("security-group", tags),
        )["GroupId"]
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        classic.create_load_balancer(
            LoadBalancerName=name, Listeners=[listener], Subnets=subnets, SecurityGroups=[group], Tags=listed
        )
        balancing.create_load_balancer(Name=name, Type="network", Subnets=subnets, Tags=listed)
    ec2.create_security_group(
        GroupName="nodes", Description="nodes", VpcId=vpc, TagSpecifications=tagged("security-group", OWNED)
    )

    load_balancers.clean(place)
    load_balancers.clean(place)

    left = classic.describe_load_balancers()["LoadBalancerDescriptions"]
    assert {balancer["LoadBalancerName"] for balancer in left} == {"foreign", "shared"}
    left = balancing.describe_load_balancers()["LoadBalancers"]
    assert {balancer["LoadBalancerName"] for balancer in left} == {"foreign", "shared"}
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert {group["GroupName"] for group in groups} == {"default", "nodes", "k8s-elb-foreign", "k8s-elb-shared"}
    assert told == [
        "2 load balancers of the cluster `ml` deleted: ours, ours",
        "1 security groups of load balancers deleted",
    ]


def disk(ec2: Any, tags: dict[str, str]) -> str:
    made = ec2.create_volume(
        AvailabilityZone=f"{REGION}a", Size=20, VolumeType="gp3", TagSpecifications=tagged("volume", tags)
    )
    return str(made["VolumeId"])


def snapshots(ec2: Any) -> dict[str, Any]:
    """Ours: moto has those of AWS's images, too."""
    filters = [{"Name": "tag-key", "Values": [volumes.SNAPSHOT_OF]}]
    return {s["SnapshotId"]: s for s in ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]}


CSI = {
    "ebs.csi.aws.com/cluster": "true",
    "kubernetes.io/created-for/pvc/name": "data-0",
    "kubernetes.io/created-for/pvc/namespace": "metrics",
}


def test_disks_of_claims_are_deleted(ec2: Any, place: Place, told: list[str]) -> None:
    disk(ec2, {**OWNED, **CSI})
    foreign = disk(ec2, {**OTHER, **CSI})
    by_hand = disk(ec2, OWNED)

    volumes.clean(place)
    volumes.clean(place)

    assert sorted(v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]) == sorted([foreign, by_hand])
    assert snapshots(ec2) == {}
    assert told == ["1 disks of claims deleted"]


def test_where_data_is_kept_disks_become_snapshots_once(ec2: Any, told: list[str]) -> None:
    ours = disk(ec2, {**OWNED, **CSI})
    begun = ec2.create_snapshot(VolumeId=ours, TagSpecifications=tagged("snapshot", {volumes.SNAPSHOT_OF: ours}))[
        "SnapshotId"
    ]
    second = disk(ec2, {**OWNED, **CSI})

    volumes.clean(at(told, keep_data=True))

    assert ec2.describe_volumes()["Volumes"] == []
    made = snapshots(ec2)
    new = next(id_ for id_ in made if id_ != begun)
    assert len(made) == 2
    assert {tag["Key"]: tag["Value"] for tag in made[new]["Tags"]} == {
        "Name": "shop-dev claim metrics/data-0",
        "kubernetes.io/created-for/pvc/name": "data-0",
        "kubernetes.io/created-for/pvc/namespace": "metrics",
        "mlinfra:blueprint": "shop",
        "mlinfra:environment": "dev",
        "mlinfra:snapshot-of": second,
    }
    assert sorted(told) == sorted(
        [
            f"snapshot `{begun}` of `{ours}` (claim metrics/data-0, 20 GiB) stays in the account",
            f"snapshot `{new}` of `{second}` (claim metrics/data-0, 20 GiB) stays in the account",
            "2 disks of claims deleted",
        ]
    )


def test_a_disk_whose_snapshot_failed_is_not_deleted(ec2: Any, told: list[str]) -> None:
    volume = disk(ec2, {**OWNED, **CSI})

    class Failing:
        """EC2, with snapshots that fail."""

        def __getattr__(self, name: str) -> Any:
            return getattr(ec2, name)

        def get_paginator(self, operation: str) -> Any:
            if operation != "describe_snapshots":
                return ec2.get_paginator(operation)
            answer = {
                "Snapshots": [{"SnapshotId": "snap-1", "VolumeId": volume, "State": "error", "StateMessage": "no key"}]
            }
            return type(
                "Pages", (), {"paginate": lambda self, **request: [answer if "SnapshotIds" in request else {}]}
            )()

    with pytest.raises(EngineError, match=f"snapshot `snap-1` of `{volume}` failed: no key"):
        volumes.clean(at(told, keep_data=True, client=lambda service: Failing()))

    assert volume in [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]]


def test_a_disk_that_is_in_use_is_waited_for_and_never_forced(ec2: Any, told: list[str]) -> None:
    volume = disk(ec2, {**OWNED, **CSI})
    ec2.attach_volume(VolumeId=volume, InstanceId=instance(ec2, {"any": "tag"}), Device="/dev/sdf")
    times = iter(range(0, 10_000, 60))
    slept: list[float] = []

    with pytest.raises(EngineError) as error:
        volumes.clean(at(told, limit=120.0, now=lambda: float(next(times)), sleep=slept.append))

    assert error.value.message == f"disks `{volume}` did not go within 2 minutes"
    assert error.value.hint == "look at it in the console, then run again; `--no-cleanup` goes on without"
    assert slept == [5.0]
    assert volume in [v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]]
    assert told == []


def test_interfaces_that_nothing_uses_and_the_cluster_s_own_group_go(ec2: Any, place: Place, told: list[str]) -> None:
    vpc, subnets = network(ec2)

    def interface(tags: dict[str, str]) -> str:
        made = ec2.create_network_interface(SubnetId=subnets[0], TagSpecifications=tagged("network-interface", tags))
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    interface({"cluster.k8s.amazonaws.com/name": "ml"})
    interface(OWNED)
    foreign = interface({"cluster.k8s.amazonaws.com/name": "other"})
    used = interface(OWNED)
    ec2.attach_network_interface(NetworkInterfaceId=used, InstanceId=instance(ec2, {"any": "tag"}), DeviceIndex=1)
    for name, tags in (("eks-cluster-sg-ml-1", OWNED), ("mine", OWNED), ("eks-cluster-sg-other-1", OTHER)):
        ec2.create_security_group(
            GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tagged("security-group", tags)
        )

    interfaces.clean(place)
    interfaces.clean(place)

    in_vpc = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    left = {i["NetworkInterfaceId"] for i in ec2.describe_network_interfaces(**in_vpc)["NetworkInterfaces"]}
    assert left == {foreign, used}
    groups = {g["GroupName"] for g in ec2.describe_security_groups(**in_vpc)["SecurityGroups"]}
    assert groups == {"default", "mine", "eks-cluster-sg-other-1"}
    assert told == ["2 network interfaces of pods deleted", "the security group that EKS made for `ml` deleted"]


def test_stopping_is_heard_while_waiting(told: list[str]) -> None:
    place = at(told, stopped=lambda: True)
    with pytest.raises(EngineError) as error:
        place.until_gone(lambda: ["a", "b", "c", "d", "e"], "nodes")
    assert error.value.message == "stopped while waiting for nodes `a`, `b`, `c` and 2 more"


def test_every_step_is_named_by_a_kind_and_every_name_is_a_step() -> None:
    named = {step for kind in names() for step in find(kind).component.cleanup}
    assert named == {step.name for step in steps()}
    for step in steps():
        assert step.summary.endswith(".")
        assert 0 < step.limit <= 3600


def test_errands_precede_their_layer() -> None:
    def errand(layer: Layer) -> Errand:
        return Errand(layer, layer.label, lambda tell, stopped: None)

    cluster, foundation = errand(Layer.CLUSTER), errand(Layer.FOUNDATION)
    last, first = Pass(Layer.PLATFORM, "destroy"), Pass(Layer.FOUNDATION, "destroy")
    middle = Pass(Layer.CLUSTER, "destroy")

    assert with_errands((last, middle, first), (cluster, foundation)) == (last, cluster, middle, foundation, first)
    assert with_errands((last, first), (cluster, foundation)) == (last, cluster, foundation, first)
    assert with_errands((last,), (cluster, foundation)) == (last, cluster, foundation)
