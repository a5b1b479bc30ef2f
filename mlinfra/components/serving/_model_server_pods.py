"""The pods of a model server as Kubernetes documents: pure functions of what the blueprint says."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulumi

from mlinfra.components._charts import MANAGED_BY
from mlinfra.components.serving._model_server_fields import Model
from mlinfra.components.serving._model_server_spec import ModelServerSpec, disk_gib, memory_gib, startup_seconds

MODELS = "/models"
GRACE_SECONDS = 180
"""Time for answers that are being written when a replica has to go."""


@functools.cache
def images() -> Mapping[str, str]:
    """The image of each engine, and of what fetches weights; with source and date in ``data/engine_images.csv``."""
    with (Path(__file__).parent / "data" / "engine_images.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["image"] for row in csv.DictReader(file)}


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of the server that runs: the stable one, or the one that is tried."""

    track: Literal["stable", "canary"]
    called: str
    """Name of its Deployment and Service."""
    app: str
    """Name of the server, shared by its versions."""
    spec: ModelServerSpec
    """The blueprint's, with the canary's changes if this is one. ``replicas`` is None if a scaler decides."""

    @property
    def labels(self) -> dict[str, str]:
        """Labels that select its pods."""
        return {"app.kubernetes.io/name": self.app, "mlinfra/track": self.track}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where pods run and what they may use."""

    namespace: pulumi.Input[str]
    service_account: str
    region: pulumi.Output[str]
    bucket: pulumi.Output[str] | None
    secret_name: str
    gpu_resource: pulumi.Output[str] | None
    node_selector: pulumi.Output[Mapping[str, str]] | None
    tolerations: pulumi.Output[Any] | None


def versions(app: str, spec: ModelServerSpec) -> tuple[Version, ...]:
    """The versions that run side by side."""
    fixed = None if spec.scaling else spec.replicas
    stable = Version(track="stable", called=app, app=app, spec=spec.model_copy(update={"replicas": fixed}))
    if spec.canary is None:
        return (stable,)
    changes = {field: getattr(spec.canary, field) for field in ("image", "model", "args", "replicas")}
    tried = spec.model_copy(update={key: value for key, value in changes.items() if value is not None})
    return (stable, Version(track="canary", called=f"{app}-canary", app=app, spec=tried))


def deployment_spec(version: Version, place: Place) -> dict[str, Any]:
    """The ``spec`` of the Deployment. Without a number of replicas the scaler's is left alone."""
    spec = version.spec
    surge = {"max_surge": 1, "max_unavailable": 0}
    found: dict[str, Any] = {
        "selector": {"match_labels": version.labels},
        "strategy": {
            "type": "RollingUpdate",
            "rolling_update": surge if spec.rollout == "surge" else {"max_surge": 0, "max_unavailable": 1},
        },
        "progress_deadline_seconds": patience_seconds(spec),
        "revision_history_limit": 3,
        "template": {"metadata": {"labels": {**version.labels, **MANAGED_BY}}, "spec": pod_spec(version, place)},
    }
    if spec.replicas is not None:
        found["replicas"] = spec.replicas
    return found


def patience_seconds(spec: ModelServerSpec) -> int:
    """How long a rollout may stand still: a new node with its images (15 minutes), the download, and the start."""
    download = math.ceil(spec.model.size_gib * 10) if spec.model and spec.model.prefix else 0
    return 900 + download + startup_seconds(spec, spec.model)


def pod_spec(version: Version, place: Place) -> dict[str, Any]:
    """The pod: weights first, then the server; spread over zones and nodes, on the nodes of the pool."""
    spec = version.spec
    volumes: list[dict[str, Any]] = [
        {"name": "shared-memory", "empty_dir": {"medium": "Memory", "size_limit": f"{spec.shared_memory_gib}Gi"}}
    ]
    if spec.model and spec.model.load == "download":
        volumes.append({"name": "weights", "empty_dir": {"size_limit": f"{disk_gib(spec.model)}Gi"}})
    security: dict[str, Any] = {"seccomp_profile": {"type": "RuntimeDefault"}}
    if spec.run_as_user is not None:
        security |= {"run_as_non_root": True, "run_as_user": spec.run_as_user, "fs_group": spec.run_as_user}
    found: dict[str, Any] = {
        "service_account_name": place.service_account,
        "automount_service_account_token": False,
        # A service called `vllm` would otherwise set variables that vLLM takes for its own.
        "enable_service_links": False,
        "security_context": security,
        "termination_grace_period_seconds": GRACE_SECONDS,
        "topology_spread_constraints": [
            {
                "max_skew": 1,
                "topology_key": key,
                "when_unsatisfiable": "ScheduleAnyway",
                "label_selector": {"match_labels": version.labels},
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ],
        "containers": [server(version, place)],
        "volumes": volumes,
    }
    if spec.model and spec.model.prefix and spec.model.load == "download":
        found["init_containers"] = [fetcher(spec.model, place)]
    if place.node_selector is not None:
        found["node_selector"] = place.node_selector
    if place.tolerations is not None:
        found["tolerations"] = place.tolerations
    return found


def server(version: Version, place: Place) -> dict[str, Any]:
    """The container that serves. Its startup probe is as patient as the weights are large; then liveness counts."""
    spec = version.spec
    asked, most = memory_gib(spec, spec.model)
    requests: dict[str, str] = {"cpu": str(spec.cpus), "memory": f"{asked}Gi"}
    if spec.model and spec.model.load == "download":
        requests["ephemeral-storage"] = f"{disk_gib(spec.model)}Gi"
    limits: pulumi.Input[Mapping[str, str]] = {"memory": f"{most}Gi"}
    if spec.gpus and place.gpu_resource is not None:
        limits = place.gpu_resource.apply(lambda resource: {"memory": f"{most}Gi", resource: str(spec.gpus)})
    mounts = [{"name": "shared-memory", "mount_path": "/dev/shm"}]  # noqa: S108 - where processes look for it
    if spec.model and spec.model.load == "download":
        mounts.append({"name": "weights", "mount_path": MODELS})
    health = {"http_get": {"path": spec.health_path, "port": "http"}}
    found: dict[str, Any] = {
        "name": "server",
        "image": spec.image if spec.image is not None else images()["vllm"],
        "ports": [{"name": "http", "container_port": spec.port}],
        "env": environment(spec, place),
        "resources": {"requests": requests, "limits": limits},
        "volume_mounts": mounts,
        "security_context": {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}},
        "startup_probe": {
            **health,
            "period_seconds": 10,
            "timeout_seconds": 5,
            "failure_threshold": math.ceil(startup_seconds(spec, spec.model) / 10),
        },
        "readiness_probe": {**health, "period_seconds": 5, "timeout_seconds": 5, "failure_threshold": 3},
        "liveness_probe": {**health, "period_seconds": 10, "timeout_seconds": 10, "failure_threshold": 6},
        # Calls still arrive until every load balancer and node has heard that the replica is going.
        "lifecycle": {"pre_stop": {"sleep": {"seconds": 20}}},
    }
    if spec.engine == "vllm" and spec.model:
        found |= {"command": ["vllm", "serve"], "args": vllm_arguments(spec, spec.model, place)}
    elif spec.command or spec.args:
        found |= {"command": list(spec.command), "args": list(spec.args)}
    return found


def vllm_arguments(spec: ModelServerSpec, model: Model, place: Place) -> list[pulumi.Input[str]]:
    """Arguments of ``vllm serve``."""
    found: list[pulumi.Input[str]] = [
        _source(model, place),
        "--served-model-name",
        model.name,
        "--port",
        str(spec.port),
        "--tensor-parallel-size",
        str(spec.gpus),
        "--gpu-memory-utilization",
        str(spec.gpu_memory_utilization),
    ]
    if spec.max_model_len is not None:
        found += ["--max-model-len", str(spec.max_model_len)]
    if model.revision is not None:
        found += ["--revision", model.revision]
    if model.load == "stream":
        found += ["--load-format", "runai_streamer"]
    return [*found, *(pulumi.Output.from_input(argument).apply(str) for argument in spec.args)]


def _source(model: Model, place: Place) -> pulumi.Input[str]:
    if model.hub is not None:
        return model.hub
    return MODELS if model.load == "download" else _address(model, place)


def _address(model: Model, place: Place) -> pulumi.Output[str]:
    assert place.bucket is not None  # noqa: S101 - `weights` is required where there is a prefix
    return pulumi.Output.concat("s3://", place.bucket, "/", (model.prefix or "").rstrip("/"), "/")


def fetcher(model: Model, place: Place) -> dict[str, Any]:
    """The container that copies the weights to the node's disk; it is started again until every file is there."""
    return {
        "name": "weights",
        "image": images()["weights"],
        "command": ["aws", "s3", "sync"],
        "args": [_address(model, place), MODELS, "--only-show-errors"],
        "env": [{"name": "AWS_REGION", "value": place.region}, {"name": "HOME", "value": "/tmp"}],  # noqa: S108
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "4Gi"}},
        "volume_mounts": [{"name": "weights", "mount_path": MODELS}],
        "security_context": {"allow_privilege_escalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def environment(spec: ModelServerSpec, place: Place) -> list[dict[str, Any]]:
    """Variables, sorted: the blueprint's, those that are secrets by reference, and what the engine should know."""
    plain: dict[str, Any] = {"AWS_REGION": place.region}
    if spec.run_as_user is not None:
        plain["HOME"] = "/tmp"  # noqa: S108 - the only folder that any user may write to
    if spec.engine == "vllm":
        plain["VLLM_NO_USAGE_STATS"] = "1"
    if spec.model and spec.model.hub:
        plain["HF_HOME"] = MODELS
    elif spec.engine == "vllm":
        plain["HF_HUB_OFFLINE"] = "1"
    found = {name: {"name": name, "value": value} for name, value in {**plain, **spec.environment}.items()}
    for name, secret in spec.secrets.items():
        held, key = (place.secret_name, name) if secret.fetched else (secret.kubernetes_secret, secret.key)
        found[name] = {"name": name, "value_from": {"secret_key_ref": {"name": held, "key": key}}}
    return [found[name] for name in sorted(found)]
