"""How calls reach a model server and how its replicas follow them: the load balancer's and the scaler's documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pulumi

from mlinfra.components.serving._model_server_fields import Ingress, Scaling
from mlinfra.components.serving._model_server_spec import ModelServerSpec

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Addresses that may call a private load balancer."""
REQUESTS_PER_REPLICA = Decimal(32)
GPU_PERCENT = Decimal(80)
SPLIT = "split"
"""Name of the load-balancer action that divides the calls between two versions."""


def ingress_annotations(
    ingress: Ingress,
    spec: ModelServerSpec,
    called: str,
    tags: Mapping[str, str],
    subnets: pulumi.Output[Sequence[str]],
    certificate: pulumi.Output[str] | None,
    web_acl: pulumi.Output[str] | None,
) -> dict[str, pulumi.Input[str]]:
    """What the AWS Load Balancer Controller is told: private or public, from where, with which certificate and tags."""
    prefix = "alb.ingress.kubernetes.io"
    port = {"HTTP": 80} if certificate is None else {"HTTPS": 443}
    attributes = {
        "idle_timeout.timeout_seconds": ingress.idle_timeout_seconds,
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    # The server with the shortest queue answers first; taking turns would pile calls up behind a long answer.
    targets = {
        "load_balancing.algorithm.type": "least_outstanding_requests",
        "deregistration_delay.timeout_seconds": 60,
    }
    found: dict[str, pulumi.Input[str]] = {
        f"{prefix}/scheme": "internet-facing" if spec.public_ingress else "internal",
        f"{prefix}/target-type": "ip",
        f"{prefix}/listen-ports": json.dumps([port]),
        f"{prefix}/inbound-cidrs": ",".join(ingress.inbound_cidrs or PRIVATE),
        f"{prefix}/healthcheck-path": spec.health_path,
        f"{prefix}/load-balancer-attributes": _pairs(attributes),
        f"{prefix}/target-group-attributes": _pairs(targets),
        f"{prefix}/tags": _pairs({key: value for key, value in tags.items() if "," not in value}),
    }
    if not spec.public_ingress:
        found[f"{prefix}/subnets"] = subnets.apply(",".join)
    if certificate is not None:
        found[f"{prefix}/certificate-arn"] = certificate
        found[f"{prefix}/ssl-policy"] = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    if web_acl is not None:
        found[f"{prefix}/wafv2-acl-arn"] = web_acl
    if spec.canary is not None:
        found[f"{prefix}/actions.{SPLIT}"] = json.dumps(split(called, spec.canary.percent))
    return found


def _pairs(values: Mapping[str, object]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(values.items()))


def split(called: str, percent: int) -> dict[str, Any]:
    """The action that sends ``percent`` of the calls to the version that is tried."""
    shares = ((called, 100 - percent), (f"{called}-canary", percent))
    groups = [{"serviceName": name, "servicePort": 80, "weight": weight} for name, weight in shares]
    return {"type": "forward", "forwardConfig": {"targetGroups": groups}}


def ingress_spec(ingress: Ingress, called: str, *, canary: bool) -> dict[str, Any]:
    """The ``spec`` of the Ingress: every path of the host goes to the server, or is split."""
    port = {"name": "use-annotation"} if canary else {"number": 80}
    backend = {"service": {"name": SPLIT if canary else called, "port": port}}
    rule: dict[str, Any] = {"http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]}}
    if ingress.host is not None:
        rule["host"] = ingress.host
    return {"ingress_class_name": "alb", "rules": [rule]}


def scaled_object_spec(
    scaling: Scaling,
    spec: ModelServerSpec,
    called: str,
    namespace: pulumi.Input[str],
    prometheus_url: pulumi.Output[str],
) -> dict[str, Any]:
    """The ``spec`` of KEDA's ScaledObject: up quickly by what waits, down slowly and one by one."""
    return {
        "scaleTargetRef": {"name": called},
        "minReplicaCount": scaling.min,
        "maxReplicaCount": scaling.max,
        "pollingInterval": 15,
        "cooldownPeriod": scaling.cooldown_seconds,
        # Without Prometheus nothing is known about load: keep what there is, and never fewer than the least.
        "fallback": {"failureThreshold": 4, "replicas": scaling.min, "behavior": "currentReplicasIfHigher"},
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {
                    "scaleUp": {
                        "stabilizationWindowSeconds": 30,
                        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 60}],
                    },
                    "scaleDown": {
                        "stabilizationWindowSeconds": scaling.cooldown_seconds,
                        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
                    },
                }
            }
        },
        "triggers": [
            {
                "type": "prometheus",
                "metricType": "AverageValue",
                "metadata": {
                    "serverAddress": prometheus_url,
                    "query": pulumi.Output.from_input(namespace).apply(lambda space: query(scaling, called, space)),
                    "threshold": str(threshold(scaling, spec.gpus)),
                    "ignoreNullValues": "false",
                },
            }
        ],
    }


def query(scaling: Scaling, called: str, namespace: str) -> str:
    """PromQL for all replicas together.

    Requests in work count beside those that wait: by the queue alone, replicas would go while they are busy.
    """
    if scaling.query is not None:
        return scaling.query
    # Two parts after the name: a version that is tried has three.
    pods = f'namespace="{namespace}",pod=~"{called}-[a-z0-9]+-[a-z0-9]+"'
    if scaling.metric == "gpu":
        return f"sum(DCGM_FI_DEV_GPU_UTIL{{{pods}}})"
    return f"sum(vllm:num_requests_running{{{pods}}}) + sum(vllm:num_requests_waiting{{{pods}}})"


def threshold(scaling: Scaling, gpus: int) -> Decimal:
    """How much of the query's number one replica should have; GPU utilization adds up over a replica's GPUs."""
    if scaling.metric == "gpu":
        return (scaling.target or GPU_PERCENT) * gpus
    return scaling.target or REQUESTS_PER_REPLICA
