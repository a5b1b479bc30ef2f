"""Load balancers of the AWS Load Balancer Controller, with their target groups and security groups.

Their network interfaces hold the subnets. Pulumi waits for those of its own ingresses and services; these are what others asked for, and
what the controller did not get done before it went.

Facts: the controller's tag `elbv2.k8s.aws/cluster` (its documentation, "Tracking tags"; read from memory, 2026-11).
"""

from __future__ import annotations

from typing import Any

from mlinfra.components._context import Layer
from mlinfra.engine.cleanup._place import Place, done, pages

BEFORE = Layer.CLUSTER
LIMIT = 600.0
TAG = "elbv2.k8s.aws/cluster"
AT_ONCE = 20
"""ARNs of which tags can be asked for at once."""


def clean(place: Place) -> None:
    """Delete the load balancers, then what only they used."""
    balancing, ec2 = place.client("elbv2"), place.client("ec2")
    for cluster in place.clusters:
        _of_cluster(place, balancing, ec2, cluster)


def _of_cluster(place: Place, balancing: Any, ec2: Any, cluster: str) -> None:
    balancers = _tagged(balancing, cluster, "describe_load_balancers", "LoadBalancers", "LoadBalancerArn")
    for arn in balancers:
        balancing.delete_load_balancer(LoadBalancerArn=arn)
    if balancers:
        names = ", ".join(arn.split("/")[-2] for arn in balancers)
        place.tell(f"{len(balancers)} load balancers of the cluster `{cluster}` deleted: {names}")
    place.until_gone(
        lambda: _tagged(balancing, cluster, "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
        "load balancers",
    )
    for arn in _tagged(balancing, cluster, "describe_target_groups", "TargetGroups", "TargetGroupArn"):
        balancing.delete_target_group(TargetGroupArn=arn)
    groups = [item["GroupId"] for item in _groups(ec2, f"tag:{TAG}", cluster)]
    for group in groups:
        _delete_group(place, ec2, group)
    if groups:
        place.tell(f"{len(groups)} security groups of load balancers deleted")


def _tagged(balancing: Any, cluster: str, operation: str, key: str, arn: str) -> list[str]:
    arns = [item[arn] for item in pages(balancing, operation, key)]
    found = []
    for start in range(0, len(arns), AT_ONCE):
        answer = balancing.describe_tags(ResourceArns=arns[start : start + AT_ONCE])
        found += [
            item["ResourceArn"]
            for item in answer["TagDescriptions"]
            if {"Key": TAG, "Value": cluster} in item.get("Tags", ())
        ]
    return sorted(found)


def _groups(ec2: Any, name: str, value: str) -> list[dict[str, Any]]:
    return pages(ec2, "describe_security_groups", "SecurityGroups", Filters=[{"Name": name, "Values": [value]}])


def _delete_group(place: Place, ec2: Any, group: str) -> None:
    # The controller opened the nodes' groups to it: as long as a rule names a group, it cannot go.
    for other in _groups(ec2, "ip-permission.group-id", group):
        rules = [
            {**rule, "UserIdGroupPairs": [pair], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
            for rule in other["IpPermissions"]
            for pair in rule["UserIdGroupPairs"]
            if pair.get("GroupId") == group
        ]
        if rules:
            ec2.revoke_security_group_ingress(GroupId=other["GroupId"], IpPermissions=rules)
    # The interfaces of a load balancer outlive it by a minute.
    while not done(ec2.delete_security_group, "DependencyViolation", GroupId=group):
        place.pause(f"security group `{group}`")
