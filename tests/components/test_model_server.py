"""model_server: the pods and what they may do, how they start, scale and are reached, and what is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from building import DEV, PROD, made
from pydantic import ValidationError

from mlinfra.components._grammar import Grant, Port, Range, Statement, expectations
from mlinfra.components.compute.cluster_services import ClusterServicesOutputs
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.compute.gpu_pool import GpuPoolOutputs
from mlinfra.components.data.bucket import BucketOutputs
from mlinfra.components.monitoring.metrics import MetricsOutputs
from mlinfra.components.serving._model_server_fields import Scaling
from mlinfra.components.serving._model_server_parts import address
from mlinfra.components.serving._model_server_pods import images, patience_seconds
from mlinfra.components.serving._model_server_routes import query, split, threshold
from mlinfra.components.serving._model_server_spec import disk_gib, memory_gib, startup_seconds
from mlinfra.components.serving.model_server import ModelServer, ModelServerNeeds, ModelServerSpec
from mlinfra.errors import UsageError

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  key: {kind: encryption_key}
  weights: {kind: bucket, key: key}
  documents: {kind: bucket, key: key}
  cluster: {kind: eks_cluster, network: main, key: key}
  gpus: {kind: gpu_pool, cluster: cluster, instance_types: [g6e.12xlarge]}
  services: {kind: cluster_services, cluster: cluster, external_secrets: true}
  metrics: {kind: metrics, cluster: cluster, cluster_services: services}
  chat:
    kind: model_server
    cluster: cluster
    pool: gpus
    weights: weights
    cluster_services: services
    metrics: metrics
    access: {documents: read}
    engine: vllm
    image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/vllm:v0.27.1
    model: {name: llama, prefix: llama-3.3-70b-fp8/, size_gib: 67.7, load: stream}
    gpus: 4
    cpus: 16
    memory_gib: 96
    shared_memory_gib: 16
    max_model_len: 16384
    gpu_memory_utilization: 0.88
    args: [--enable-prefix-caching, --kv-cache-dtype=fp8]
    environment: {VLLM_LOGGING_LEVEL: WARNING}
    secrets:
      VLLM_API_KEY:
        arn: arn:aws:secretsmanager:eu-west-1:111111111111:secret:chat-AbCdEf
        key: api
        key_arn: "${key.arn}"
      EXTRA_HEADER: {kubernetes_secret: headers, key: extra}
    port: 8080
    health_path: /health
    startup_seconds: 1800
    scaling: {min: 1, max: 4, metric: requests, target: 16, cooldown_seconds: 900}
    rollout: replace
    ingress:
      host: chat.ml.example.com
      certificate_arn: arn:aws:acm:eu-west-1:111111111111:certificate/11111111-2222-3333-4444-555555555555
      inbound_cidrs: [203.0.113.0/24]
      web_acl_arn: arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/chat/11111111-2222-3333-4444-555555555555
      idle_timeout_seconds: 600
    public_ingress: true
    canary:
      percent: 10
      image: vllm/vllm-openai:v0.28.0
      model: {name: llama, prefix: llama-next/, size_gib: 68}
      args: []
      replicas: 1
    run_as_user: 2000
    expected: {processed_gib: {min: 1, expected: 50, max: 500}}
  embed:
    kind: model_server
    cluster: cluster
    pool: gpus
    cluster_services: services
    metrics: metrics
    weights: none
    engine: custom
    image: 111111111111.dkr.ecr.eu-west-1.amazonaws.com/embed:1
    gpus: 0
    command: [python, -m, embed]
    args: [--port, "9000"]
    port: 9000
    metrics_path: /metrics
    namespace: default
    scaling: {max: 3, metric: query, query: "sum(rate(embed_requests_total[1m]))", target: 20}
  draft:
    kind: model_server
    cluster: cluster
    pool: gpus
    weights: none
    model: {name: tiny, hub: Qwen/Qwen3-0.6B, revision: main, size_gib: 1.5}
    replicas: 1
"""

CLUSTER = EksClusterOutputs.of(
    name="shop",
    endpoint="https://api",
    certificate_authority="Y2E=",
    version="1.35",
    security_group_id="sg-1",
    node_role_arn="arn:nodes",
    node_role_name="nodes",
    vpc_id="vpc-1",
    private_subnet_ids=["subnet-a", "subnet-b"],
    region="eu-west-1",
)
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
POOL = GpuPoolOutputs.of(
    name="gpus",
    cluster_name="shop",
    resource_name="nvidia.com/gpu",
    accelerators_per_node=1,
    efa_interfaces=0,
    node_selector={"mlinfra/pool": "gpus"},
    tolerations=[TOLERATION],
)
SERVICES = ClusterServicesOutputs.of(
    keda="2",
    load_balancer_controller="3",
    storage_class="gp3",
    external_secrets="2",
    external_secrets_role_arn="arn:fetcher",
    secret_role_path="/mlinfra/shop-dev/services/",
)
METRICS = MetricsOutputs.of(namespace="monitoring", prometheus_url="http://prometheus:9090")
WEIGHTS = BucketOutputs.of(name="weights", arn="arn:weights", key_arn="arn:key")
MODEL = {"name": "llama", "prefix": "llama/", "size_gib": 15}
OURS = {"app.kubernetes.io/managed-by": "mlinfra"}
APP = {"app.kubernetes.io/name": "my-chat", "mlinfra/track": "stable"}
LABELS = {**OURS, **APP, "mlinfra/kind": "model_server"}
LOCKED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def spec(**fields: Any) -> ModelServerSpec:
    return ModelServerSpec.model_validate({"model": MODEL, **fields})


def needs(**given: Any) -> ModelServerNeeds:
    return ModelServerNeeds(**{"cluster": CLUSTER, "pool": POOL, "weights": WEIGHTS, **given})


ALL = needs(cluster_services=SERVICES, metrics=METRICS)


def children(given: ModelServerNeeds | None = None, context: Any = DEV, **fields: Any) -> dict[str, dict[str, Any]]:
    return made(lambda: ModelServer("my_chat", spec(**fields), given or needs(), context=context))


def container(found: dict[str, dict[str, Any]], child: str = "my_chat") -> dict[str, Any]:
    (only,) = found[child]["spec"]["template"]["spec"]["containers"]
    result: dict[str, Any] = only
    return result


def test_creates_exactly_these_children() -> None:
    found = children()
    trust = json.loads(found["my_chat-role"].pop("assumeRolePolicy"))
    rights = json.loads(found["my_chat-policy"].pop("policy"))["Statement"]
    health = {"httpGet": {"path": "/health", "port": "http"}}
    assert found == {
        "my_chat-namespace": {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": "my-chat",
                "labels": {
                    **OURS,
                    "pod-security.kubernetes.io/enforce": "baseline",
                    "pod-security.kubernetes.io/warn": "restricted",
                },
            },
        },
        "my_chat-network": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "calls-only", "namespace": "my-chat", "labels": OURS},
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress"],
                "ingress": [{"ports": [{"port": 8000, "protocol": "TCP"}]}],
            },
        },
        "my_chat-account": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "my-chat", "namespace": "my-chat", "labels": OURS},
            "automountServiceAccountToken": False,
        },
        "my_chat-role": {},
        "my_chat-policy": {"role": "my_chat-role"},
        "my_chat-identity": {
            "clusterName": "shop",
            "namespace": "my-chat",
            "serviceAccount": "my-chat",
            "roleArn": "arn:iam:role:my_chat-role",
        },
        "my_chat": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "my-chat", "namespace": "my-chat", "labels": LABELS},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": APP},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
                "progressDeadlineSeconds": 1500,
                "revisionHistoryLimit": 3,
                "template": {
                    "metadata": {"labels": {**APP, **OURS}},
                    "spec": {
                        "serviceAccountName": "my-chat",
                        "automountServiceAccountToken": False,
                        "enableServiceLinks": False,
                        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                        "terminationGracePeriodSeconds": 180,
                        "nodeSelector": {"mlinfra/pool": "gpus"},
                        "tolerations": [TOLERATION],
                        "topologySpreadConstraints": [
                            {
                                "maxSkew": 1,
                                "topologyKey": key,
                                "whenUnsatisfiable": "ScheduleAnyway",
                                "labelSelector": {"matchLabels": APP},
                            }
                            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                        ],
                        "initContainers": [
                            {
                                "name": "weights",
                                "image": images()["weights"],
                                "command": ["aws", "s3", "sync"],
                                "args": ["s3://weights/llama/", "/models", "--only-show-errors"],
                                "env": [
                                    {"name": "AWS_REGION", "value": "eu-west-1"},
                                    {"name": "HOME", "value": "/tmp"},  # noqa: S108
                                ],
                                "resources": {
                                    "requests": {"cpu": "1", "memory": "1Gi"},
                                    "limits": {"memory": "4Gi"},
                                },
                                "volumeMounts": [{"name": "weights", "mountPath": "/models"}],
                                "securityContext": LOCKED,
                            }
                        ],
                        "containers": [
                            {
                                "name": "server",
                                "image": images()["vllm"],
                                "command": ["vllm", "serve"],
                                "args": [
                                    "/models",
                                    "--served-model-name",
                                    "llama",
                                    "--port",
                                    "8000",
                                    "--tensor-parallel-size",
                                    "1",
                                    "--gpu-memory-utilization",
                                    "0.90",
                                ],
                                "env": [
                                    {"name": "AWS_REGION", "value": "eu-west-1"},
                                    {"name": "HF_HUB_OFFLINE", "value": "1"},
                                    {"name": "VLLM_NO_USAGE_STATS", "value": "1"},
                                ],
                                "ports": [{"name": "http", "containerPort": 8000}],
                                "resources": {
                                    "requests": {"cpu": "3", "memory": "13Gi", "ephemeral-storage": "19Gi"},
                                    "limits": {"memory": "26Gi", "nvidia.com/gpu": "1"},
                                },
                                "volumeMounts": [
                                    {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108
                                    {"name": "weights", "mountPath": "/models"},
                                ],
                                "securityContext": LOCKED,
                                "startupProbe": {
                                    **health,
                                    "periodSeconds": 10,
                                    "timeoutSeconds": 5,
                                    "failureThreshold": 45,
                                },
                                "readinessProbe": {
                                    **health,
                                    "periodSeconds": 5,
                                    "timeoutSeconds": 5,
                                    "failureThreshold": 3,
                                },
                                "livenessProbe": {
                                    **health,
                                    "periodSeconds": 10,
                                    "timeoutSeconds": 10,
                                    "failureThreshold": 6,
                                },
                                "lifecycle": {"preStop": {"sleep": {"seconds": 20}}},
                            }
                        ],
                        "volumes": [
                            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "2Gi"}},
                            {"name": "weights", "emptyDir": {"sizeLimit": "19Gi"}},
                        ],
                    },
                },
            },
        },
        "my_chat-service": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "my-chat", "namespace": "my-chat", "labels": LABELS},
            "spec": {
                "type": "ClusterIP",
                "selector": APP,
                "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
            },
        },
    }
    assert trust["Statement"][0]["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert [statement["Resource"] for statement in rights] == [["arn:weights"], ["arn:weights/llama/*"], ["arn:key"]]


def test_what_is_asked_for_comes_on_top() -> None:
    fields: dict[str, Any] = {
        "scaling": {"max": 4},
        "ingress": {},
        "canary": {"percent": 10, "image": "new:1"},
        "secrets": {"HF_TOKEN": {"arn": "arn:secret", "key": "token"}},
    }
    assert sorted(set(children(ALL, **fields)) - set(children())) == [
        "my_chat-canary",
        "my_chat-canary-service",
        "my_chat-disruption",
        "my_chat-ingress",
        "my_chat-monitor",
        "my_chat-scaling",
        "my_chat-secret-store",
        "my_chat-secrets",
        "my_chat-secrets-policy",
        "my_chat-secrets-role",
    ]


def test_a_protected_environment_runs_two_and_adds_before_it_removes() -> None:
    found = children(context=PROD)
    assert found["my_chat"]["spec"]["replicas"] == 2
    assert found["my_chat"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert found["my_chat-disruption"]["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": APP}}


def test_a_scaler_decides_alone_how_many_there_are() -> None:
    found = children(ALL, scaling={"min": 2, "max": 4, "cooldown_seconds": 900})
    assert "replicas" not in found["my_chat"]["spec"]
    scaler = found["my_chat-scaling"]
    assert scaler["kind"] == "ScaledObject"
    assert scaler["spec"] == {
        "scaleTargetRef": {"name": "my-chat"},
        "minReplicaCount": 2,
        "maxReplicaCount": 4,
        "pollingInterval": 15,
        "cooldownPeriod": 900,
        "fallback": {"failureThreshold": 4, "replicas": 2, "behavior": "currentReplicasIfHigher"},
        "advanced": {
            "horizontalPodAutoscalerConfig": {
                "behavior": {
                    "scaleUp": {
                        "stabilizationWindowSeconds": 30,
                        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 60}],
                    },
                    "scaleDown": {
                        "stabilizationWindowSeconds": 900,
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
                    "serverAddress": "http://prometheus:9090",
                    "query": query(Scaling(max=4), "my-chat", "my-chat"),
                    "threshold": "32",
                    "ignoreNullValues": "false",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("scaling", "expected", "each"),
    [
        (
            {"max": 2},
            (
                'sum(vllm:num_requests_running{namespace="s",pod=~"a-[a-z0-9]+-[a-z0-9]+"}) + '
                'sum(vllm:num_requests_waiting{namespace="s",pod=~"a-[a-z0-9]+-[a-z0-9]+"})'
            ),
            Decimal(32),
        ),
        (
            {"max": 2, "metric": "gpu", "target": 70},
            'sum(DCGM_FI_DEV_GPU_UTIL{namespace="s",pod=~"a-[a-z0-9]+-[a-z0-9]+"})',
            Decimal(280),
        ),
        ({"max": 2, "metric": "query", "query": "q", "target": 5}, "q", Decimal(5)),
    ],
)
def test_what_scaling_counts(scaling: dict[str, Any], expected: str, each: Decimal) -> None:
    model = Scaling.model_validate(scaling)
    assert query(model, "a", "s") == expected
    assert threshold(model, gpus=4) == each


def test_the_load_balancer_is_private_unless_it_says_public() -> None:
    prefix = "alb.ingress.kubernetes.io"
    private = children(ALL, ingress={})["my_chat-ingress"]
    assert private["metadata"]["annotations"] == {
        f"{prefix}/scheme": "internal",
        f"{prefix}/target-type": "ip",
        f"{prefix}/listen-ports": '[{"HTTP": 80}]',
        f"{prefix}/inbound-cidrs": "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
        f"{prefix}/healthcheck-path": "/health",
        f"{prefix}/load-balancer-attributes": "idle_timeout.timeout_seconds=300,"
        "routing.http.drop_invalid_header_fields.enabled=true",
        f"{prefix}/target-group-attributes": "deregistration_delay.timeout_seconds=60,"
        "load_balancing.algorithm.type=least_outstanding_requests",
        f"{prefix}/tags": "mlinfra:blueprint=shop,mlinfra:component=it,mlinfra:environment=dev,owner=ml",
        f"{prefix}/subnets": "subnet-a,subnet-b",
    }
    assert private["spec"] == {
        "ingressClassName": "alb",
        "rules": [
            {
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "my-chat", "port": {"number": 80}}},
                        }
                    ]
                }
            }
        ],
    }
    door = {"certificate_arn": "arn:certificate", "inbound_cidrs": ["203.0.113.0/24"], "web_acl_arn": "arn:acl"}
    public = children(ALL, public_ingress=True, ingress=door)["my_chat-ingress"]["metadata"]["annotations"]
    assert public[f"{prefix}/scheme"] == "internet-facing"
    assert public[f"{prefix}/listen-ports"] == '[{"HTTPS": 443}]'
    assert public[f"{prefix}/certificate-arn"] == "arn:certificate"
    assert public[f"{prefix}/inbound-cidrs"] == "203.0.113.0/24"
    assert public[f"{prefix}/wafv2-acl-arn"] == "arn:acl"
    assert f"{prefix}/subnets" not in public


def test_a_canary_gets_its_share_and_nothing_of_the_other() -> None:
    canary = {"percent": 5, "image": "new:1", "model": {**MODEL, "prefix": "next/"}, "args": ["--x"], "replicas": 2}
    found = children(ALL, ingress={}, canary=canary)
    tried = found["my_chat-canary"]
    assert tried["metadata"]["name"] == "my-chat-canary"
    assert tried["spec"]["selector"]["matchLabels"] == {**APP, "mlinfra/track": "canary"}
    assert tried["spec"]["replicas"] == 2
    assert container(found, "my_chat-canary")["image"] == "new:1"
    assert container(found, "my_chat-canary")["args"][-1] == "--x"
    fetch = tried["spec"]["template"]["spec"]["initContainers"][0]["args"]
    assert fetch == ["s3://weights/next/", "/models", "--only-show-errors"]
    rights = json.loads(found["my_chat-policy"]["policy"])["Statement"]
    assert [s["Resource"] for s in rights if "s3:GetObject" in s["Action"]] == [
        ["arn:weights/llama/*"],
        ["arn:weights/next/*"],
    ]
    annotations = found["my_chat-ingress"]["metadata"]["annotations"]
    assert json.loads(annotations["alb.ingress.kubernetes.io/actions.split"]) == split("my-chat", 5)
    (path,) = found["my_chat-ingress"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"] == {"service": {"name": "split", "port": {"name": "use-annotation"}}}


def test_an_address_is_the_load_balancers_once_there_is_one() -> None:
    balancer = SimpleNamespace(hostname="lb.example.com")
    status = SimpleNamespace(load_balancer=SimpleNamespace(ingress=[balancer]))
    assert address(status, "https", "http://inside") == "https://lb.example.com"
    empty = SimpleNamespace(load_balancer=SimpleNamespace(ingress=None))
    assert address(empty, "https", "http://inside") == "http://inside"
    assert address(None, "https", "http://inside") == "http://inside"


def test_a_secret_by_name_is_read_under_any_six_characters() -> None:
    found = children(
        ALL,
        secrets={
            "ALL": {"secret": "aws-secretsmanager://hub"},
            "ONE": {"secret": "aws-secretsmanager://team/hub#token"},
            "SHARED": {
                "secret": "aws-secretsmanager://arn:aws:secretsmanager:eu-west-1:222222222222:secret:hub-AbCdEf#a"
            },
        },
    )
    (allowed,) = json.loads(found["my_chat-secrets-policy"]["policy"])["Statement"]
    here = "arn:aws:secretsmanager:eu-west-1:111111111111:secret"
    shared = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:hub-AbCdEf"
    assert allowed["Resource"] == [f"{here}:hub-??????", f"{here}:team/hub-??????", shared]
    assert found["my_chat-secrets"]["spec"]["data"] == [
        {"secretKey": "ALL", "remoteRef": {"key": "hub"}},
        {"secretKey": "ONE", "remoteRef": {"key": "team/hub", "property": "token"}},
        {"secretKey": "SHARED", "remoteRef": {"key": shared, "property": "a"}},
    ]


def test_shares_add_up() -> None:
    assert split("a", 5)["forwardConfig"]["targetGroups"] == [
        {"serviceName": "a", "servicePort": 80, "weight": 95},
        {"serviceName": "a-canary", "servicePort": 80, "weight": 5},
    ]


def test_secrets_are_fetched_in_the_cluster_by_a_role_for_just_these() -> None:
    found = children(
        ALL,
        secrets={
            "HF_TOKEN": {"arn": "arn:secret", "key": "token", "key_arn": "arn:its-key"},
            "OTHER": {"kubernetes_secret": "there", "key": "k"},
        },
    )
    role = found["my_chat-secrets-role"]
    assert role["path"] == "/mlinfra/shop-dev/services/"
    assert json.loads(role["assumeRolePolicy"])["Statement"][0]["Principal"] == {"AWS": "arn:fetcher"}
    assert json.loads(found["my_chat-secrets-policy"]["policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            "Resource": ["arn:secret"],
        },
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": ["arn:its-key"]},
    ]
    assert found["my_chat-secret-store"]["spec"] == {
        "provider": {
            "aws": {
                "service": "SecretsManager",
                "region": "eu-west-1",
                "role": "arn:iam:role:my_chat-secrets-role",
            }
        }
    }
    assert found["my_chat-secrets"]["spec"] == {
        "refreshInterval": "1h",
        "secretStoreRef": {"name": "my-chat-secrets", "kind": "SecretStore"},
        "target": {"name": "my-chat-secrets", "creationPolicy": "Owner"},
        "data": [{"secretKey": "HF_TOKEN", "remoteRef": {"key": "arn:secret", "property": "token"}}],
    }
    env = {item["name"]: item for item in container(found)["env"]}
    assert env["HF_TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "my-chat-secrets", "key": "HF_TOKEN"}}
    assert env["OTHER"]["valueFrom"] == {"secretKeyRef": {"name": "there", "key": "k"}}


def test_streamed_weights_touch_no_disk() -> None:
    found = children(model={**MODEL, "load": "stream"})
    pod = found["my_chat"]["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    assert [volume["name"] for volume in pod["volumes"]] == ["shared-memory"]
    assert container(found)["args"][0] == "s3://weights/llama/"
    assert container(found)["args"][-2:] == ["--load-format", "runai_streamer"]


def test_a_model_of_a_hub_takes_no_rights_on_a_bucket() -> None:
    found = children(model={"name": "q", "hub": "Qwen/Qwen3-8B", "revision": "abc", "size_gib": 15.3})
    assert "my_chat-policy" not in found
    assert container(found)["args"][0] == "Qwen/Qwen3-8B"
    assert container(found)["args"][-2:] == ["--revision", "abc"]
    assert {"name": "HF_HOME", "value": "/models"} in container(found)["env"]


def test_an_image_of_ones_own_runs_as_it_says() -> None:
    found = children(
        engine="custom",
        image="mine:1",
        model=None,
        gpus=0,
        command=["serve"],
        args=["--fast"],
        port=9000,
        health_path="/ready",
        metrics_path="/stats",
        run_as_user=1000,
        environment={"MODE": "x"},
        given=needs(metrics=METRICS),
    )
    pod = found["my_chat"]["spec"]["template"]["spec"]
    assert "nodeSelector" not in pod
    assert pod["securityContext"] == {
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "fsGroup": 1000,
    }
    server = container(found)
    assert (server["image"], server["command"], server["args"]) == ("mine:1", ["serve"], ["--fast"])
    assert server["resources"] == {"requests": {"cpu": "3", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}
    assert server["env"] == [
        {"name": "AWS_REGION", "value": "eu-west-1"},
        {"name": "HOME", "value": "/tmp"},  # noqa: S108
        {"name": "MODE", "value": "x"},
    ]
    assert found["my_chat-monitor"]["spec"] == {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "my-chat"}},
        "podMetricsEndpoints": [{"port": "http", "path": "/stats", "interval": "15s"}],
    }


def test_access_extends_the_role_and_opens_ports() -> None:
    grant = Grant((Statement(("s3:GetObject",), ("arn:other/*",)),), (Port("sg-database", 5432),))
    found = children(needs(access=(grant,)))
    assert json.loads(found["my_chat-policy"]["policy"])["Statement"][-1]["Resource"] == ["arn:other/*"]
    assert found["my_chat-port-0"] == {
        "securityGroupId": "sg-database",
        "referencedSecurityGroupId": "sg-1",
        "ipProtocol": "tcp",
        "fromPort": 5432,
        "toPort": 5432,
    }


def test_a_namespace_that_exists_is_left_as_it_is() -> None:
    found = children(namespace="shared")
    assert not {"my_chat-namespace", "my_chat-network"} & set(found)
    assert found["my_chat"]["metadata"]["namespace"] == "shared"


@pytest.mark.parametrize(
    ("size", "source", "start", "disk", "memory"),
    [
        ("1.5", {"prefix": "p/"}, 315, 3, (10, 10)),
        ("15.3", {"prefix": "p/"}, 453, 20, (13, 27)),
        ("131.42", {"prefix": "p/"}, 1615, 159, (13, 166)),
        ("131.42", {"hub": "a/b"}, 2929, 159, (13, 166)),
    ],
)
def test_numbers_follow_from_the_size(
    size: str, source: dict[str, str], start: int, disk: int, memory: tuple[int, int]
) -> None:
    server = spec(model={"name": "m", "size_gib": size, **source})
    assert server.model is not None
    assert startup_seconds(server, server.model) == start
    assert disk_gib(server.model) == disk
    assert memory_gib(server, server.model) == memory
    assert startup_seconds(spec(startup_seconds=60), server.model) == 60


def test_patience_covers_a_new_node_and_the_download() -> None:
    assert patience_seconds(spec()) == 900 + 150 + 450
    assert patience_seconds(spec(model={"name": "m", "hub": "a/b", "size_gib": 15})) == 900 + 600


def test_what_to_reckon_with_reaches_the_load_balancer() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        children(ALL, ingress={}, expected={"processed_gib": 7})
    finally:
        expectations.reset(token)
    assert found == {("kubernetes:networking.k8s.io/v1:Ingress", "my_chat-ingress"): {"processed_gib": Range.of(7)}}


@pytest.mark.parametrize(
    ("fields", "required"),
    [
        ({}, ["pool", "weights"]),
        ({"model": {"name": "m", "hub": "a/b", "size_gib": 1}}, ["pool"]),
        ({"engine": "custom", "image": "i", "model": None, "gpus": 0}, []),
        ({"ingress": {}}, ["pool", "weights", "cluster_services"]),
        ({"scaling": {"max": 2}}, ["pool", "weights", "cluster_services", "metrics"]),
        ({"secrets": {"T": {"arn": "arn:s"}}}, ["pool", "weights", "cluster_services"]),
        ({"secrets": {"T": {"kubernetes_secret": "s", "key": "k"}}}, ["pool", "weights"]),
    ],
)
def test_what_it_cannot_do_without(fields: dict[str, Any], required: list[str]) -> None:
    assert list(ModelServer.requirements(spec(**fields))) == required


def test_reasons_name_the_fields() -> None:
    reasons = ModelServer.requirements(spec(scaling={"max": 2}, ingress={}))
    assert reasons == {
        "pool": "`gpus: 1` run on the nodes of a pool",
        "weights": "`model.prefix` is a folder of that bucket",
        "cluster_services": "its services do the work of `scaling` and `ingress`",
        "metrics": "`scaling` asks its Prometheus how much there is to do",
    }


@pytest.mark.parametrize(
    ("given", "fields", "message"),
    [
        (needs(), {"ingress": {}}, "`my_chat` needs `cluster_services`"),
        (needs(cluster_services=SERVICES), {"scaling": {"max": 2}}, "`my_chat` needs `metrics`"),
        (
            needs(cluster_services=ClusterServicesOutputs.of(keda="2")),
            {"ingress": {}},
            "`my_chat` uses `load_balancer_controller`, which is switched off",
        ),
        (
            needs(cluster_services=ClusterServicesOutputs.of(), metrics=METRICS),
            {"scaling": {"max": 2}},
            "`my_chat` uses `keda`, which is switched off",
        ),
        (
            needs(cluster_services=ClusterServicesOutputs.of(keda="2")),
            {"secrets": {"T": {"arn": "arn:s"}}},
            "`my_chat` uses `external_secrets`, which is switched off",
        ),
    ],
)
def test_says_what_is_missing(given: ModelServerNeeds, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        children(given, **fields)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": None}, "needs `model`"),
        ({"model": {"name": "m", "size_gib": 1}}, "say one"),
        ({"model": {**MODEL, "hub": "a/b"}}, "say one"),
        ({"model": {**MODEL, "revision": "main"}}, "`revision` is of a hub"),
        ({"model": {"name": "m", "hub": "a/b", "size_gib": 1, "load": "stream"}}, "reads from a bucket"),
        ({"model": {**MODEL, "size_gib": 0}}, "greater than 0"),
        ({"model": {**MODEL, "prefix": "/llama"}}, "pattern"),
        ({"gpus": 3}, "1, 2, 4, 8 or 16"),
        ({"gpus": 0}, "1, 2, 4, 8 or 16"),
        ({"gpu_memory_utilization": 0.95}, "0.92"),
        ({"args": ["--tensor-parallel-size", "2"]}, "decided by `gpus`"),
        ({"args": ["--max-model-len=8"]}, "decided by `max_model_len`"),
        ({"args": ["--api-key", "x"]}, "decided by `secrets"),
        ({"command": ["x"]}, "for `engine: custom`"),
        ({"engine": "custom"}, "needs `image`"),
        ({"engine": "custom", "image": "i", "model": {"name": "m", "hub": "a/b", "size_gib": 1}}, "downloaded"),
        ({"replicas": 2, "scaling": {"max": 3}}, "say one"),
        ({"scaling": {"min": 0, "max": 3}}, "greater than or equal to 1"),
        ({"scaling": {"min": 4, "max": 3}}, "max 3 is below min 4"),
        ({"scaling": {"max": 3, "metric": "query"}}, "takes `query` and `target`"),
        ({"scaling": {"max": 3, "query": "q"}}, "only it takes `query`"),
        ({"scaling": {"max": 3, "metric": "gpu", "target": 120}}, "at most 100"),
        ({"engine": "custom", "image": "i", "scaling": {"max": 3}}, "is vLLM's"),
        ({"engine": "custom", "image": "i", "gpus": 0, "scaling": {"max": 3, "metric": "gpu"}}, "needs `gpus`"),
        ({"canary": {"percent": 10}}, "`canary` needs `ingress`"),
        ({"canary": {"percent": 60}, "ingress": {}}, "less than or equal to 50"),
        ({"public_ingress": True}, "`certificate_arn` and `inbound_cidrs`"),
        ({"public_ingress": True, "ingress": {"inbound_cidrs": ["1.2.3.0/24"]}}, "`certificate_arn`"),
        (
            {"public_ingress": True, "ingress": {"certificate_arn": "a", "inbound_cidrs": ["0.0.0.0/0"]}},
            "cannot be the whole internet",
        ),
        ({"ingress": {"inbound_cidrs": ["everywhere"]}}, "`everywhere` is not a range"),
        ({"environment": {"HF_TOKEN": "hf_x"}}, "say where it is under `secrets`"),
        ({"secrets": {"T": {}}}, "say one"),
        ({"secrets": {"T": {"kubernetes_secret": "s"}}}, "needs `key`"),
        ({"secrets": {"T": {"secret": "aws-secretsmanager://a", "arn": "arn:b"}}}, "say one"),
        ({"secrets": {"T": {"secret": "aws-secretsmanager://a", "key": "b"}}}, "behind `#`"),
        ({"secrets": {"T": {"secret": "env://T"}}}, "not from `env://`"),
        ({"secrets": {"T": {"secret": "a"}}}, "never the value itself"),
        ({"run_as_user": 0}, "greater than or equal to 1"),
    ],
)
def test_refuses(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        spec(**wrong)
    assert message in str(refused.value)
