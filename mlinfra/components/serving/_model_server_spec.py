"""What a blueprint may say about a model server, and the numbers that follow from the size of its weights."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Ref, Spec, by_environment
from mlinfra.components._secrets import SECRET_NAME
from mlinfra.components.serving._model_server_fields import (
    Canary,
    Expected,
    Ingress,
    KubernetesName,
    Model,
    Scaling,
    SecretReference,
)

Variable: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$", examples=["LOG_LEVEL"])]
OWN_FLAGS = {
    "--api-key": "secrets: {VLLM_API_KEY: …}",
    "--gpu-memory-utilization": "gpu_memory_utilization",
    "--load-format": "model.load",
    "--max-model-len": "max_model_len",
    "--model": "model",
    "--port": "port",
    "--revision": "model.revision",
    "--served-model-name": "model.name",
    "--tensor-parallel-size": "gpus",
    "-tp": "gpus",
}
"""Flags of vLLM that fields of the blueprint decide."""


class ModelServerSpec(Spec):
    """What a blueprint may say about a model server."""

    engine: Literal["vllm", "custom"] = "vllm"
    """What serves: vLLM, or an `image` of your own. Left out: vllm."""
    image: Ref[str] | None = None
    """Image to run. Left out: the version of vLLM that is shipped with mlinfra; `custom` always needs one."""
    model: Model | None = None
    """The model; the engine `custom` finds the files of a bucket below `/models`. Left out: none, which only `custom` may do."""
    gpus: int = Field(default=1, ge=0, le=16)
    """GPUs of each replica; vLLM splits the model over them. Left out: 1."""
    cpus: int = Field(default=3, ge=1, le=192)
    """CPUs of each replica. Left out: 3, what the smallest GPU nodes have to give."""
    memory_gib: int | None = Field(default=None, ge=1, le=8192)
    """Memory of each replica. Left out: 8 GiB and up to 5 more for the files that are read."""
    shared_memory_gib: int = Field(default=2, ge=1, le=512)
    """Memory that the processes of a replica share, part of its memory. Left out: 2."""
    max_model_len: int | None = Field(default=None, ge=256, le=10_000_000)
    """Tokens of a request and its answer at most. Left out: what the model allows, which may not fit into the GPU."""
    gpu_memory_utilization: Decimal = Field(default=Decimal("0.90"), ge=Decimal("0.1"), le=Decimal("0.92"))
    """Share of GPU memory that vLLM takes. Left out: 0.90. Above 0.92 it runs out of memory at start."""
    command: tuple[str, ...] = ()
    """Command of a custom image. Left out: the image's own."""
    args: tuple[Ref[str], ...] = ()
    """Further arguments. Left out: none."""
    environment: Mapping[Variable, Ref[str]] = Field(default={}, max_length=200)
    """Environment variables that are no secrets. Left out: none."""
    secrets: Mapping[Variable, SecretReference] = Field(default={}, max_length=50)
    """Environment variables that are secrets, such as `HF_TOKEN`: where they are. Left out: none."""
    port: int = Field(default=8000, ge=1024, le=65535)
    """Port that the server listens on. Left out: 8000."""
    health_path: str = Field(default="/health", pattern=r"^/\S*$", max_length=200, examples=["/health"])
    """Path that answers 200 when the server can work. Left out: /health."""
    metrics_path: str | None = Field(default=None, pattern=r"^/\S*$", max_length=200, examples=["/metrics"])
    """Path of Prometheus metrics of a custom image. Left out: none; vLLM's are known."""
    startup_seconds: int | None = Field(default=None, ge=60, le=14_400)
    """Seconds that a start may take before it counts as failed. Left out: 5 minutes and what reading files takes."""
    replicas: int | None = by_environment(protected=2, otherwise=1, ge=1, le=1000)
    """Replicas without `scaling`. Left out: 2 in a protected environment, 1 elsewhere."""
    scaling: Scaling | None = None
    """Scale on load. Left out: a fixed number of replicas."""
    rollout: Literal["surge", "replace"] | None = by_environment(protected="surge", otherwise="replace")
    """Updates first add a replica (more GPUs for a while) or first remove one. Left out: surge where protected."""
    ingress: Ingress | None = None
    """A load balancer. Left out: the server is reached inside the cluster only."""
    public_ingress: bool = False
    """Let the internet reach the load balancer. Left out: false."""
    canary: Canary | None = None
    """Try another version on a share of the calls. Left out: none."""
    namespace: KubernetesName | None = None
    """Namespace that exists already. Left out: one of its own, with the name of the component."""
    run_as_user: int | None = Field(default=None, ge=1, le=65534)
    """User id to run as, for images that work without root. Left out: the image's own user, without privileges."""
    expected: Expected = Expected()
    """What to reckon with. Left out: chat-sized traffic."""

    @model_validator(mode="after")
    def _can_run(self) -> ModelServerSpec:
        if self.engine == "vllm":
            self._vllm_can_run()
        elif self.image is None:
            raise PydanticCustomError("custom_image", "`engine: custom` needs `image`")
        elif any(model.hub or model.load == "stream" for model in self.models()):
            raise PydanticCustomError("custom_model", "`engine: custom` takes models by `prefix`, downloaded")
        if self.scaling and self.replicas is not None:
            raise PydanticCustomError("replicas_twice", "`replicas` is fixed and `scaling` changes it: say one")
        if self.scaling and self.scaling.metric == "requests" and self.engine != "vllm":
            raise PydanticCustomError("scaling_metric", "`metric: requests` is vLLM's; use `gpu` or `query`")
        if self.scaling and self.scaling.metric == "gpu" and self.gpus == 0:
            raise PydanticCustomError("scaling_metric", "`metric: gpu` needs `gpus`")
        if self.canary and self.ingress is None:
            raise PydanticCustomError("canary_ingress", "`canary` needs `ingress`: the load balancer splits the calls")
        return self

    @model_validator(mode="after")
    def _is_safe(self) -> ModelServerSpec:
        for variable in self.environment:
            if SECRET_NAME.search(variable) or variable in self.secrets:
                raise PydanticCustomError(
                    "secret_in_plain",
                    "`{variable}` is the name of a secret: say where it is under `secrets`",
                    {"variable": variable},
                )
        if not self.public_ingress:
            return self
        if self.ingress is None or self.ingress.certificate_arn is None or not self.ingress.inbound_cidrs:
            raise PydanticCustomError(
                "public_ingress", "`public_ingress` needs `ingress` with `certificate_arn` and `inbound_cidrs`"
            )
        if any(ipaddress.ip_network(cidr).prefixlen == 0 for cidr in self.ingress.inbound_cidrs):
            raise PydanticCustomError(
                "open_to_all", "a model server does not check who calls: `inbound_cidrs` cannot be the whole internet"
            )
        return self

    @model_validator(mode="after")
    def _means_something(self) -> ModelServerSpec:
        if self.engine == "custom":
            for field in ("gpu_memory_utilization", "max_model_len"):
                if field in self.model_fields_set:
                    raise PydanticCustomError(
                        "vllm_only", "`{field}` is vLLM's; an image of your own takes `args`", {"field": field}
                    )
        if self.memory_gib is not None and self.shared_memory_gib >= self.memory_gib:
            raise PydanticCustomError(
                "shared_memory",
                "`shared_memory_gib` {shared} is a part of `memory_gib`, which is {all}",
                {"shared": self.shared_memory_gib, "all": self.memory_gib},
            )
        return self

    def services(self) -> Mapping[str, str]:
        """Services of the cluster that it cannot do without, and the field that uses each."""
        used = {
            "keda": ("scaling", self.scaling is not None),
            "load_balancer_controller": ("ingress", self.ingress is not None),
            "external_secrets": ("secrets", any(secret.fetched for secret in self.secrets.values())),
        }
        return {service: field for service, (field, wanted) in used.items() if wanted}

    def models(self) -> tuple[Model, ...]:
        """The model, and the one that is tried, as far as there are any."""
        return tuple(model for model in (self.model, self.canary and self.canary.model) if model)

    def _vllm_can_run(self) -> None:
        if self.model is None:
            raise PydanticCustomError("vllm_model", "`engine: vllm` needs `model`")
        if self.gpus not in {1, 2, 4, 8, 16}:
            raise PydanticCustomError(
                "vllm_gpus", "vLLM splits a model over 1, 2, 4, 8 or 16 GPUs, not {gpus}", {"gpus": self.gpus}
            )
        if self.command or self.metrics_path:
            raise PydanticCustomError("vllm_command", "`command` and `metrics_path` are for `engine: custom`")
        for argument in (*self.args, *((self.canary and self.canary.args) or ())):
            flag = argument.partition("=")[0] if isinstance(argument, str) else ""
            if flag in OWN_FLAGS:
                raise PydanticCustomError(
                    "own_flag", "`{flag}` is decided by `{field}`", {"flag": flag, "field": OWN_FLAGS[flag]}
                )


def memory_gib(spec: ModelServerSpec, model: Model | None) -> tuple[int, int]:
    """Memory to ask for and to allow at most, GiB.

    A loader holds its largest file (5 GiB is customary) beside some 8 GiB of its own; the most is all files pinned,
    with a fifth on top.
    """
    size = model.size_gib if model else Decimal(0)
    asked = spec.memory_gib or 8 + math.ceil(min(size, Decimal(5)))
    return asked, max(asked, 8 + math.ceil(size * Decimal("1.2")))


def disk_gib(model: Model) -> int:
    """Room on the node for the files and what a loader makes of them, GiB; the image comes on top."""
    return math.ceil(model.size_gib * Decimal("1.2")) + 1


def startup_seconds(spec: ModelServerSpec, model: Model | None) -> int:
    """Seconds that a start may take: 5 minutes to compile and capture graphs, and the files at a slow pace.

    0.1 GiB/s is a little less than a gp3 volume gives without extra throughput; 0.05 GiB/s a hub on a bad day.
    """
    if spec.startup_seconds is not None:
        return spec.startup_seconds
    if model is None:
        return 300
    return 300 + math.ceil(model.size_gib * (20 if model.hub else 10))
