"""A pool of nodes with NVIDIA GPUs, Inferentia or Trainium: managed by EKS or started by Karpenter, with EFA, sharing
and reserved capacity.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from mlinfra.components._charts import MANAGED_BY, makers
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Spec
from mlinfra.components.compute._gpu_pool_nodes import ec2_node_class, efa_group, managed, node_pool
from mlinfra.components.compute._gpu_pool_spec import GpuPoolSpec
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.compute.karpenter import KarpenterOutputs
from mlinfra.errors import UsageError


@dataclasses.dataclass(frozen=True, kw_only=True)
class GpuPoolNeeds(Needs):
    """What a pool takes."""

    cluster: EksClusterOutputs
    """The cluster that the nodes join."""
    karpenter: KarpenterOutputs | None = None
    """What starts the nodes with `provisioner: karpenter`; a managed pool leaves it alone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GpuPoolOutputs(Outputs):
    """What workloads need to know to run on the pool."""

    name: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    resource_name: pulumi.Output[str]
    """What pods ask for: `nvidia.com/gpu` or `aws.amazon.com/neuron`."""
    accelerators_per_node: pulumi.Output[int]
    """Accelerators of a node of the first instance type."""
    efa_interfaces: pulumi.Output[int]
    """EFA interfaces of a node (`vpc.amazonaws.com/efa`); 0 without EFA."""
    node_selector: pulumi.Output[Mapping[str, str]]
    """Labels that a pod selects to run here."""
    tolerations: pulumi.Output[Sequence[Mapping[str, str]]]
    """Tolerations that a pod needs to run here."""


class GpuPool(Component[GpuPoolSpec, GpuPoolNeeds, GpuPoolOutputs]):
    """Creates the nodes' template and pool; with EFA also the placement group and security group."""

    layer = Layer.CLUSTER

    @classmethod
    def layer_of(cls, spec: GpuPoolSpec) -> Layer:
        """Managed pools belong to the cluster, Karpenter's are objects inside of it."""
        return Layer.PLATFORM if spec.provisioner == "karpenter" else Layer.CLUSTER

    @classmethod
    def requirements(cls, spec: GpuPoolSpec) -> Mapping[str, str]:
        """Karpenter's pools need Karpenter."""
        return {"karpenter": "it starts the nodes"} if spec.provisioner == "karpenter" else {}

    def build(self, name: str, spec: GpuPoolSpec, needs: GpuPoolNeeds) -> GpuPoolOutputs:
        """With EFA the network comes first; the pool itself is a node group or a NodePool."""
        placement = (
            aws.ec2.PlacementGroup(f"{name}-placement", strategy="cluster", opts=self.child()) if spec.efa else None
        )
        efa = efa_group(self, name, needs.cluster) if spec.efa else None
        if spec.provisioner == "managed":
            pool: pulumi.CustomResource = managed(self, name, spec, needs.cluster, placement=placement, efa=efa)
        else:
            pool = self._karpenter(name, spec, needs, placement, efa)
        self.expect(pool, average_nodes=spec.average_nodes)
        tolerations = [
            {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
            for taint in spec.node_taints()
        ]
        return GpuPoolOutputs(
            # Through the pool, so that what runs on it is made after it and goes before it.
            name=pool.urn.apply(lambda _: name),
            cluster_name=needs.cluster.name,
            resource_name=pulumi.Output.from_input(spec.first.resource),
            accelerators_per_node=pulumi.Output.from_input(spec.first.count),
            efa_interfaces=pulumi.Output.from_input(spec.first.efa_interfaces if spec.efa else 0),
            node_selector=pulumi.Output.from_input({"mlinfra/pool": name}),
            tolerations=pulumi.Output.from_input(tolerations),
        )

    def _karpenter(
        self,
        name: str,
        spec: GpuPoolSpec,
        needs: GpuPoolNeeds,
        placement: aws.ec2.PlacementGroup | None,
        efa: aws.ec2.SecurityGroup | None,
    ) -> kubernetes.apiextensions.CustomResource:
        if needs.karpenter is None:
            raise UsageError(
                f"pool `{name}` has `provisioner: karpenter`, and nothing gives it Karpenter",
                hint="add a component of kind `karpenter` and say `karpenter: …` here",
            )
        options = self.child()
        # Objects of Karpenter's kinds can only be made once its definitions are there.
        options.depends_on = makers(needs.karpenter.version)
        made = kubernetes.apiextensions.CustomResource(
            f"{name}-class",
            api_version="karpenter.k8s.aws/v1",
            kind="EC2NodeClass",
            metadata={"name": name, "labels": MANAGED_BY},
            spec=ec2_node_class(
                self,
                name,
                spec,
                needs.cluster,
                instance_profile=needs.karpenter.instance_profile_name,
                placement=placement,
                efa=efa,
            ),
            opts=options,
        )
        return kubernetes.apiextensions.CustomResource(
            name,
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata={"name": name, "labels": MANAGED_BY},
            spec=node_pool(name, spec, spec.node_labels(name)),
            opts=self.child(depends_on=[made]),
        )


def most_per_node(pool: Spec) -> int | None:
    """Accelerators that a node of a pool has at most; None where pods share them, or what is brought along does not say."""
    if isinstance(pool, GpuPoolSpec):
        return max(each.count for each in pool.instances) if pool.sharing.mode == "none" else None
    said = getattr(pool, "accelerators_per_node", None)
    return said if isinstance(said, int) else None
