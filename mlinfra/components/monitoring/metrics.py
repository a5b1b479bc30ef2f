"""Prometheus, Alertmanager and Grafana inside a cluster, with GPU metrics and alert rules for training and serving."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._charts import MANAGED_BY, namespace, release
from mlinfra.components._grammar import Component, Deletion, Layer, Needs, Outputs, Ref, Spec, by_environment
from mlinfra.components.compute._pod_role import pod_role
from mlinfra.components.compute.cluster_services import ClusterServicesOutputs
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.monitoring._alert_rules import Pack, rule_spec
from mlinfra.components.monitoring._metrics_values import (
    ALERTMANAGER_ACCOUNT,
    FULL_NAME,
    alertmanager_config,
    stack_chart,
    stack_values,
)
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.errors import UsageError

NAMESPACE = "monitoring"
EXPORTERS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "operator": ({"app": "nvidia-dcgm-exporter"}, "gpu-metrics"),
    "chart": ({"app.kubernetes.io/name": "dcgm-exporter"}, "metrics"),
}
"""Labels and port of the DCGM exporter's service, as the GPU operator and the exporter's own chart make it."""


class MetricsSpec(Spec):
    """What a blueprint may say about metrics."""

    retention_days: int = Field(default=15, ge=1, le=400)
    """Days that metrics are kept, as far as the volume holds them. Left out: 15."""
    storage_gib: int = Field(default=50, ge=10, le=16_000)
    """Size of the volume for metrics; 50 GiB hold about 15 days of a cluster with 20 nodes. Left out: 50."""
    storage_class: Ref[str] | None = None
    """Storage class of the volumes. Left out: that of `cluster_services`, which then have to be given and make one."""
    deletion: Deletion | None = by_environment(protected="retain", otherwise="delete")
    """What becomes of the volumes at destroy. Left out: retain in a protected environment, delete elsewhere."""
    replicas: int = Field(default=1, ge=1, le=3)
    """Copies of Prometheus and Alertmanager, each with a volume and all of the metrics. Left out: 1."""
    grafana: bool = True
    """Install Grafana; its password is made up inside the cluster. Left out: true."""
    grafana_admin_secret: str | None = Field(
        default=None, pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", examples=["grafana-admin"]
    )
    """Kubernetes Secret in `monitoring` with `admin-user` and `admin-password`. Left out: a password is made up."""
    gpu: bool = True
    """Collect GPU metrics from the DCGM exporter of `gpu_operator`. Left out: true."""
    alert_rules: tuple[Pack, ...] = ("gpu", "serving", "scaling")
    """Packs of alert rules to install, beside those for nodes, pods and volumes. Left out: all."""
    repeat_hours: int = Field(default=12, ge=1, le=168)
    """Hours after which an alert that goes on is sent again. Left out: 12."""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.grafana_admin_secret is not None and not self.grafana:
            raise PydanticCustomError("no_grafana", "`grafana_admin_secret` is Grafana's, and `grafana` is false")
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricsNeeds(Needs):
    """What metrics can be given."""

    cluster: EksClusterOutputs
    """The cluster to watch."""
    cluster_services: ClusterServicesOutputs | None = None
    """Gives the storage class of the volumes."""
    alerts: AlertsOutputs | None = None
    """Where alerts are sent. Without it they are only seen in Grafana."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricsOutputs(Outputs):
    """What other components may use of metrics. Addresses are reachable inside the cluster only."""

    namespace: pulumi.Output[str]
    prometheus_url: pulumi.Output[str]
    alertmanager_url: pulumi.Output[str] | None = None
    grafana_url: pulumi.Output[str] | None = None
    role_name: pulumi.Output[str] | None = None


class Metrics(Component[MetricsSpec, MetricsNeeds, MetricsOutputs]):
    """Installs the stack, what it collects from GPUs, its rules, and the role that Alertmanager publishes with."""

    layer = Layer.PLATFORM
    once = True

    @classmethod
    def requirements(cls, spec: MetricsSpec) -> Mapping[str, str]:
        """Volumes need a storage class from somewhere: new EKS clusters have none."""
        if spec.storage_class is None:
            return {"cluster_services": "it gives the volumes their storage class, unless `storage_class` names one"}
        return {}

    @classmethod
    def conflicts(cls, spec: MetricsSpec, given: Mapping[str, Spec]) -> Mapping[str, str]:
        """Services can be told to make no storage class."""
        services = given.get("cluster_services")
        if spec.storage_class is None and services is not None and not getattr(services, "storage_class", None):
            return {"storage_class": "the cluster's services have no storage class: say which the volumes take"}
        return {}

    def build(self, name: str, spec: MetricsSpec, needs: MetricsNeeds) -> MetricsOutputs:
        """Create the release first, since it brings the definitions of rules and monitors."""
        # The node exporter looks at the host, which is why the namespace cannot be restricted.
        space = namespace(self, f"{name}-namespace", called=NAMESPACE, pod_security="privileged")
        ready: list[pulumi.Resource] = [space]
        role_name = None
        if needs.alerts:
            role, waits = pod_role(
                self,
                name,
                cluster=needs.cluster.name,
                namespace=NAMESPACE,
                service_account=ALERTMANAGER_ACCOUNT,
                allowed=[needs.alerts.grant("publish")],
            )
            role_name = role.name
            ready += waits
        storage_class = _storage_class(name, spec, needs)
        stack = release(
            self,
            name,
            stack_chart(),
            release_name="kube-prometheus-stack",
            namespace=NAMESPACE,
            values=stack_values(
                retention_days=spec.retention_days,
                storage_gib=spec.storage_gib,
                storage_class=storage_class,
                keep_volumes=spec.deletion == "retain",
                grafana=spec.grafana,
                grafana_admin_secret=spec.grafana_admin_secret,
                alertmanager_config=alertmanager_config(_topics(needs.alerts), needs.cluster.region, spec.repeat_hours),
                cluster=needs.cluster.name,
                replicas=spec.replicas,
            ),
            depends_on=ready,
        )
        self._collect_gpus(name, spec, stack)
        for pack in dict.fromkeys(spec.alert_rules):
            self._object(f"{name}-rules-{pack}", "PrometheusRule", f"mlinfra-{pack}", rule_spec(pack), stack)
        return MetricsOutputs(
            namespace=space.metadata.apply(lambda found: str(found.name)),
            prometheus_url=_url("prometheus", 9090),
            alertmanager_url=_url("alertmanager", 9093),
            grafana_url=_url("grafana", 80) if spec.grafana else None,
            role_name=role_name,
        )

    def _collect_gpus(self, name: str, spec: MetricsSpec, stack: pulumi.Resource) -> None:
        """One monitor for each way that the exporter can have been installed: exactly one of them finds something."""
        for form, (labels, port) in EXPORTERS.items() if spec.gpu else ():
            monitor = {
                "namespaceSelector": {"any": True},
                "selector": {"matchLabels": dict(labels)},
                # The exporter says whose pod uses the GPU; its own pod is of no interest.
                "endpoints": [{"port": port, "interval": "15s", "honorLabels": True}],
            }
            self._object(f"{name}-gpu-{form}", "ServiceMonitor", f"mlinfra-dcgm-{form}", monitor, stack)

    def _object(self, name: str, kind: str, called: str, spec: Mapping[str, Any], stack: pulumi.Resource) -> None:
        kubernetes.apiextensions.CustomResource(
            name,
            api_version="monitoring.coreos.com/v1",
            kind=kind,
            metadata={"name": called, "namespace": NAMESPACE, "labels": MANAGED_BY},
            spec=dict(spec),
            opts=self.child(depends_on=[stack]),
        )


def _topics(alerts: AlertsOutputs | None) -> dict[str, pulumi.Output[str]] | None:
    return {"critical": alerts.topic("critical"), "warning": alerts.topic("warning")} if alerts else None


def _storage_class(name: str, spec: MetricsSpec, needs: MetricsNeeds) -> pulumi.Output[str]:
    """Where the volumes are made. Raises UsageError if nothing says: without a class they would wait for ever."""
    if spec.storage_class is not None:
        return _text(spec.storage_class)
    if needs.cluster_services is None or needs.cluster_services.storage_class is None:
        raise UsageError(
            f"`{name}` has no storage class for its volumes, and new clusters have none",
            hint="say `storage_class: …` here, or give it `cluster_services` that make one",
        )
    return needs.cluster_services.storage_class


def _text(value: Any) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value).apply(str)


def _url(service: str, port: int) -> pulumi.Output[str]:
    return pulumi.Output.from_input(f"http://{FULL_NAME}-{service}.{NAMESPACE}.svc:{port}")
