"""Charts of a cluster's own services, and their values where the chart's own are not good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlinfra.components._charts import TOLERATE_SYSTEM_NODES, Chart, charts
from mlinfra.components._grammar import Context
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

SYSTEM = list(TOLERATE_SYSTEM_NODES)


def service_charts() -> Mapping[str, Chart]:
    """The charts by name; versions with source and date are in ``data/service_charts.csv``."""
    return charts(Path(__file__).parent / "data" / "service_charts.csv")


def service_values(service: str, cluster: EksClusterOutputs, context: Context) -> dict[str, Any]:
    """Values for the chart called ``service``. Two replicas where the environment is protected, one elsewhere."""
    return VALUES[service](cluster, context, 2 if context.protected else 1)


def _load_balancers(cluster: EksClusterOutputs, context: Context, replicas: int) -> dict[str, Any]:
    # Without the component: the controller's tags win over an ingress's own, which say whose the load balancer is.
    tags = {key: value for key, value in context.tags.items() if key != "mlinfra:component"}
    return {
        "clusterName": cluster.name,
        "region": cluster.region,
        "vpcId": cluster.vpc_id,
        "replicaCount": replicas,
        "serviceAccount": {"create": True, "name": "aws-load-balancer-controller"},
        "defaultTags": tags,
        "defaultLoadBalancerScheme": "internal",
        "defaultTargetType": "ip",
        # A webhook on every service would stop all other installs while it starts.
        "enableServiceMutatorWebhook": False,
        "enableShield": False,
        "enableWaf": False,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}, "limits": {"memory": "500Mi"}},
        "tolerations": SYSTEM,
    }


def _keda(cluster: EksClusterOutputs, context: Context, replicas: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "clusterName": cluster.name,
        "image": {"pullPolicy": "IfNotPresent"},
        # Without this, removing the release would remove everybody's scalers with their definitions.
        "crds": {"install": True, "additionalAnnotations": {"helm.sh/resource-policy": "keep"}},
        "operator": {"replicaCount": replicas},
        "metricsServer": {"replicaCount": replicas},
        "webhooks": {"replicaCount": replicas},
        "podDisruptionBudget": {
            "operator": {"maxUnavailable": 1},
            "metricServer": {"maxUnavailable": 1},
            "webhooks": {"maxUnavailable": 1},
        },
        "tolerations": SYSTEM,
    }


def _metrics_server(cluster: EksClusterOutputs, context: Context, replicas: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "replicas": replicas,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "tolerations": SYSTEM,
    }


def _cert_manager(cluster: EksClusterOutputs, context: Context, replicas: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "crds": {"enabled": True, "keep": True},
        "replicaCount": replicas,
        "tolerations": SYSTEM,
        "webhook": {"replicaCount": replicas, "tolerations": SYSTEM},
        "cainjector": {"replicaCount": replicas, "tolerations": SYSTEM},
        "startupapicheck": {"tolerations": SYSTEM},
    }


def _external_secrets(cluster: EksClusterOutputs, context: Context, replicas: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "installCRDs": True,
        "crds": {"annotations": {"helm.sh/resource-policy": "keep"}},
        "replicaCount": replicas,
        "leaderElect": replicas > 1,
        "serviceAccount": {"create": True, "name": "external-secrets"},
        "extraEnv": [{"name": "AWS_REGION", "value": cluster.region}],
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "tolerations": SYSTEM,
        "webhook": {"replicaCount": replicas, "tolerations": SYSTEM},
        "certController": {"tolerations": SYSTEM},
    }


def _external_dns(cluster: EksClusterOutputs, context: Context, replicas: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "provider": {"name": "aws"},
        "sources": ["service", "ingress"],
        "registry": "txt",
        "txtOwnerId": cluster.name,
        "serviceAccount": {"create": True, "name": "external-dns"},
        "env": [{"name": "AWS_DEFAULT_REGION", "value": cluster.region}],
        "tolerations": SYSTEM,
    }


# All have one form, so that they can stand in one table; hence arguments that some have no use for.
VALUES: Mapping[str, Callable[[EksClusterOutputs, Context, int], dict[str, Any]]] = {
    "aws-load-balancer-controller": _load_balancers,
    "keda": _keda,
    "metrics-server": _metrics_server,
    "cert-manager": _cert_manager,
    "external-secrets": _external_secrets,
    "external-dns": _external_dns,
}
