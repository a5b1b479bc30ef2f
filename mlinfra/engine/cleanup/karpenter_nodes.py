"""Nodes that Karpenter started, and its launch templates.

Pulumi removes the node pools of a blueprint before the controller, which drains their nodes. What is left when the controller has gone
(pools that somebody else made, pods that would not go) is machines that nobody manages any more: they are terminated, and without a
controller no new ones come.

Facts: machines and templates are tagged `kubernetes.io/cluster/NAME: owned`, `karpenter.sh/nodepool`, `karpenter.k8s.aws/ec2nodeclass` and
`eks:eks-cluster-name: NAME` (aws/karpenter-provider-aws: `staticTags`, `pkg/apis/v1/labels.go`, and the filters of `DeleteAll` in
`pkg/providers/launchtemplate/launchtemplate.go`); templates of the first releases of version 1 have `karpenter.k8s.aws/cluster: NAME` instead
(`TagManagedLaunchTemplate`). Read 2026-11-21.
"""

from __future__ import annotations

from typing import Any

from mlinfra.components._context import Layer
from mlinfra.engine.cleanup._place import Place, pages

BEFORE = Layer.CLUSTER
LIMIT = 900.0
AT_ONCE = 100
"""Machines of one request."""
NODE_CLASS = {"Name": "tag-key", "Values": ["karpenter.k8s.aws/ec2nodeclass"]}
"""What tells Karpenter's templates from others with the name of the cluster."""


def clean(place: Place) -> None:
    """Terminate the nodes, wait until they are gone, delete the templates."""
    ec2 = place.client("ec2")
    for cluster in place.clusters:
        _of_cluster(place, ec2, cluster)


def _of_cluster(place: Place, ec2: Any, cluster: str) -> None:
    running = _instances(ec2, cluster, "pending", "running", "stopping", "stopped")
    for start in range(0, len(running), AT_ONCE):
        ec2.terminate_instances(InstanceIds=running[start : start + AT_ONCE])
    if running:
        place.tell(f"{len(running)} nodes of Karpenter terminated: {', '.join(running)}")
    place.until_gone(
        lambda: _instances(ec2, cluster, "pending", "running", "stopping", "stopped", "shutting-down"),
        "nodes",
    )
    templates = {
        item["LaunchTemplateId"]
        for tag in ("eks:eks-cluster-name", "karpenter.k8s.aws/cluster")
        for item in pages(
            ec2,
            "describe_launch_templates",
            "LaunchTemplates",
            Filters=[{"Name": f"tag:{tag}", "Values": [cluster]}, NODE_CLASS],
        )
    }
    for template in sorted(templates):
        ec2.delete_launch_template(LaunchTemplateId=template)
    if templates:
        place.tell(f"{len(templates)} launch templates of Karpenter deleted")


def _instances(ec2: Any, cluster: str, *states: str) -> list[str]:
    filters = [
        {"Name": "tag-key", "Values": ["karpenter.sh/nodepool"]},
        {"Name": f"tag:kubernetes.io/cluster/{cluster}", "Values": ["owned"]},
        {"Name": "instance-state-name", "Values": list(states)},
    ]
    reservations = pages(ec2, "describe_instances", "Reservations", Filters=filters)
    return sorted(item["InstanceId"] for reservation in reservations for item in reservation["Instances"])
