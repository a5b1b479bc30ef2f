"""What stands around a model server's pods: a monitor, a scaler, a load balancer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from mlinfra.components._charts import MANAGED_BY
from mlinfra.components._grammar import Component
from mlinfra.components.serving._model_server_fields import Ingress, Scaling
from mlinfra.components.serving._model_server_routes import ingress_annotations, ingress_spec, scaled_object_spec
from mlinfra.components.serving._model_server_spec import ModelServerSpec


def add_monitor(
    component: Component[Any, Any, Any],
    name: str,
    app: str,
    spec: ModelServerSpec,
    space: pulumi.Output[str],
    ready: Sequence[pulumi.Resource],
) -> None:
    """Have Prometheus ask the pods of ``app`` for their metrics."""
    kubernetes.apiextensions.CustomResource(
        f"{name}-monitor",
        api_version="monitoring.coreos.com/v1",
        kind="PodMonitor",
        metadata={"name": app, "namespace": space, "labels": MANAGED_BY},
        spec={
            "selector": {"matchLabels": {"app.kubernetes.io/name": app}},
            "podMetricsEndpoints": [{"port": "http", "path": spec.metrics_path or "/metrics", "interval": "15s"}],
        },
        opts=component.child(depends_on=ready),
    )


def add_scaling(
    component: Component[Any, Any, Any],
    name: str,
    app: str,
    spec: ModelServerSpec,
    scaling: Scaling,
    prometheus_url: pulumi.Output[str],
    space: pulumi.Output[str],
    services: Sequence[pulumi.Resource],
) -> None:
    """Have KEDA start and end replicas by what Prometheus says."""
    kubernetes.apiextensions.CustomResource(
        f"{name}-scaling",
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        metadata={"name": app, "namespace": space, "labels": MANAGED_BY},
        spec=scaled_object_spec(scaling, spec, app, space, prometheus_url),
        opts=component.child(depends_on=services),
    )


def add_ingress(
    component: Component[Any, Any, Any],
    name: str,
    app: str,
    spec: ModelServerSpec,
    ingress: Ingress,
    private_subnet_ids: pulumi.Output[Sequence[str]],
    space: pulumi.Output[str],
    services: Sequence[pulumi.Resource],
) -> pulumi.Output[str]:
    """Put a load balancer in front; returns where the server then answers."""
    made = kubernetes.networking.v1.Ingress(
        f"{name}-ingress",
        metadata={
            "name": app,
            "namespace": space,
            "labels": MANAGED_BY,
            "annotations": ingress_annotations(
                ingress,
                spec,
                app,
                component.context.tags,
                private_subnet_ids,
                _maybe(ingress.certificate_arn),
                _maybe(ingress.web_acl_arn),
            ),
        },
        spec=kubernetes.networking.v1.IngressSpecArgs(**ingress_spec(ingress, app, canary=spec.canary is not None)),
        opts=component.child(depends_on=services),
    )
    component.expect(made, processed_gib=spec.expected.processed_gib)
    scheme = "http" if ingress.certificate_arn is None else "https"
    if ingress.host is not None:
        return pulumi.Output.from_input(f"{scheme}://{ingress.host}")
    service = pulumi.Output.concat("http://", app, ".", space, ".svc")
    return pulumi.Output.all(made.status, service).apply(lambda found: address(found[0], scheme, found[1]))


def address(status: Any, scheme: str, inside: str) -> str:
    """Where an ingress answers; the address inside the cluster if nobody has waited for the load balancer."""
    balancers = status.load_balancer.ingress if status and status.load_balancer else ()
    return f"{scheme}://{balancers[0].hostname}" if balancers else inside


def _maybe(value: Any) -> pulumi.Output[str] | None:
    return None if value is None else pulumi.Output.from_input(value).apply(str)
