"""Karpenter: nodes that come when pods wait and go when they are not needed, with a default pool of CPU nodes."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Literal, Self

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._charts import MANAGED_BY, charts, installed, release
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Range, Spec, trust
from mlinfra.components.compute._eks_cluster_documents import volume_key
from mlinfra.components.compute._eks_cluster_parts import role
from mlinfra.components.compute._karpenter_documents import (
    EVENTS,
    controller_statements,
    controller_values,
    node_class,
    queue_policy,
    requirement,
)
from mlinfra.components.compute._node_facts import CHARTS, images
from mlinfra.components.compute._node_template import NODE_POLICIES, karpenter_disk
from mlinfra.components.compute._pod_role import pod_role
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

NAMESPACE = "kube-system"
"""Where the controller lives: the API server serves this namespace first when it is busy."""
AmiVersion = Annotated[str, Field(pattern=r"^(v\d{8}|v?\d+\.\d+\.\d+|latest)$", examples=["v20260810", "1.40.0"])]
Category = Literal["c", "m", "r", "t", "i", "x"]


class DefaultPool(Spec):
    """The pool of CPU nodes that takes pods which ask for nothing special."""

    categories: tuple[Category, ...] = Field(default=("c", "m", "r"), min_length=1)
    """Families by their letter: compute, general, memory. Left out: c, m and r."""
    generation_from: int = Field(default=6, ge=1, le=12)
    """Lowest generation of instance types. Left out: 6."""
    architectures: tuple[Literal["x86_64", "arm64"], ...] = Field(default=("x86_64",), min_length=1)
    """Processor architectures; arm64 is Graviton, and images have to be built for it. Left out: x86_64."""
    capacity: tuple[Literal["on_demand", "spot"], ...] = Field(default=("on_demand",), min_length=1)
    """Kinds of capacity; with both, spot is taken first. Left out: on_demand."""
    max_vcpus: int = Field(default=64, ge=1, le=1_000_000)
    """Most vCPUs of all nodes of the pool together: this bounds the bill. Left out: 64."""
    max_memory_gib: int = Field(default=256, ge=1, le=10_000_000)
    """Most memory of all nodes of the pool together, GiB. Left out: 256."""
    disk_gib: int = Field(default=100, ge=20, le=16384)
    """Disk of a node, GiB (gp3, encrypted). Left out: 100."""
    consolidate_after_minutes: int = Field(default=5, ge=0, le=1440)
    """Minutes without a change before pods are packed onto fewer nodes. Left out: 5."""
    expire_days: int = Field(default=30, ge=1, le=365)
    """Days after which a node is replaced by one with a newer image. Left out: 30."""


class Expected(Spec):
    """What Karpenter will run; for the estimate, never a limit."""

    average_nodes: Range = Range.of(0, 2, 8)
    """Nodes of the default pool, on average. Left out: 0 to 8, expected 2: services and CPU steps of a small team."""
    queue_requests: Range = Range.of(131_400, 150_000, 1_000_000)
    """Calls to the queue of interruptions. Left out: 131,400 (looking every 20 seconds) to 1,000,000, expected
    150,000."""


class KarpenterSpec(Spec):
    """What a blueprint may say about Karpenter."""

    os: Literal["al2023", "bottlerocket"] = "al2023"
    """Operating system of the default pool. Left out: al2023."""
    ami_version: AmiVersion = "latest"
    """Release of the node image: `v20260810` for al2023. Left out: latest; nodes then change whenever AWS publishes
    one, so pin it
    where that matters."""
    default_pool: DefaultPool | None = DefaultPool()
    """The pool of CPU nodes. Left out: c, m and r of generation 6 and later, 64 vCPUs. null: no pool."""
    isolated: bool = False
    """The network has no way to AWS's price list, so use the prices that Karpenter ships. Left out: false."""
    replicas: int = Field(default=2, ge=1, le=3)
    """Copies of the controller, on different nodes. Left out: 2."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a small team."""

    @model_validator(mode="after")
    def _image(self) -> Self:
        date = self.ami_version.startswith("v2") and len(self.ami_version) == 9
        if self.ami_version != "latest" and date is not (self.os == "al2023"):
            raise PydanticCustomError(
                "ami_version",
                "`{version}` is not a release of {os}: al2023 has `v20260810`, bottlerocket `1.40.0`",
                {"version": self.ami_version, "os": self.os},
            )
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class KarpenterNeeds(Needs):
    """What Karpenter takes."""

    cluster: EksClusterOutputs
    """The cluster that it makes nodes for."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class KarpenterOutputs(Outputs):
    """What other components may use of Karpenter."""

    cluster_name: pulumi.Output[str]
    namespace: pulumi.Output[str]
    version: pulumi.Output[str]
    """Version of the controller's chart; whoever needs it waits for the controller and its CRDs."""
    node_role_arn: pulumi.Output[str]
    node_role_name: pulumi.Output[str]
    instance_profile_name: pulumi.Output[str]
    queue_arn: pulumi.Output[str]
    default_node_class: pulumi.Output[str] | None = None


class Karpenter(Component[KarpenterSpec, KarpenterNeeds, KarpenterOutputs]):
    """Creates the controller with its CRDs, role and interruption queue, the role of its nodes, and the default
    pool.
    """

    layer = Layer.PLATFORM
    once = True
    cleanup = ("karpenter_nodes",)

    def build(self, name: str, spec: KarpenterSpec, needs: KarpenterNeeds) -> KarpenterOutputs:
        """Roles and definitions first, then the controller, then the objects that it acts on."""
        cluster = needs.cluster
        queue = self._queue(name, spec.expected.queue_requests)
        node_role, joined = role(self, f"{name}-nodes", trust("ec2.amazonaws.com", self.context), NODE_POLICIES)
        profile = aws.iam.InstanceProfile(f"{name}-nodes-profile", role=node_role.name, opts=self.child())
        # Nodes whose role the cluster does not know never join it.
        entry = aws.eks.AccessEntry(
            f"{name}-nodes-access",
            cluster_name=cluster.name,
            principal_arn=node_role.arn,
            type="EC2_LINUX",
            opts=self.child(),
        )
        allowed = controller_statements(
            self.context,
            cluster=cluster.name,
            queue_arn=queue.arn,
            node_role_arn=node_role.arn,
            instance_profile_arn=profile.arn,
        )
        if cluster.node_volume_key_arn is not None:
            allowed = (*allowed, *volume_key(cluster.node_volume_key_arn))
        _, ready = pod_role(
            self,
            f"{name}-controller",
            cluster=cluster.name,
            namespace=NAMESPACE,
            service_account="karpenter",
            allowed=allowed,
        )
        known = charts(CHARTS)
        definitions = release(
            self,
            f"{name}-crds",
            known["karpenter-crd"],
            release_name="karpenter-crd",
            namespace=NAMESPACE,
            values={},
        )
        controller = release(
            self,
            name,
            known["karpenter"],
            release_name="karpenter",
            namespace=NAMESPACE,
            values=controller_values(replicas=spec.replicas, cluster=cluster, queue=queue.name, isolated=spec.isolated),
            depends_on=[definitions, entry, *joined, *ready],
        )
        default = None
        if spec.default_pool is not None:
            default = self._default_pool(
                name, spec, spec.default_pool, cluster=cluster, profile=profile, controller=controller
            )
        return KarpenterOutputs(
            cluster_name=cluster.name,
            namespace=pulumi.Output.from_input(NAMESPACE),
            version=installed(controller, known["karpenter"]),
            node_role_arn=node_role.arn,
            node_role_name=node_role.name,
            instance_profile_name=profile.name,
            queue_arn=queue.arn,
            default_node_class=default,
        )

    def _queue(self, name: str, requests: Range) -> aws.sqs.Queue:
        queue = aws.sqs.Queue(
            f"{name}-interruptions",
            message_retention_seconds=300,
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        self.expect(queue, requests=requests)
        aws.sqs.QueuePolicy(
            f"{name}-interruptions-policy",
            queue_url=queue.url,
            policy=queue_policy(self.context, queue.arn),
            opts=self.child(),
        )
        for event, pattern in EVENTS.items():
            rule = aws.cloudwatch.EventRule(
                f"{name}-{event}",
                description=f"Tells Karpenter before nodes go: {event}",
                event_pattern=json.dumps(pattern),
                opts=self.child(),
            )
            aws.cloudwatch.EventTarget(f"{name}-{event}-target", rule=rule.name, arn=queue.arn, opts=self.child())
        return queue

    def _default_pool(
        self,
        name: str,
        spec: KarpenterSpec,
        pool: DefaultPool,
        *,
        cluster: EksClusterOutputs,
        profile: aws.iam.InstanceProfile,
        controller: kubernetes.helm.v3.Release,
    ) -> pulumi.Output[str]:
        image = images()[spec.os, pool.architectures[0], ""]
        made = kubernetes.apiextensions.CustomResource(
            f"{name}-default-class",
            api_version="karpenter.k8s.aws/v1",
            kind="EC2NodeClass",
            metadata={"name": "default", "labels": MANAGED_BY},
            spec=node_class(
                alias=f"{image.karpenter_alias}@{spec.ami_version}",
                instance_profile=profile.name,
                subnet_ids=cluster.private_subnet_ids,
                security_group_ids=[cluster.security_group_id],
                disk=karpenter_disk(spec.os, pool.disk_gib, 125, cluster.node_volume_key_arn),
                tags={**self.context.tags, "Name": f"{name}-default"},
                max_pods=cluster.max_pods,
            ),
            opts=self.child(depends_on=[controller]),
        )
        architectures = {"x86_64": "amd64", "arm64": "arm64"}
        nodes = kubernetes.apiextensions.CustomResource(
            f"{name}-default-pool",
            api_version="karpenter.sh/v1",
            kind="NodePool",
            metadata={"name": "default", "labels": MANAGED_BY},
            spec={
                "template": {
                    "metadata": {"labels": {"mlinfra/pool": "default"}},
                    "spec": {
                        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
                        "requirements": [
                            requirement("kubernetes.io/os", "linux"),
                            requirement("kubernetes.io/arch", *(architectures[a] for a in pool.architectures)),
                            requirement("karpenter.sh/capacity-type", *(c.replace("_", "-") for c in pool.capacity)),
                            requirement("karpenter.k8s.aws/instance-category", *pool.categories),
                            {
                                "key": "karpenter.k8s.aws/instance-generation",
                                "operator": "Gte",
                                "values": [str(pool.generation_from)],
                            },
                        ],
                        "expireAfter": f"{pool.expire_days * 24}h",
                    },
                },
                "limits": {"cpu": str(pool.max_vcpus), "memory": f"{pool.max_memory_gib}Gi"},
                "disruption": {
                    "consolidationPolicy": "WhenEmptyOrUnderutilized",
                    "consolidateAfter": f"{pool.consolidate_after_minutes}m",
                    "budgets": [{"nodes": "10%"}],
                },
            },
            opts=self.child(depends_on=[made]),
        )
        self.expect(nodes, average_nodes=spec.expected.average_nodes)
        return made.urn.apply(lambda _: "default")
