"""Network interfaces and the security group that a cluster leaves behind.

The CNI makes interfaces for pods. Where a node goes faster than the CNI, they stay without a machine, and hold subnets and security groups;
EKS then cannot delete the security group that it made for the cluster either.

Facts: the CNI tags its interfaces `cluster.k8s.amazonaws.com/name: NAME` where it knows the name (aws/amazon-vpc-cni-k8s: `eniClusterTagKey`,
`buildENITags` in `pkg/awsutils/awsutils.go`); the controller of pods with security groups of their own tags
`kubernetes.io/cluster/NAME: owned` (aws/amazon-vpc-resource-controller-k8s: `pkg/config/type.go`). EKS's own
security group has that tag as well, and a name that begins with `eks-cluster-sg-` (public code that looks for it by both). Read 2026-11-21.
"""

from __future__ import annotations

from typing import Any

from mlinfra.components._context import Layer
from mlinfra.engine.cleanup._place import Place, done, pages

BEFORE = Layer.FOUNDATION
LIMIT = 300.0
GONE, GONE_GROUP = "InvalidNetworkInterfaceID.NotFound", "InvalidGroup.NotFound"


def clean(place: Place) -> None:
    """Delete interfaces that nothing uses, then the cluster's own security group."""
    ec2 = place.client("ec2")
    for cluster in place.clusters:
        left = {
            item["NetworkInterfaceId"]
            for tag, value in (
                ("cluster.k8s.amazonaws.com/name", cluster),
                (f"kubernetes.io/cluster/{cluster}", "owned"),
            )
            for item in _found(ec2, "describe_network_interfaces", "NetworkInterfaces", tag, value)
            if item["Status"] == "available"
        }
        deleted = [id_ for id_ in sorted(left) if done(ec2.delete_network_interface, GONE, NetworkInterfaceId=id_)]
        if deleted:
            place.tell(f"{len(deleted)} network interfaces of pods deleted")
        groups = [
            item["GroupId"]
            for item in _found(
                ec2, "describe_security_groups", "SecurityGroups", f"kubernetes.io/cluster/{cluster}", "owned"
            )
            if item["GroupName"].startswith("eks-cluster-sg-")
        ]
        if [id_ for id_ in groups if done(ec2.delete_security_group, GONE_GROUP, GroupId=id_)]:
            place.tell(f"the security group that EKS made for `{cluster}` deleted")


def _found(ec2: Any, operation: str, key: str, tag: str, value: str) -> list[dict[str, Any]]:
    return pages(ec2, operation, key, Filters=[{"Name": f"tag:{tag}", "Values": [value]}])
