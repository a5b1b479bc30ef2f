"""An EKS cluster with its add-ons, access entries and a small pool of nodes for what keeps it running."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from mlinfra.components._grammar import (
    Component,
    Layer,
    Needs,
    Outputs,
    Range,
    Spec,
    policy,
    trust,
)
from mlinfra.components.compute._eks_cluster_documents import (
    AFTER_NODES,
    BEFORE_NODES,
    POLICIES,
    kubeconfig,
    secrets_key,
)
from mlinfra.components.compute._eks_cluster_parts import addon, cni_settings, role, system_pool, text, volume_grant
from mlinfra.components.compute._eks_cluster_spec import AccessEntry, EksClusterSpec
from mlinfra.components.compute._node_template import NODE_POLICIES
from mlinfra.components.network.network import NetworkOutputs
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs
from mlinfra.errors import UsageError

MAX_PODS = 110
"""What EKS recommends for nodes below 30 vCPUs with prefixes; more never fit beside an accelerator."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EksClusterNeeds(Needs):
    """What a cluster takes."""

    network: NetworkOutputs
    """Where it lives: control plane and nodes in the private subnets, pods in the pod subnets if there are any."""
    key: EncryptionKeyOutputs | None = None
    """Key for Kubernetes secrets and control-plane logs. Without one AWS's own keys encrypt."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EksClusterOutputs(Outputs):
    """What other components may use of a cluster."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str] | None = None
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    """Certificate of the API server's authority, base64."""
    version: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """The security group that EKS puts on the control plane and on every node: all of them reach each other."""
    node_role_arn: pulumi.Output[str]
    node_role_name: pulumi.Output[str]
    vpc_id: pulumi.Output[str]
    private_subnet_ids: pulumi.Output[Sequence[str]]
    region: pulumi.Output[str]
    oidc_provider_arn: pulumi.Output[str] | None = None
    oidc_issuer: pulumi.Output[str] | None = None
    node_volume_key_arn: pulumi.Output[str] | None = None
    """Key that disks of nodes are encrypted with; without one EBS's own key encrypts them."""
    max_pods: pulumi.Output[int] | None = None
    """Pods that a node may run where the network add-on hands out prefixes; without it, as many as its interfaces
    carry."""
    reserved_interfaces: pulumi.Output[str] | None = None
    """Network interfaces of a node that carry no pods, because pods have subnets of their own."""

    def provider(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.ProviderResource:
        """The Kubernetes provider of this cluster. It asks the AWS CLI for a short-lived token: none is ever written
        down.
        """
        return kubernetes.Provider(
            name,
            kubeconfig=kubeconfig(self.name, self.endpoint, self.certificate_authority, self.region),
            # Only another API server is another cluster: a renewed certificate must not replace everything inside.
            cluster_identifier=self.endpoint,
            enable_server_side_apply=True,
            opts=opts,
        )


class EksCluster(Component[EksClusterSpec, EksClusterNeeds, EksClusterOutputs]):
    """Creates the control plane, who may use it, its add-ons and the system pool; nothing inside of Kubernetes."""

    layer = Layer.CLUSTER
    cleanup = ("interfaces", "load_balancers", "volumes")

    @classmethod
    def requirements(cls, spec: EksClusterSpec) -> Mapping[str, str]:
        """Disks are encrypted with the key of the cluster."""
        return {"key": "`encrypt_nodes_with_key` is true"} if spec.encrypt_nodes_with_key else {}

    @classmethod
    def conflicts(cls, spec: EksClusterSpec, given: Mapping[str, Spec]) -> Mapping[str, str]:
        """EKS takes subnets of two zones or more."""
        zones = getattr(given.get("network"), "zones", None)
        if zones == 1 or (isinstance(zones, list | tuple) and len(zones) == 1):
            return {"network": "a cluster takes a network with at least two zones, and this one has one"}
        return {}

    def build(self, name: str, spec: EksClusterSpec, needs: EksClusterNeeds) -> EksClusterOutputs:
        """Add-ons that nodes need come before them, those that need nodes after them."""
        key_arn = needs.key.arn if needs.key else None
        if spec.encrypt_nodes_with_key and key_arn is None:
            raise UsageError("`encrypt_nodes_with_key` is true and the cluster has no `key`", hint="give it a `key`")
        volume_key_arn = key_arn if spec.encrypt_nodes_with_key else None
        cluster = self._control_plane(name, spec, needs, key_arn)
        for entry, access in spec.access_entries.items():
            self._access(f"{name}-access-{entry}", cluster, access)
        security_group_id = cluster.vpc_config.cluster_security_group_id
        node_role, joined = role(self, f"{name}-nodes", trust("ec2.amazonaws.com", self.context), NODE_POLICIES)
        settings = {"vpc-cni": cni_settings(needs.network, security_group_id)}
        before = [
            addon(self, name, each, cluster, versions=spec.addon_versions, configuration=settings.get(each))
            for each in BEFORE_NODES
        ]
        if volume_key_arn is not None:
            joined.append(volume_grant(self, name, volume_key_arn))
        pool = system_pool(
            self,
            name,
            spec.system_pool,
            cluster=cluster,
            subnet_ids=needs.network.private_subnet_ids,
            node_role=node_role,
            volume_key_arn=volume_key_arn,
            depends_on=[*before, *joined],
        )
        self.expect(pool, average_nodes=spec.expected.average_nodes or Range.of(spec.system_pool.desired))
        for each in dict.fromkeys((*AFTER_NODES, *spec.addons)):
            addon(self, name, each, cluster, versions=spec.addon_versions, key_arn=key_arn, depends_on=[pool])
        issuer = cluster.identities[0].oidcs[0].issuer
        oidc = (
            aws.iam.OpenIdConnectProvider(
                f"{name}-oidc", url=issuer, client_id_lists=["sts.amazonaws.com"], opts=self.child()
            )
            if spec.oidc_provider
            else None
        )
        return EksClusterOutputs(
            name=cluster.name,
            arn=cluster.arn,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.data,
            version=cluster.version,
            security_group_id=security_group_id,
            node_role_arn=node_role.arn,
            node_role_name=node_role.name,
            vpc_id=needs.network.vpc_id,
            private_subnet_ids=needs.network.private_subnet_ids,
            region=pulumi.Output.from_input(self.context.region),
            oidc_provider_arn=oidc.arn if oidc else None,
            oidc_issuer=issuer if oidc else None,
            node_volume_key_arn=volume_key_arn,
            max_pods=pulumi.Output.from_input(MAX_PODS),
            reserved_interfaces=pulumi.Output.from_input("1") if needs.network.pod_subnet_ids is not None else None,
        )

    def _control_plane(
        self, name: str, spec: EksClusterSpec, needs: EksClusterNeeds, key_arn: pulumi.Output[str] | None
    ) -> aws.eks.Cluster:
        owner, before = role(
            self, f"{name}-role", trust("eks.amazonaws.com", self.context), ("AmazonEKSClusterPolicy",)
        )
        if key_arn is not None:
            use = policy([secrets_key(key_arn)])
            before.append(aws.iam.RolePolicy(f"{name}-role-key", role=owner.name, policy=use, opts=self.child()))
        where = self.context
        # The log group has to be there first, under this name, or EKS makes one of its own that is kept for ever.
        physical = self.fixed_name(name, limit=63) or f"{where.blueprint}-{where.environment}-{name}"[:63]
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/eks/{physical}/cluster",
            retention_in_days=spec.log_retention_days,
            kms_key_id=key_arn,
            opts=self.child(),
        )
        self.expect(logs, ingested_gib=spec.expected.log_ingested_gib)
        network: aws.eks.ClusterVpcConfigArgsDict = {
            "subnet_ids": needs.network.private_subnet_ids,
            "endpoint_private_access": True,
            "endpoint_public_access": bool(spec.public_access_cidrs),
        }
        if spec.public_access_cidrs:
            network["public_access_cidrs"] = list(spec.public_access_cidrs)
        options = self.child(
            depends_on=[logs, *before],
            # Both are read on creation only, and a change would replace the cluster.
            ignore_changes=["bootstrapSelfManagedAddons", "accessConfig.bootstrapClusterCreatorAdminPermissions"],
        )
        # Where AWS refuses to delete it, so does the plan: before anything else has been deleted.
        options.protect = True if spec.deletion_protection else None
        return aws.eks.Cluster(
            name,
            name=physical,
            role_arn=owner.arn,
            version=spec.version,
            vpc_config=network,
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": spec.creator_is_admin,
            },
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=list(spec.log_types),
            encryption_config=None if key_arn is None else {"provider": {"key_arn": key_arn}, "resources": ["secrets"]},
            kubernetes_network_config=None if spec.service_cidr is None else {"service_ipv4_cidr": spec.service_cidr},
            upgrade_policy={"support_type": spec.support.upper()},
            zonal_shift_config={"enabled": spec.zonal_shift},
            control_plane_scaling_config={"tier": spec.control_plane_tier},
            deletion_protection=spec.deletion_protection,
            opts=options,
        )

    def _access(self, name: str, cluster: aws.eks.Cluster, entry: AccessEntry) -> None:
        made = aws.eks.AccessEntry(
            name,
            cluster_name=cluster.name,
            principal_arn=text(entry.principal_arn),
            kubernetes_groups=list(entry.kubernetes_groups) or None,
            opts=self.child(),
        )
        if entry.policy is not None:
            scope: aws.eks.AccessPolicyAssociationAccessScopeArgsDict = {"type": "cluster"}
            if entry.namespaces:
                scope = {"type": "namespace", "namespaces": list(entry.namespaces)}
            aws.eks.AccessPolicyAssociation(
                f"{name}-policy",
                cluster_name=cluster.name,
                principal_arn=made.principal_arn,
                policy_arn=pulumi.Output.concat(
                    "arn:", self.context.partition, ":eks::aws:cluster-access-policy/", POLICIES[entry.policy]
                ),
                access_scope=scope,
                opts=self.child(),
            )
