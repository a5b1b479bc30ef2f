"""What a cluster needs once: load balancers, scaling on queues, pod metrics, volumes; certificates, secrets, names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._charts import MANAGED_BY, installed, namespace, release
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Ref, Spec, Statement
from mlinfra.components.compute._load_balancer_policy import controller_policy
from mlinfra.components.compute._pod_role import pod_role
from mlinfra.components.compute._service_values import service_charts, service_values
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

Label: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", examples=["research", "team-a"])]

ZoneArn: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:route53:::hostedzone/[A-Z0-9]+$",
        examples=["arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"],
    ),
]
Domain: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9_]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$",
        max_length=253,
        examples=["example.com", "ml.example.com"],
    ),
]
OWN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
"""Namespaces that Kubernetes makes itself."""


class StorageClass(Spec):
    """The storage class for volumes of pods: encrypted gp3, in the zone where the pod runs."""

    name: Label = Field(default="gp3", examples=["gp3", "fast"])
    """Name in the cluster. Left out: gp3."""
    default: bool = True
    """Use it for volume claims that name no class. Left out: true."""
    reclaim: Literal["Delete", "Retain"] = "Delete"
    """What becomes of a volume whose claim is deleted. Left out: Delete, or it would be paid for unseen."""
    iops: int | None = Field(default=None, ge=3000, le=80000)
    """Operations a second of each volume. Left out: 3,000, which are in gp3's price."""
    throughput_mibps: int | None = Field(default=None, ge=125, le=2000)
    """Throughput of each volume. Left out: 125 MiB/s, which are in gp3's price."""
    key_arn: Ref[str] | None = None
    """Key to encrypt with; the driver's role must be allowed to use it. Left out: EBS's own key of the account."""


class ExternalDns(Spec):
    """Names for load balancers, kept in Route 53."""

    zone_arns: tuple[Ref[ZoneArn], ...] = Field(min_length=1)
    """ARNs of the hosted zones that may be written to."""
    domains: tuple[Domain, ...] = Field(min_length=1)
    """Domains that records may be made in, for example `ml.example.com`."""
    delete_records: bool = False
    """Delete records whose ingress is gone. Left out: false, records are only added and changed."""


class TeamNamespace(Spec):
    """A namespace with limits, for people who bring their own workloads."""

    pod_security: Literal["baseline", "restricted"] = "restricted"
    """Rights that pods may have at most, by the Pod Security Standards. Left out: restricted."""
    gpus: int | None = Field(default=None, ge=0, le=10_000)
    """GPUs that all pods together may ask for. Left out: no limit."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterServicesNeeds(Needs):
    """What the services can be given."""

    cluster: EksClusterOutputs
    """The cluster to install them into."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterServicesOutputs(Outputs):
    """Which services there are: the version of each that is on, and the name of the storage class."""

    load_balancer_controller: pulumi.Output[str] | None = None
    keda: pulumi.Output[str] | None = None
    metrics_server: pulumi.Output[str] | None = None
    storage_class: pulumi.Output[str] | None = None
    cert_manager: pulumi.Output[str] | None = None
    external_secrets: pulumi.Output[str] | None = None
    external_secrets_role_arn: pulumi.Output[str] | None = None
    """The role that fetches secrets, by taking on a role of whoever needs one."""
    secret_role_path: pulumi.Output[str] | None = None
    """IAM path of the roles that it may take on."""
    external_dns: pulumi.Output[str] | None = None


class ClusterServicesSpec(Spec):
    """What a blueprint may say about a cluster's services."""

    load_balancer_controller: bool = True
    """Install the AWS Load Balancer Controller, which makes load balancers for ingresses. Left out: true."""
    keda: bool = True
    """Install KEDA, which scales pods on queues and metrics. Left out: true."""
    metrics_server: bool = True
    """Install metrics-server, which `kubectl top` asks. Switch it off where the EKS add-on is on. Left out: true."""
    storage_class: StorageClass | Literal[False] = StorageClass()
    """The storage class for volumes, or `false` for none. Left out: encrypted gp3, the default of the cluster."""
    cert_manager: bool = False
    """Install cert-manager, which operators with webhooks ask for. Left out: false."""
    external_secrets: bool = False
    """Install External Secrets, which copies secrets from Secrets Manager into namespaces. Left out: false."""
    external_dns: ExternalDns | None = None
    """Keep names of load balancers in Route 53. Left out: no names."""
    namespaces: Mapping[Label, TeamNamespace] = Field(default={}, max_length=100)
    """Namespaces to make for people's own workloads, closed to traffic from other namespaces. Left out: none."""

    @field_validator("namespaces")
    @classmethod
    def _not_of_kubernetes(cls, value: Mapping[str, TeamNamespace]) -> Mapping[str, TeamNamespace]:
        for name in value:
            if name in OWN_NAMESPACES:
                raise PydanticCustomError("own_namespace", "Kubernetes makes `{name}` itself", {"name": name})
        return value


class ClusterServices(Component[ClusterServicesSpec, ClusterServicesNeeds, ClusterServicesOutputs]):
    """Installs the services, each as one release with its own role."""

    layer = Layer.PLATFORM
    cleanup = ("load_balancers",)
    once = True

    def build(self, name: str, spec: ClusterServicesSpec, needs: ClusterServicesNeeds) -> ClusterServicesOutputs:
        """Create what is switched on; the load-balancer controller first."""
        cluster = needs.cluster
        outputs: dict[str, pulumi.Output[str]] = {}
        known = service_charts()
        controller: list[pulumi.Resource] = []
        if spec.load_balancer_controller:
            _, ready = pod_role(
                self,
                f"{name}-load-balancer-controller",
                cluster=cluster.name,
                namespace="kube-system",
                service_account="aws-load-balancer-controller",
                allowed=controller_policy(self.context, cluster.name),
            )
            made = self._install(name, "aws-load-balancer-controller", "kube-system", cluster, ready)
            controller = [made]
            outputs["load_balancer_controller"] = installed(made, known["aws-load-balancer-controller"])
        if spec.metrics_server:
            made = self._install(name, "metrics-server", "kube-system", cluster)
            outputs["metrics_server"] = installed(made, known["metrics-server"])
        # The controller's webhooks are asked about what others install, so those wait until it answers.
        if spec.keda:
            space = self._space(name, "keda")
            outputs["keda"] = installed(self._install(name, "keda", space, cluster, controller), known["keda"])
        if spec.cert_manager:
            space = self._space(name, "cert-manager")
            made = self._install(name, "cert-manager", space, cluster, controller)
            outputs["cert_manager"] = installed(made, known["cert-manager"])
        if spec.external_secrets:
            outputs |= self._secrets(name, cluster, controller)
        if spec.external_dns:
            outputs["external_dns"] = self._names(name, spec.external_dns, cluster, controller)
        if spec.storage_class:
            outputs["storage_class"] = self._storage_class(name, spec.storage_class)
        for called, team in spec.namespaces.items():
            self._team(f"{name}-{called}", called, team)
        return ClusterServicesOutputs(**outputs)

    def _space(self, name: str, service: str) -> pulumi.Output[str]:
        made = namespace(self, f"{name}-{service}-namespace", called=service, pod_security="restricted")
        return made.metadata.apply(lambda found: str(found.name))

    def _install(
        self,
        name: str,
        service: str,
        where: pulumi.Input[str],
        cluster: EksClusterOutputs,
        depends_on: Sequence[pulumi.Resource] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> kubernetes.helm.v3.Release:
        return release(
            self,
            f"{name}-{service}",
            service_charts()[service],
            release_name=service,
            namespace=where,
            values={**service_values(service, cluster, self.context), **(extra or {})},
            depends_on=depends_on,
        )

    def _secrets(
        self, name: str, cluster: EksClusterOutputs, depends_on: Sequence[pulumi.Resource]
    ) -> dict[str, pulumi.Output[str]]:
        """The fetcher reads no secret itself: it may take on roles of one IAM path, and those say who may read what."""
        space = self._space(name, "external-secrets")
        path = f"/mlinfra/{self.context.blueprint}-{self.context.environment}/{name}/"
        role, ready = pod_role(
            self,
            f"{name}-external-secrets",
            cluster=cluster.name,
            namespace=space,
            service_account="external-secrets",
            allowed=[
                Statement(
                    ("sts:AssumeRole", "sts:TagSession"),
                    (self.context.arn("iam", f"role{path}*", regional=False),),
                )
            ],
        )
        made = self._install(name, "external-secrets", space, cluster, [*depends_on, *ready])
        return {
            "external_secrets": installed(made, service_charts()["external-secrets"]),
            "external_secrets_role_arn": role.arn,
            "secret_role_path": pulumi.Output.from_input(path),
        }

    def _names(
        self, name: str, spec: ExternalDns, cluster: EksClusterOutputs, depends_on: Sequence[pulumi.Resource]
    ) -> pulumi.Output[str]:
        space = self._space(name, "external-dns")
        zones = tuple(pulumi.Output.from_input(arn).apply(str) for arn in spec.zone_arns)
        _, ready = pod_role(
            self,
            f"{name}-external-dns",
            cluster=cluster.name,
            namespace=space,
            service_account="external-dns",
            allowed=[
                Statement(
                    (
                        "route53:ChangeResourceRecordSets",
                        "route53:ListResourceRecordSets",
                        "route53:ListTagsForResources",
                    ),
                    zones,
                ),
                Statement(("route53:ListHostedZones",), ("*",), reason="Route 53 lists zones without a resource"),
            ],
        )
        extra = {"domainFilters": list(spec.domains), "policy": "sync" if spec.delete_records else "upsert-only"}
        made = self._install(name, "external-dns", space, cluster, [*depends_on, *ready], extra)
        return installed(made, service_charts()["external-dns"])

    def _storage_class(self, name: str, spec: StorageClass) -> pulumi.Output[str]:
        made = kubernetes.storage.v1.StorageClass(
            f"{name}-storage-class",
            metadata={
                "name": spec.name,
                "labels": MANAGED_BY,
                "annotations": {"storageclass.kubernetes.io/is-default-class": str(spec.default).lower()},
            },
            provisioner="ebs.csi.aws.com",
            parameters=storage_parameters(spec, self.context.tags),
            reclaim_policy=spec.reclaim,
            # A volume made before its pod is placed may be in a zone where no node for the pod exists.
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=self.child(),
        )
        return made.metadata.apply(lambda found: str(found.name))

    def _team(self, name: str, called: str, team: TeamNamespace) -> None:
        made = namespace(self, name, called=called, pod_security=team.pod_security)
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-network",
            metadata={"name": "own-namespace-only", "namespace": called, "labels": MANAGED_BY},
            spec={"pod_selector": {}, "policy_types": ["Ingress"], "ingress": [{"from_": [{"pod_selector": {}}]}]},
            opts=self.child(depends_on=[made]),
        )
        if team.gpus is not None:
            kubernetes.core.v1.ResourceQuota(
                f"{name}-quota",
                metadata={"name": "gpus", "namespace": called, "labels": MANAGED_BY},
                spec={"hard": {"requests.nvidia.com/gpu": str(team.gpus)}},
                opts=self.child(depends_on=[made]),
            )


def storage_parameters(spec: StorageClass, tags: Mapping[str, str]) -> dict[str, pulumi.Input[str]]:
    """The EBS driver's parameters: everything is text, and each tag of the volumes is a parameter of its own."""
    found: dict[str, pulumi.Input[str]] = {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"}
    if spec.iops is not None:
        found["iops"] = str(spec.iops)
    if spec.throughput_mibps is not None:
        found["throughput"] = str(spec.throughput_mibps)
    if spec.key_arn is not None:
        found["kmsKeyId"] = pulumi.Output.from_input(spec.key_arn).apply(str)
    for number, (key, value) in enumerate(sorted(tags.items()), 1):
        found[f"tagSpecification_{number}"] = f"{key}={value}"
    return found
