"""Documents of Karpenter: what the controller may do, and what its queue hears about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from mlinfra.components._grammar import Context, Statement
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

EVENTS: Mapping[str, Mapping[str, Any]] = {
    "health": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
    "spot": {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
    "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
    "state": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
    "reservation": {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Capacity Reservation Instance Interruption Warning"],
    },
}
"""What makes Karpenter drain a node before EC2 takes it (interruption handling of Karpenter 1.14)."""
CLUSTER_TAG = "eks:eks-cluster-name"
"""Karpenter puts it on whatever it makes; the policy below holds on to it."""
START = ("ec2:RunInstances", "ec2:CreateFleet")
LOOK = (
    "ec2:DescribeCapacityReservations",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSpotPriceHistory",
    "ec2:DescribeSubnets",
)


def controller_statements(
    context: Context,
    *,
    cluster: pulumi.Output[str],
    queue_arn: pulumi.Output[str],
    node_role_arn: pulumi.Output[str],
    instance_profile_arn: pulumi.Output[str],
) -> tuple[Statement, ...]:
    """What the controller may do: start instances that carry this cluster's tag, and change or end only those.

    The instance profile is made beside the controller, so that it may neither make nor change one.
    """

    def ec2(resources: Sequence[str], *, owned: bool = True) -> tuple[pulumi.Output[str], ...]:
        owner = context.account if owned else ""
        head = ("arn:", context.partition, ":ec2:", context.region, ":", owner, ":")
        return tuple(pulumi.Output.concat(*head, resource, "/*") for resource in resources)

    made = ec2(["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"])
    requested: Mapping[str, Mapping[str, Any]] = {
        "StringEquals": {f"aws:RequestTag/{CLUSTER_TAG}": cluster},
        "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"},
    }
    existing: Mapping[str, Mapping[str, Any]] = {
        "StringEquals": {f"aws:ResourceTag/{CLUSTER_TAG}": cluster},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    on_creation = {
        **requested,
        "StringEquals": {
            **requested["StringEquals"],
            "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
        },
    }
    renaming = {
        **existing,
        "ForAllValues:StringEquals": {"aws:TagKeys": [CLUSTER_TAG, "karpenter.sh/nodeclaim", "Name"]},
    }
    return (
        Statement(START, ec2(["image", "snapshot"], owned=False)),
        Statement(START, ec2(["capacity-reservation", "placement-group", "security-group", "subnet"])),
        Statement(START, ec2(["launch-template"]), existing),
        Statement((*START, "ec2:CreateLaunchTemplate"), made, requested),
        Statement(("ec2:CreateTags",), made, on_creation),
        Statement(("ec2:CreateTags",), ec2(["instance"]), renaming),
        Statement(
            ("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"), ec2(["instance", "launch-template"]), existing
        ),
        Statement(
            LOOK,
            ("*",),
            {"StringEquals": {"aws:RequestedRegion": context.region}},
            reason="EC2's Describe actions know no resources",
        ),
        Statement(("pricing:GetProducts",), ("*",), reason="the Price List API knows no resources"),
        Statement(
            ("iam:ListInstanceProfiles",), ("*",), reason="IAM lists instance profiles of the whole account or none"
        ),
        Statement(("iam:GetInstanceProfile",), (instance_profile_arn,)),
        Statement(("iam:PassRole",), (node_role_arn,), {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        Statement(
            ("ssm:GetParameter",),
            (pulumi.Output.concat("arn:", context.partition, ":ssm:", context.region, "::parameter/aws/service/*"),),
        ),
        Statement(("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"), (queue_arn,)),
        Statement(("eks:DescribeCluster",), (context.arn("eks", pulumi.Output.concat("cluster/", cluster)),)),
    )


def queue_policy(context: Context, queue_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Let the events of this account in, and nothing that does not come over TLS."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": queue_arn,
                    "Condition": {"StringEquals": {"aws:SourceAccount": context.account}},
                },
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sqs:*",
                    "Resource": queue_arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        }
    )


def controller_values(
    *, replicas: int, cluster: EksClusterOutputs, queue: pulumi.Output[str], isolated: bool
) -> dict[str, Any]:
    """Values of the controller's chart. Memory is bounded and processor time is not: a slow controller starts nodes
    late.
    """
    return {
        "replicas": replicas,
        "serviceAccount": {"name": "karpenter"},
        "settings": {
            "clusterName": cluster.name,
            "interruptionQueue": queue,
            "isolatedVPC": isolated,
            "reservedENIs": cluster.reserved_interfaces or "0",
        },
        "controller": {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}},
    }


def node_class(
    *,
    alias: str,
    instance_profile: pulumi.Input[str],
    subnet_ids: pulumi.Input[Sequence[str]],
    security_group_ids: Sequence[pulumi.Input[str]],
    disk: Mapping[str, object],
    tags: Mapping[str, str],
    max_pods: pulumi.Output[int] | None,
    more: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The spec of an EC2NodeClass: private subnets by ID, IMDSv2 with one hop, an encrypted disk, tags on whatever is
    made.
    """
    return {
        "amiSelectorTerms": [{"alias": alias}],
        "instanceProfile": instance_profile,
        "subnetSelectorTerms": pulumi.Output.from_input(subnet_ids).apply(lambda ids: [{"id": each} for each in ids]),
        "securityGroupSelectorTerms": [{"id": each} for each in security_group_ids],
        "blockDeviceMappings": [dict(disk)],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "tags": dict(tags),
        **({} if max_pods is None else {"kubelet": {"maxPods": max_pods}}),
        **(more or {}),
    }


def requirement(key: str, *values: str) -> dict[str, Any]:
    """One requirement of a NodePool: the label is one of the values."""
    return {"key": key, "operator": "In", "values": list(values)}
