"""How one GPU serves several pods: the device plugin's configurations by name, which a pool's labels choose from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Spec

MOST_REPLICAS = 16
"""Pods that may share a GPU; MPS allows 48 clients, but memory is split evenly and 16 leave little of any GPU."""
DEFAULT = "whole-gpu"
CONFIG_LABEL = "nvidia.com/device-plugin.config"
MIG_LABEL = "nvidia.com/mig.config"
MIG_GPUS = frozenset({"A100", "H100", "H200", "B200", "B300", "GB200", "RTX PRO Server 6000"})
"""GPUs that can be cut (NVIDIA MIG user guide, 2026)."""


class Sharing(Spec):
    """How pods share a GPU of the pool. Pods go on asking for `nvidia.com/gpu: 1`."""

    mode: Literal["none", "time_slicing", "mps", "mig"] = "none"
    """time_slicing: in turns, no bounds. mps: at once, memory split evenly. mig: cut into parts that cannot disturb
    each other.
    Left out: none."""
    replicas: int | None = Field(default=None, ge=2, le=MOST_REPLICAS)
    """Pods per GPU, for time_slicing and mps. Left out: only allowed with other modes."""
    profile: str | None = Field(default=None, pattern=r"^[1-7]g\.\d+gb$", examples=["1g.10gb", "3g.40gb"])
    """Size of the parts, for mig: `1g.10gb`. Left out: only allowed with other modes."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.mode in ("time_slicing", "mps")) is not (self.replicas is not None):
            raise PydanticCustomError(
                "sharing", "`replicas` goes with `mode: time_slicing` or `mode: mps`, and they need it"
            )
        if (self.mode == "mig") is not (self.profile is not None):
            raise PydanticCustomError("sharing", "`profile` goes with `mode: mig`, which needs it")
        return self

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels by which a node asks the device plugin (or the MIG manager) for this."""
        if self.mode == "time_slicing":
            return {CONFIG_LABEL: f"time-slicing-{self.replicas}"}
        if self.mode == "mps":
            return {CONFIG_LABEL: f"mps-{self.replicas}", "nvidia.com/mps.capable": "true"}
        if self.mode == "mig":
            return {MIG_LABEL: f"all-{self.profile}"}
        return {}


def configurations() -> Mapping[str, str]:
    """Every configuration of the device plugin by name, as JSON (which is YAML): whole GPUs, and 2 to 16 pods on each.

    Shared GPUs keep the name ``nvidia.com/gpu``: pods need not know, and Karpenter, which has never heard of other
    names, still starts nodes.
    """
    found = {DEFAULT: _configuration({})}
    for replicas in range(2, MOST_REPLICAS + 1):
        shared = {"resources": [{"name": "nvidia.com/gpu", "replicas": replicas}]}
        sliced = {"timeSlicing": {"failRequestsGreaterThanOne": True, **shared}}
        found[f"time-slicing-{replicas}"] = _configuration({"sharing": sliced})
        # MPS refuses requests for more than one share by itself.
        found[f"mps-{replicas}"] = _configuration({"sharing": {"mps": shared}})
    return found


def _configuration(more: Mapping[str, object]) -> str:
    return json.dumps({"version": "v1", "flags": {"migStrategy": "single"}, **more}, sort_keys=True)
