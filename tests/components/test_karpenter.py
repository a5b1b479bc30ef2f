"""karpenter: what the controller may do, what it hears, and its default pool."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from building import DEV, granted, made
from pydantic import ValidationError

from mlinfra.components._grammar import policy
from mlinfra.components.compute._karpenter_documents import controller_statements
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.compute.karpenter import Karpenter, KarpenterNeeds, KarpenterSpec

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  cluster: {kind: eks_cluster, network: main}
  karpenter:
    kind: karpenter
    cluster: cluster
    os: bottlerocket
    ami_version: 1.40.0
    isolated: true
    replicas: 1
    default_pool:
      categories: [c, m]
      generation_from: 7
      architectures: [x86_64, arm64]
      capacity: [on_demand, spot]
      max_vcpus: 64
      max_memory_gib: 256
      disk_gib: 60
      consolidate_after_minutes: 1
      expire_days: 14
    expected: {average_nodes: {min: 1, expected: 3, max: 6}}
"""


def cluster(**more: Any) -> EksClusterOutputs:
    return EksClusterOutputs.of(
        name="shop",
        endpoint="https://api",
        certificate_authority="Y2E=",
        version="1.35",
        security_group_id="sg-1",
        node_role_arn="arn:nodes",
        node_role_name="nodes",
        vpc_id="vpc-1",
        private_subnet_ids=["subnet-a", "subnet-b"],
        region="eu-west-1",
        **more,
    )


def children(spec: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    return made(
        lambda: Karpenter(
            "karpenter", KarpenterSpec.model_validate(spec), KarpenterNeeds(cluster=cluster(**more)), context=DEV
        )
    )


def test_creates_exactly_these_children() -> None:
    found = children({})
    assert sorted(found) == [
        "karpenter",
        "karpenter-controller-identity",
        "karpenter-controller-policy",
        "karpenter-controller-role",
        "karpenter-crds",
        "karpenter-default-class",
        "karpenter-default-pool",
        "karpenter-health",
        "karpenter-health-target",
        "karpenter-interruptions",
        "karpenter-interruptions-policy",
        "karpenter-nodes",
        "karpenter-nodes-access",
        "karpenter-nodes-amazonec2containerregistrypullonly",
        "karpenter-nodes-amazoneksworkernodepolicy",
        "karpenter-nodes-amazonssmmanagedinstancecore",
        "karpenter-nodes-profile",
        "karpenter-rebalance",
        "karpenter-rebalance-target",
        "karpenter-reservation",
        "karpenter-reservation-target",
        "karpenter-spot",
        "karpenter-spot-target",
        "karpenter-state",
        "karpenter-state-target",
    ]
    assert found["karpenter-nodes-access"] == {
        "clusterName": "shop",
        "principalArn": "arn:iam:role:karpenter-nodes",
        "type": "EC2_LINUX",
    }
    assert found["karpenter"]["values"]["settings"] == {
        "clusterName": "shop",
        "interruptionQueue": "karpenter-interruptions",
        "isolatedVPC": False,
        "reservedENIs": "0",
    }
    assert found["karpenter-crds"]["version"] == found["karpenter"]["version"] == "1.14.1"
    assert json.loads(found["karpenter-spot"]["eventPattern"]) == {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Spot Instance Interruption Warning"],
    }


def test_nodes_are_private_encrypted_tagged_and_hold_as_many_pods_as_the_network_gives() -> None:
    spec = children({}, max_pods=110, node_volume_key_arn="arn:key")["karpenter-default-class"]["spec"]
    tags = spec.pop("tags")
    assert spec == {
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "instanceProfile": "karpenter-nodes-profile",
        "subnetSelectorTerms": [{"id": "subnet-a"}, {"id": "subnet-b"}],
        "securityGroupSelectorTerms": [{"id": "sg-1"}],
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {
                    "volumeSize": "100Gi",
                    "volumeType": "gp3",
                    "throughput": 125,
                    "iops": 3000,
                    "encrypted": True,
                    "deleteOnTermination": True,
                    "kmsKeyID": "arn:key",
                },
            }
        ],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "kubelet": {"maxPods": 110},
    }
    assert (tags["owner"], tags["Name"]) == ("ml", "karpenter-default")


def test_the_pool_is_what_the_blueprint_says() -> None:
    wanted = {
        "architectures": ["x86_64", "arm64"],
        "capacity": ["on_demand", "spot"],
        "max_vcpus": 8,
        "max_memory_gib": 32,
    }
    spec = children({"default_pool": wanted})["karpenter-default-pool"]["spec"]
    assert spec["limits"] == {"cpu": "8", "memory": "32Gi"}
    assert {each["key"]: each["values"] for each in spec["template"]["spec"]["requirements"]} == {
        "kubernetes.io/os": ["linux"],
        "kubernetes.io/arch": ["amd64", "arm64"],
        "karpenter.sh/capacity-type": ["on-demand", "spot"],
        "karpenter.k8s.aws/instance-category": ["c", "m", "r"],
        "karpenter.k8s.aws/instance-generation": ["6"],
    }


def test_without_a_default_pool_nothing_is_started() -> None:
    assert not [name for name in children({"default_pool": None}) if "default" in name]


def test_pods_in_subnets_of_their_own_leave_an_interface_out() -> None:
    assert children({}, reserved_interfaces="1")["karpenter"]["values"]["settings"]["reservedENIs"] == "1"


def statements() -> list[dict[str, Any]]:
    def program() -> pulumi.Output[str]:
        text = pulumi.Output.from_input
        return policy(
            controller_statements(
                DEV,
                cluster=text("shop"),
                queue_arn=text("arn:queue"),
                node_role_arn=text("arn:nodes"),
                instance_profile_arn=text("arn:profile"),
            )
        )

    return granted(program)


def test_the_controller_ends_only_nodes_of_this_cluster() -> None:
    (ending,) = [each for each in statements() if "ec2:TerminateInstances" in each["Action"]]
    assert ending["Condition"] == {
        "StringEquals": {"aws:ResourceTag/eks:eks-cluster-name": "shop"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    assert ending["Resource"] == [
        "arn:aws:ec2:eu-west-1:111111111111:instance/*",
        "arn:aws:ec2:eu-west-1:111111111111:launch-template/*",
    ]


def test_the_controller_passes_one_role_to_ec2_and_changes_nothing_in_iam() -> None:
    about_iam = [each for each in statements() if any(action.startswith("iam:") for action in each["Action"])]
    assert {action for each in about_iam for action in each["Action"]} == {
        "iam:ListInstanceProfiles",
        "iam:GetInstanceProfile",
        "iam:PassRole",
    }
    (passing,) = [each for each in about_iam if "iam:PassRole" in each["Action"]]
    assert passing["Resource"] == ["arn:nodes"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_only_what_cannot_be_narrowed_is_on_everything() -> None:
    everywhere = [action for each in statements() if each["Resource"] == ["*"] for action in each["Action"]]
    assert [a for a in everywhere if not a.startswith("ec2:Describe")] == [
        "pricing:GetProducts",
        "iam:ListInstanceProfiles",
    ]


def test_the_queue_hears_this_account_only() -> None:
    document = json.loads(children({})["karpenter-interruptions-policy"]["policy"])
    allow, deny = document["Statement"]
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}
    assert deny["Effect"] == "Deny"


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ({"ami_version": "yesterday"}, "should match pattern"),
        ({"ami_version": "1.40.0"}, "not a release of al2023"),
        ({"os": "bottlerocket", "ami_version": "v20260810"}, "not a release of bottlerocket"),
        ({"default_pool": {"categories": []}}, "at least 1"),
        ({"default_pool": {"capacity": ["reserved"]}}, "Input should be"),
        ({"replicas": 0}, "greater than or equal to 1"),
    ],
)
def test_refuses(wrong: dict[str, Any], because: str) -> None:
    with pytest.raises(ValidationError, match=because):
        KarpenterSpec.model_validate(wrong)
