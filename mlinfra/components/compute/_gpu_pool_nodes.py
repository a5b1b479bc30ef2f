"""How a GPU pool becomes nodes: a managed node group with its launch template, or a NodePool with its EC2NodeClass."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component
from mlinfra.components.compute._eks_cluster_parts import text
from mlinfra.components.compute._gpu_pool_spec import GpuPoolSpec
from mlinfra.components.compute._karpenter_documents import node_class, requirement
from mlinfra.components.compute._node_template import (
    METADATA,
    RAID0,
    disk,
    efa_interfaces,
    karpenter_disk,
    karpenter_interfaces,
    tag_specifications,
)
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


def subnets(spec: GpuPoolSpec, cluster: EksClusterOutputs) -> pulumi.Output[Sequence[str]]:
    """Where the nodes live; what needs one zone (EFA, reserved capacity) takes the first subnet unless the spec names
    one.
    """
    if spec.subnet_id is not None:
        return pulumi.Output.from_input(text(spec.subnet_id)).apply(lambda only: [only])
    if spec.one_zone:
        return cluster.private_subnet_ids.apply(lambda found: list(found)[:1])
    return cluster.private_subnet_ids


def efa_group(component: Component[Any, Any, Any], name: str, cluster: EksClusterOutputs) -> aws.ec2.SecurityGroup:
    """The security group of EFA, whose traffic bypasses the kernel: all of it, to and from the group itself and nothing
    else.
    """
    group = aws.ec2.SecurityGroup(
        f"{name}-efa", description="EFA between the nodes of a pool", vpc_id=cluster.vpc_id, opts=component.child()
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-efa-in",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        ip_protocol="-1",
        description="EFA from the nodes of the pool",
        opts=component.child(),
    )
    # A rule for all addresses does not cover EFA: it has to name the group.
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-efa-out",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        ip_protocol="-1",
        description="EFA to the nodes of the pool",
        opts=component.child(),
    )
    return group


def managed(
    component: Component[Any, Any, Any],
    name: str,
    spec: GpuPoolSpec,
    cluster: EksClusterOutputs,
    *,
    placement: aws.ec2.PlacementGroup | None,
    efa: aws.ec2.SecurityGroup | None,
) -> aws.eks.NodeGroup:
    """A managed node group; EKS registers its nodes with the cluster's node role."""
    # The cluster's group has to be listed with interfaces of one's own: EKS then adds none.
    groups = [cluster.security_group_id, *([efa.id] if efa else [])]
    market: aws.ec2.LaunchTemplateInstanceMarketOptionsArgsDict = {"market_type": "capacity-block"}
    template = aws.ec2.LaunchTemplate(
        f"{name}-template",
        metadata_options=METADATA,
        block_device_mappings=[disk(spec.os, spec.disk_gib, spec.disk_throughput_mibps, cluster.node_volume_key_arn)],
        network_interfaces=efa_interfaces(spec.first, groups) if efa else None,
        placement={"group_name": placement.name} if placement else None,
        instance_market_options=market if spec.capacity == "capacity_block" else None,
        capacity_reservation_specification=_reservation(spec),
        user_data=_encoded(RAID0) if spec.raid else None,
        tag_specifications=tag_specifications({**component.context.tags, "Name": name}),
        update_default_version=True,
        opts=component.child(),
    )
    types = {"spot": "SPOT", "capacity_block": "CAPACITY_BLOCK"}
    return aws.eks.NodeGroup(
        name,
        cluster_name=cluster.name,
        node_role_arn=cluster.node_role_arn,
        subnet_ids=subnets(spec, cluster),
        ami_type=spec.image.ami_type,
        capacity_type=types.get(spec.capacity, "ON_DEMAND"),
        instance_types=list(spec.instance_types),
        scaling_config={"min_size": spec.min_size, "desired_size": spec.desired, "max_size": spec.max_size},
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        labels=dict(spec.node_labels(name)),
        taints=[{"key": each.key, "value": each.value, "effect": EFFECTS[each.effect]} for each in spec.node_taints()],
        opts=component.child(),
    )


def _reservation(spec: GpuPoolSpec) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgsDict | None:
    if spec.reservation_id is None:
        return None
    return {"capacity_reservation_target": {"capacity_reservation_id": text(spec.reservation_id)}}


def _encoded(user_data: str) -> str:
    return base64.b64encode(user_data.encode()).decode()


def ec2_node_class(
    component: Component[Any, Any, Any],
    name: str,
    spec: GpuPoolSpec,
    cluster: EksClusterOutputs,
    *,
    instance_profile: pulumi.Output[str],
    placement: aws.ec2.PlacementGroup | None,
    efa: aws.ec2.SecurityGroup | None,
) -> dict[str, Any]:
    """The spec of the pool's EC2NodeClass."""
    more: dict[str, Any] = {}
    if spec.raid:
        more["instanceStorePolicy"] = "RAID0"
    if spec.reservation_id is not None:
        more["capacityReservationSelectorTerms"] = [{"id": text(spec.reservation_id)}]
    if efa is not None:
        more["networkInterfaces"] = karpenter_interfaces(spec.first)
    if placement is not None:
        more["placementGroupSelector"] = {"name": placement.name}
    return node_class(
        alias=f"{spec.image.karpenter_alias}@{spec.ami_version}",
        instance_profile=instance_profile,
        subnet_ids=subnets(spec, cluster),
        security_group_ids=[cluster.security_group_id, *([efa.id] if efa else [])],
        disk=karpenter_disk(spec.os, spec.disk_gib, spec.disk_throughput_mibps, cluster.node_volume_key_arn),
        tags={**component.context.tags, "Name": name},
        max_pods=cluster.max_pods,
        more=more,
    )


def node_pool(name: str, spec: GpuPoolSpec, labels: Mapping[str, str]) -> dict[str, Any]:
    """The spec of the pool's NodePool.

    Karpenter does not see how busy a GPU is, so only empty nodes are taken away; with EFA a job spans nodes, and none
    of them is ever
    replaced under it.
    """
    capacity = {"on_demand": "on-demand", "spot": "spot"}.get(spec.capacity, "reserved")
    most = max(instance.count for instance in spec.instances)
    template = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
        "requirements": [
            requirement("kubernetes.io/os", "linux"),
            requirement("kubernetes.io/arch", {"x86_64": "amd64"}.get(spec.first.architecture, "arm64")),
            requirement("karpenter.sh/capacity-type", capacity),
            requirement("node.kubernetes.io/instance-type", *spec.instance_types),
        ],
        "taints": [{"key": each.key, "value": each.value, "effect": each.effect} for each in spec.node_taints()],
        "expireAfter": "Never" if spec.efa or spec.expire_days is None else f"{spec.expire_days * 24}h",
    }
    kept = [{"nodes": "100%", "reasons": ["Empty"]}, {"nodes": "0", "reasons": ["Drifted"]}]
    return {
        "template": {"metadata": {"labels": dict(labels)}, "spec": template},
        "limits": {spec.first.resource: str(spec.max_size * most)},
        "disruption": {
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": f"{spec.empty_minutes}m",
            "budgets": kept if spec.efa else [{"nodes": "10%"}],
        },
    }
