"""The parts of nodes that managed pools and Karpenter pools share: disks, metadata options, user data, network
cards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from mlinfra.components.compute._node_facts import Accelerated

RAID0 = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--//--
"""
"""User data of Amazon Linux 2023 that joins the instance's own disks and puts images and scratch space there."""

METADATA: aws.ec2.LaunchTemplateMetadataOptionsArgsDict = {
    "http_endpoint": "enabled",
    "http_tokens": "required",
    # One hop: pods cannot reach the node's role, they have their own by Pod Identity.
    "http_put_response_hop_limit": 1,
}
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
"""What a node needs: to join, to pull images, and a session without SSH. The network add-on has a role of its own."""
DEVICES: Mapping[str, str] = {"al2023": "/dev/xvda", "bottlerocket": "/dev/xvdb"}
"""The disk that holds images and containers; Bottlerocket keeps its own system on another one."""


def architecture(instance_type: str) -> str:
    """``arm64`` for Graviton types, which AWS marks by a ``g`` right behind the generation (``m7g.large``); else
    ``x86_64``.
    """
    return "arm64" if re.match(r"(a1|[a-z]+\d+g[a-z0-9-]*)\.", instance_type) else "x86_64"


def iops(throughput_mibps: int) -> int:
    """The gp3 IOPS that a throughput takes: one per quarter MiB/s, 3,000 at least (which are free)."""
    return max(3000, throughput_mibps * 4)


def disk(
    os: str, size_gib: int, throughput_mibps: int, key_arn: pulumi.Output[str] | None
) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict:
    """An encrypted gp3 disk; without a key EBS's own key for the account encrypts it."""
    ebs: aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "volume_size": size_gib,
        "volume_type": "gp3",
        "throughput": throughput_mibps,
        "iops": iops(throughput_mibps),
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    if key_arn is not None:
        ebs["kms_key_id"] = key_arn
    return {"device_name": DEVICES[os], "ebs": ebs}


def karpenter_disk(
    os: str, size_gib: int, throughput_mibps: int, key_arn: pulumi.Output[str] | None
) -> dict[str, object]:
    """The same disk as an EC2NodeClass writes it."""
    ebs: dict[str, object] = {
        "volumeSize": f"{size_gib}Gi",
        "volumeType": "gp3",
        "throughput": throughput_mibps,
        "iops": iops(throughput_mibps),
        "encrypted": True,
        "deleteOnTermination": True,
    }
    if key_arn is not None:
        ebs["kmsKeyID"] = key_arn
    return {"deviceName": DEVICES[os], "ebs": ebs}


def tag_specifications(tags: Mapping[str, str]) -> list[aws.ec2.LaunchTemplateTagSpecificationArgsDict]:
    """Tags of what EC2 makes from a launch template: nobody else would tag it."""
    return [{"resource_type": made, "tags": dict(tags)} for made in ("instance", "volume", "network-interface")]


def efa_interfaces(
    instance: Accelerated, security_group_ids: Sequence[pulumi.Input[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
    """One network interface per EFA of the type. Only the first one has an address: the others carry EFA alone and cost
    no pod any.
    """
    cards = range(instance.efa_interfaces + (1 if instance.efa_from == "card_1" else 0))
    return [
        {
            "network_card_index": card,
            "device_index": 0 if card == 0 else 1,
            "interface_type": ("efa" if instance.efa_from == "card_0" else "interface") if card == 0 else "efa-only",
            "security_groups": list(security_group_ids),
            "delete_on_termination": "true",
        }
        for card in cards
    ]


def karpenter_interfaces(instance: Accelerated) -> list[dict[str, object]]:
    """The same for an EC2NodeClass, which wants a plain first interface and the EFA of card 0 beside it."""
    first = {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}
    beside = [{"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"}]
    others = range(1, instance.efa_interfaces + (1 if instance.efa_from == "card_1" else 0))
    return [
        first,
        *(beside if instance.efa_from == "card_0" else []),
        *({"networkCardIndex": card, "deviceIndex": 1, "interfaceType": "efa-only"} for card in others),
    ]
