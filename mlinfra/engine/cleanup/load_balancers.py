"""Load balancers that services and ingresses of a cluster asked for, with their target groups and security groups.

Their network interfaces hold the subnets. Pulumi waits for those of its own ingresses and services; these are what others asked for, and
what the controller did not get done before it went. A cluster without the AWS Load Balancer Controller has them too: AWS's cloud provider
for Kubernetes makes classic ones for services.

Facts: the controller tags all that it makes `elbv2.k8s.aws/cluster: NAME` (kubernetes-sigs/aws-load-balancer-controller:
`pkg/deploy/tracking/provider.go`); the cloud provider tags load balancers and groups `kubernetes.io/cluster/NAME: owned` and names the groups
`k8s-elb-…` (kubernetes/cloud-provider-aws: `pkg/providers/v1/tags.go`; `sgName` where it makes a balancer). Read 2026-11-21.
"""

from __future__ import annotations

from typing import Any

from mlinfra.components._context import Layer
from mlinfra.engine.cleanup._place import Place, done, pages

BEFORE = Layer.CLUSTER
LIMIT = 600.0
TAG = "elbv2.k8s.aws/cluster"
LEGACY_GROUP = "k8s-elb-"
"""How the names of the cloud provider's groups begin; others have its tag too, such as the cluster's own."""
AT_ONCE = 20
"""Load balancers of which tags can be asked for at once."""


def clean(place: Place) -> None:
    """Delete the load balancers, then what only they used."""
    for cluster in place.clusters:
        _of_cluster(place, cluster)


def _of_cluster(place: Place, cluster: str) -> None:
    balancing, classic, ec2 = place.client("elbv2"), place.client("elb"), place.client("ec2")
    balancers, classics = _balancers(balancing, cluster), _classics(classic, cluster)
    for arn in balancers:
        balancing.delete_load_balancer(LoadBalancerArn=arn)
    for name in classics:
        classic.delete_load_balancer(LoadBalancerName=name)
    if names := [*(arn.split("/")[-2] for arn in balancers), *classics]:
        place.tell(f"{len(names)} load balancers of the cluster `{cluster}` deleted: {', '.join(names)}")
    place.until_gone(lambda: [*_balancers(balancing, cluster), *_classics(classic, cluster)], "load balancers")
    for arn in _tagged(balancing, cluster, "describe_target_groups", "TargetGroups", "TargetGroupArn"):
        balancing.delete_target_group(TargetGroupArn=arn)
    groups = [item["GroupId"] for item in _groups(ec2, f"tag:{TAG}", cluster)]
    groups += [
        item["GroupId"]
        for item in _groups(ec2, f"tag:kubernetes.io/cluster/{cluster}", "owned")
        if item["GroupName"].startswith(LEGACY_GROUP)
    ]
    for group in groups:
        _delete_group(place, ec2, group)
    if groups:
        place.tell(f"{len(groups)} security groups of load balancers deleted")


def _balancers(balancing: Any, cluster: str) -> list[str]:
    return _tagged(balancing, cluster, "describe_load_balancers", "LoadBalancers", "LoadBalancerArn")


def _tagged(balancing: Any, cluster: str, operation: str, key: str, arn: str) -> list[str]:
    arns = [item[arn] for item in pages(balancing, operation, key)]
    found = []
    for start in range(0, len(arns), AT_ONCE):
        answer = balancing.describe_tags(ResourceArns=arns[start : start + AT_ONCE])
        found += [item["ResourceArn"] for item in answer["TagDescriptions"] if _of(cluster, item)]
    return sorted(found)


def _classics(classic: Any, cluster: str) -> list[str]:
    names = [item["LoadBalancerName"] for item in pages(classic, "describe_load_balancers", "LoadBalancerDescriptions")]
    found = []
    for start in range(0, len(names), AT_ONCE):
        answer = classic.describe_tags(LoadBalancerNames=names[start : start + AT_ONCE])
        found += [item["LoadBalancerName"] for item in answer["TagDescriptions"] if _of(cluster, item)]
    return sorted(found)


def _of(cluster: str, item: dict[str, Any]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())}
    return tags.get(TAG) == cluster or tags.get(f"kubernetes.io/cluster/{cluster}") == "owned"


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
