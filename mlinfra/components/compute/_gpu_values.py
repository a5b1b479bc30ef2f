"""Helm values for what makes accelerators usable: device plugins, the GPU operator, the metrics exporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlinfra.components.compute._gpu_sharing import DEFAULT, configurations

TOLERATE_NVIDIA: Sequence[Mapping[str, str]] = (
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "nvidia.com/gpu", "operator": "Exists"},
)
TOLERATE_ALL: Sequence[Mapping[str, str]] = ({"operator": "Exists"},)
"""For what only reads devices of a node and has to be on each that has them, whatever taints its pool has."""


def device_plugin_values() -> dict[str, Any]:
    """Values of NVIDIA's device plugin: every way of sharing by name, whole GPUs where a node asks for nothing.

    It runs on nodes labelled ``nvidia.com/gpu.present`` (the chart's own rule), which pools set where the image has no
    plugin.
    """
    return {
        "config": {"map": dict(configurations()), "default": DEFAULT},
        "gfd": {"enabled": False},
        "tolerations": [dict(each) for each in TOLERATE_ALL],
    }


def operator_values(*, metrics: bool) -> dict[str, Any]:
    """Values of the GPU operator for EKS images, which bring driver and container toolkit: the chart's defaults would
    install both again.
    """
    return {
        "driver": {"enabled": False},
        "toolkit": {"enabled": False},
        "mig": {"strategy": "single"},
        "daemonsets": {"tolerations": [dict(each) for each in TOLERATE_ALL]},
        "devicePlugin": {
            "config": {
                "create": True,
                "name": "mlinfra-device-plugin",
                "default": DEFAULT,
                "data": dict(configurations()),
            }
        },
        # Its monitor would need Prometheus's definitions; the kind `metrics` brings monitor and definitions together.
        "dcgmExporter": {"enabled": metrics, "serviceMonitor": {"enabled": False}},
        "migManager": {"enabled": True},
        "operator": {"tolerations": [dict(each) for each in TOLERATE_NVIDIA[:1]]},
        "node-feature-discovery": {"worker": {"tolerations": [dict(each) for each in TOLERATE_ALL]}},
    }


def exporter_values() -> dict[str, Any]:
    """Values of the DCGM exporter: on nodes with NVIDIA GPUs, tainted or not, with memory for nodes of eight GPUs."""
    return {
        "nodeSelector": {"mlinfra/accelerator": "nvidia"},
        "tolerations": [dict(each) for each in TOLERATE_ALL],
        "serviceMonitor": {"enabled": False},
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "kubernetes": {"enablePodLabels": True},
    }


def efa_values() -> dict[str, Any]:
    """Values of the EFA device plugin; the chart knows the instance types that have EFA."""
    return {"tolerations": [dict(each) for each in TOLERATE_ALL]}


def neuron_values() -> dict[str, Any]:
    """Values of the Neuron chart: the device plugin alone. Node health is the business of EKS's own agent."""
    return {"devicePlugin": {"enabled": True}, "scheduler": {"enabled": False}, "npd": {"enabled": False}}
