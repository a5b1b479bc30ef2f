"""A language model or another model on Kubernetes: GPU pods with their weights, health, scaling and a load balancer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from mlinfra.components._charts import MANAGED_BY, namespace
from mlinfra.components._grammar import Component, Grant, Layer, Needs, Outputs, Spec
from mlinfra.components.compute._pod_role import pod_role
from mlinfra.components.compute.cluster_services import ClusterServicesOutputs
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.compute.gpu_pool import GpuPoolOutputs, most_per_node
from mlinfra.components.data.bucket import BucketOutputs, bucket_grant
from mlinfra.components.monitoring.metrics import MetricsOutputs
from mlinfra.components.serving._model_server_parts import add_ingress, add_monitor, add_scaling
from mlinfra.components.serving._model_server_pods import Place, Version, deployment_spec, patience_seconds, versions
from mlinfra.components.serving._model_server_secrets import fetched_secrets
from mlinfra.components.serving._model_server_spec import ModelServerSpec
from mlinfra.errors import UsageError


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelServerNeeds(Needs):
    """What a model server takes."""

    cluster: EksClusterOutputs
    """The cluster to run in."""
    pool: GpuPoolOutputs | None = None
    """The nodes to run on, if it uses GPUs."""
    weights: BucketOutputs | None = None
    """The bucket that holds the model's files."""
    cluster_services: ClusterServicesOutputs | None = None
    """Load balancers, scaling and secrets are made by these."""
    metrics: MetricsOutputs | None = None
    """Collects what the server says about itself; scaling asks it."""
    access: tuple[Grant, ...] = ()
    """What else the pods may use."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelServerOutputs(Outputs):
    """What other components may use of a model server."""

    url: pulumi.Output[str]
    """Where it answers: its load balancer, or its address inside the cluster."""
    service_name: pulumi.Output[str]
    namespace: pulumi.Output[str]
    role_name: pulumi.Output[str]
    """The role of its pods."""


class ModelServer(Component[ModelServerSpec, ModelServerNeeds, ModelServerOutputs]):
    """Creates the namespace, role, deployment and service, and what the blueprint asks for around them."""

    layer = Layer.WORKLOADS

    @classmethod
    def requirements(cls, spec: ModelServerSpec) -> Mapping[str, str]:
        """What this server cannot do without."""
        found: dict[str, str] = {}
        if spec.gpus:
            found["pool"] = f"`gpus: {spec.gpus}` run on the nodes of a pool"
        if any(model.prefix for model in spec.models()):
            found["weights"] = "`model.prefix` is a folder of that bucket"
        uses = [field for field in ("scaling", "ingress") if getattr(spec, field)]
        uses += ["secrets"] if any(secret.fetched for secret in spec.secrets.values()) else []
        if uses:
            found["cluster_services"] = f"its services do the work of {' and '.join(f'`{field}`' for field in uses)}"
        if spec.scaling:
            found["metrics"] = "`scaling` asks its Prometheus how much there is to do"
        return found

    @classmethod
    def conflicts(cls, spec: ModelServerSpec, given: Mapping[str, Spec]) -> Mapping[str, str]:
        """What it uses must be switched on, and a replica must fit onto a node."""
        services = given.get("cluster_services")
        found = {
            field: f"`{field}` uses `{service}`, which is switched off in the cluster's services; "
            f"say `{service}: true` in the component of kind `cluster_services`"
            for service, field in spec.services().items()
            if services is not None and not getattr(services, service, None)
        }
        most = most_per_node(given["pool"]) if "pool" in given else None
        if most is not None and spec.gpus > most:
            found["gpus"] = f"a replica takes {spec.gpus} GPUs, and a node of the pool has at most {most}"
        return found

    def build(self, name: str, spec: ModelServerSpec, needs: ModelServerNeeds) -> ModelServerOutputs:
        """Create what pods wait for first: the namespace, the role and the secrets."""
        check(name, spec, needs)
        app = name.replace("_", "-")
        space, ready = self._namespace(name, app, spec)
        weights = needs.weights if any(model.prefix for model in spec.models()) else None
        folders = sorted({f"{model.prefix}".rstrip("/") + "/" for model in spec.models() if model.prefix})
        read = [bucket_grant(weights.arn, weights.key_arn, "read", folder) for folder in folders] if weights else []
        account = kubernetes.core.v1.ServiceAccount(
            f"{name}-account",
            metadata={"name": app, "namespace": space, "labels": MANAGED_BY},
            automount_service_account_token=False,
            opts=self.child(depends_on=ready),
        )
        role, waits = pod_role(
            self,
            name,
            cluster=needs.cluster.name,
            namespace=space,
            service_account=app,
            allowed=[*read, *needs.access],
        )
        self._open_ports(name, needs)
        ready = [*ready, account, *waits, *self._secrets(name, app, spec, needs, space, ready)]
        pool = needs.pool if spec.gpus else None
        place = Place(
            namespace=space,
            service_account=app,
            region=needs.cluster.region,
            bucket=weights.name if weights else None,
            secret_name=f"{app}-secrets",
            gpu_resource=pool.resource_name if pool else None,
            node_selector=pool.node_selector if pool else None,
            tolerations=pool.tolerations if pool else None,
        )
        services = [self._deploy(name, version, place, ready) for version in versions(app, spec)]
        if needs.metrics and (spec.engine == "vllm" or spec.metrics_path):
            add_monitor(self, name, app, spec, space, ready)
        if spec.scaling and needs.metrics:
            add_scaling(self, name, app, spec, spec.scaling, needs.metrics.prometheus_url, space, services)
        url = pulumi.Output.concat("http://", app, ".", space, ".svc")
        if spec.ingress:
            subnets = needs.cluster.private_subnet_ids
            url = add_ingress(self, name, app, spec, spec.ingress, subnets, space, services)
        return ModelServerOutputs(
            url=url,
            service_name=services[0].metadata.apply(lambda found: str(found.name)),
            namespace=space,
            role_name=role.name,
        )

    def _namespace(
        self, name: str, app: str, spec: ModelServerSpec
    ) -> tuple[pulumi.Output[str], list[pulumi.Resource]]:
        """Its own namespace lets nothing in but calls to the server; one that exists already is left as it is."""
        if spec.namespace is not None:
            return pulumi.Output.from_input(spec.namespace), []
        made = namespace(self, f"{name}-namespace", called=app, pod_security="baseline")
        closed = kubernetes.networking.v1.NetworkPolicy(
            f"{name}-network",
            metadata={"name": "calls-only", "namespace": app, "labels": MANAGED_BY},
            spec={
                "pod_selector": {},
                "policy_types": ["Ingress"],
                "ingress": [{"ports": [{"port": spec.port, "protocol": "TCP"}]}],
            },
            opts=self.child(depends_on=[made]),
        )
        return made.metadata.apply(lambda found: str(found.name)), [made, closed]

    def _open_ports(self, name: str, needs: ModelServerNeeds) -> None:
        ports = [port for grant in needs.access for port in grant.ports]
        for number, port in enumerate(ports):
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-port-{number}",
                security_group_id=port.security_group_id,
                referenced_security_group_id=needs.cluster.security_group_id,
                ip_protocol="tcp",
                from_port=port.port,
                to_port=port.port,
                opts=self.child(),
            )

    def _secrets(
        self,
        name: str,
        app: str,
        spec: ModelServerSpec,
        needs: ModelServerNeeds,
        space: pulumi.Output[str],
        ready: Sequence[pulumi.Resource],
    ) -> list[pulumi.Resource]:
        fetched = {variable: secret for variable, secret in spec.secrets.items() if secret.fetched}
        services = needs.cluster_services
        if not fetched or not services or not services.external_secrets_role_arn or not services.secret_role_path:
            return []
        return [
            fetched_secrets(
                self,
                name,
                secrets=fetched,
                secret_name=f"{app}-secrets",
                namespace=space,
                fetcher_arn=services.external_secrets_role_arn,
                role_path=services.secret_role_path,
                region=needs.cluster.region,
                depends_on=ready,
            )
        ]

    def _deploy(
        self, name: str, version: Version, place: Place, ready: Sequence[pulumi.Resource]
    ) -> kubernetes.core.v1.Service:
        """Deployment, service and disruption budget of one version."""
        own = name if version.track == "stable" else f"{name}-canary"
        metadata: Any = {
            "name": version.called,
            "namespace": place.namespace,
            "labels": {**MANAGED_BY, **version.labels, "mlinfra/kind": "model_server"},
        }
        patience = f"{patience_seconds(version.spec)}s"
        deployment = kubernetes.apps.v1.Deployment(
            own,
            metadata=metadata,
            spec=kubernetes.apps.v1.DeploymentSpecArgs(**deployment_spec(version, place)),
            opts=self.child(depends_on=ready, custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience)),
        )
        scaling = version.spec.scaling if version.track == "stable" else None
        if (scaling.max if scaling else version.spec.replicas or 1) > 1:
            kubernetes.policy.v1.PodDisruptionBudget(
                f"{own}-disruption",
                metadata=metadata,
                spec={"max_unavailable": 1, "selector": {"match_labels": version.labels}},
                opts=self.child(depends_on=ready),
            )
        return kubernetes.core.v1.Service(
            f"{own}-service",
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": version.labels,
                "ports": [{"name": "http", "port": 80, "target_port": "http", "protocol": "TCP"}],
            },
            opts=self.child(depends_on=[deployment]),
        )


def check(name: str, spec: ModelServerSpec, needs: ModelServerNeeds) -> None:
    """Refuse what cannot work with the services that there are. Raises UsageError naming the first that is missing."""
    for field, reason in ModelServer.requirements(spec).items():
        if getattr(needs, field) is None:
            raise UsageError(f"`{name}` needs `{field}`: {reason}", hint=f"add a component and say `{field}: …` here")
    services = needs.cluster_services
    for service in spec.services():
        if services and getattr(services, service) is None:
            raise UsageError(
                f"`{name}` uses `{service}`, which is switched off in the cluster's services",
                hint=f"say `{service}: true` in the component of kind `cluster_services`",
            )
