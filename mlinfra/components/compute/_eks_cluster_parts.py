"""What a cluster is made of beside its control plane: roles, add-ons, and the system pool. Each makes children of the
component it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component, Reference, pod_trust, policy
from mlinfra.components.compute._eks_cluster_documents import cni_configuration, volume_key
from mlinfra.components.compute._eks_cluster_spec import SystemPool
from mlinfra.components.compute._node_facts import addons, images
from mlinfra.components.compute._node_template import METADATA, architecture, disk, tag_specifications
from mlinfra.components.network.network import NetworkOutputs


def text(value: str | Reference | pulumi.Output[str]) -> str | pulumi.Output[str]:
    """A field that took a reference, which the program has replaced by an output before anything is built."""
    if isinstance(value, Reference):
        raise TypeError(f"`{value}` was not resolved before the component was built")
    return value


def role(
    component: Component[Any, Any, Any], name: str, trusted: pulumi.Output[str], managed_policies: Sequence[str] = ()
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """A role with policies of AWS's, and what has to exist before it can be used and go after whatever uses it."""
    made = aws.iam.Role(
        name,
        assume_role_policy=trusted,
        permissions_boundary=component.context.permissions_boundary,
        opts=component.child(),
    )
    attached: list[pulumi.Resource] = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{managed.rpartition('/')[2].lower()}",
            role=made.name,
            policy_arn=pulumi.Output.concat("arn:", component.context.partition, ":iam::aws:policy/", managed),
            opts=component.child(),
        )
        for managed in managed_policies
    ]
    return made, attached


def addon(
    component: Component[Any, Any, Any],
    name: str,
    addon_name: str,
    cluster: aws.eks.Cluster,
    *,
    versions: Mapping[str, str],
    configuration: pulumi.Input[str] | None = None,
    key_arn: pulumi.Output[str] | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> aws.eks.Addon:
    """An add-on; if it needs rights, with a role of its own by Pod Identity, so that nodes and other pods do not have
    them.
    """
    known = addons()[addon_name]
    before = list(depends_on)
    associations: list[aws.eks.AddonPodIdentityAssociationArgsDict] = []
    if known.managed_policy:
        owner, attached = role(component, f"{name}-{addon_name}", pod_trust(), (known.managed_policy,))
        before += attached
        if addon_name == "aws-ebs-csi-driver" and key_arn is not None:
            before.append(
                aws.iam.RolePolicy(
                    f"{name}-{addon_name}-key",
                    role=owner.name,
                    policy=policy(volume_key(key_arn)),
                    opts=component.child(),
                )
            )
        associations = [{"role_arn": owner.arn, "service_account": known.service_account}]
    return aws.eks.Addon(
        f"{name}-{addon_name}-addon",
        cluster_name=cluster.name,
        addon_name=addon_name,
        addon_version=versions.get(addon_name),
        configuration_values=configuration,
        pod_identity_associations=associations or None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        # The network add-on stays until the nodes are gone: it releases the network interfaces that would keep subnets
        # from being deleted.
        preserve=addon_name == "vpc-cni",
        opts=component.child(depends_on=before),
    )


def cni_settings(network: NetworkOutputs, security_group_id: pulumi.Output[str]) -> pulumi.Output[str]:
    """Configuration of the network add-on for this network."""
    if network.pod_subnet_ids is None:
        return pulumi.Output.from_input(cni_configuration())
    return pulumi.Output.all(zones=network.zones, subnets=network.pod_subnet_ids, group=security_group_id).apply(
        lambda found: cni_configuration(
            zones=found["zones"], pod_subnet_ids=found["subnets"], security_group_id=found["group"]
        )
    )


def volume_grant(component: Component[Any, Any, Any], name: str, key_arn: pulumi.Output[str]) -> aws.kms.Grant:
    """Lets Auto Scaling start instances whose disks the key encrypts: it acts by its own role, which the key's policy
    does not name.
    """
    return aws.kms.Grant(
        f"{name}-volumes",
        key_id=key_arn,
        grantee_principal=component.context.arn(
            "iam", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", regional=False
        ),
        operations=[
            "CreateGrant",
            "Decrypt",
            "DescribeKey",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        opts=component.child(),
    )


def system_pool(
    component: Component[Any, Any, Any],
    name: str,
    spec: SystemPool,
    *,
    cluster: aws.eks.Cluster,
    subnet_ids: pulumi.Output[Sequence[str]],
    node_role: aws.iam.Role,
    volume_key_arn: pulumi.Output[str] | None,
    depends_on: Sequence[pulumi.Resource],
) -> aws.eks.NodeGroup:
    """The managed node group for what keeps the cluster running."""
    template = aws.ec2.LaunchTemplate(
        f"{name}-system-template",
        metadata_options=METADATA,
        block_device_mappings=[disk(spec.os, spec.disk_gib, 125, volume_key_arn)],
        tag_specifications=tag_specifications({**component.context.tags, "Name": f"{name}-system"}),
        update_default_version=True,
        opts=component.child(),
    )
    taints: list[aws.eks.NodeGroupTaintArgsDict] = [
        {"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}
    ]
    return aws.eks.NodeGroup(
        f"{name}-system",
        cluster_name=cluster.name,
        node_role_arn=node_role.arn,
        subnet_ids=subnet_ids,
        ami_type=images()[spec.os, architecture(spec.instance_types[0]), ""].ami_type,
        capacity_type="ON_DEMAND",
        instance_types=list(spec.instance_types),
        scaling_config={"min_size": spec.min_size, "desired_size": spec.desired, "max_size": spec.max_size},
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        labels={"mlinfra/pool": "system"},
        taints=taints if spec.dedicated else None,
        opts=component.child(depends_on=depends_on),
    )
