"""What makes accelerators usable: one NVIDIA device plugin (alone or in the GPU operator), GPU metrics, EFA and Neuron
plugins.
"""

from __future__ import annotations

import dataclasses
from typing import Literal, Self

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._charts import charts, namespace, release
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Spec
from mlinfra.components.compute._gpu_values import (
    device_plugin_values,
    efa_values,
    exporter_values,
    neuron_values,
    operator_values,
)
from mlinfra.components.compute._node_facts import CHARTS
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

NAMESPACE = "gpu-operator"


class GpuOperatorSpec(Spec):
    """What a blueprint may say about it."""

    mode: Literal["device_plugin", "operator", "none"] = "device_plugin"
    """device_plugin: NVIDIA's plugin alone. operator: the GPU operator, which also cuts GPUs by MIG and labels nodes in
    detail. none: no
    NVIDIA GPUs. Never both: two plugins hand out each GPU twice. Left out: device_plugin."""
    dcgm_exporter: bool = True
    """Export GPU metrics; the kind `metrics` collects them. Left out: true, except with `mode: none`."""
    efa: bool = False
    """Hand out EFA interfaces to pods (`vpc.amazonaws.com/efa`), for pools with `efa: true`. Left out: false."""
    neuron: bool = False
    """Hand out Inferentia and Trainium devices (`aws.amazon.com/neuron`). Left out: false."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.mode == "none" and not self.efa and not self.neuron:
            raise PydanticCustomError(
                "gpu_operator_empty", "with `mode: none` say `neuron: true` or `efa: true`, or nothing is installed"
            )
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class GpuOperatorNeeds(Needs):
    """What it takes."""

    cluster: EksClusterOutputs
    """The cluster that it is installed into."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GpuOperatorOutputs(Outputs):
    """What other components may use of it."""

    cluster_name: pulumi.Output[str]
    namespace: pulumi.Output[str]
    mode: pulumi.Output[str]
    device_plugin: pulumi.Output[str] | None = None
    """Version of the chart that brings NVIDIA's device plugin."""
    dcgm_exporter: pulumi.Output[str] | None = None
    """Version of the chart that brings the exporter of GPU metrics."""


class GpuOperator(Component[GpuOperatorSpec, GpuOperatorNeeds, GpuOperatorOutputs]):
    """Installs the charts into a namespace of their own."""

    layer = Layer.PLATFORM
    once = True

    def build(self, name: str, spec: GpuOperatorSpec, needs: GpuOperatorNeeds) -> GpuOperatorOutputs:
        """Install one chart per task, so that each can be seen, changed and removed alone."""
        # Plugins talk to devices of the host, which a namespace may only allow as privileged.
        space = namespace(self, f"{name}-namespace", called=NAMESPACE, pod_security="privileged")
        plugin = exporter = None
        metrics = spec.dcgm_exporter and spec.mode != "none"
        if spec.mode == "operator":
            plugin = self._install(name, "gpu-operator", operator_values(metrics=metrics), space)
            exporter = plugin if metrics else None
        if spec.mode == "device_plugin":
            plugin = self._install(name, "nvidia-device-plugin", device_plugin_values(), space)
            if metrics:
                exporter = self._install(f"{name}-dcgm-exporter", "dcgm-exporter", exporter_values(), space)
        if spec.efa:
            self._install(f"{name}-efa", "aws-efa-k8s-device-plugin", efa_values(), space)
        if spec.neuron:
            self._install(f"{name}-neuron", "neuron-helm-chart", neuron_values(), space)
        return GpuOperatorOutputs(
            cluster_name=needs.cluster.name,
            namespace=space.urn.apply(lambda _: NAMESPACE),
            mode=(plugin or space.urn).apply(lambda _: spec.mode),
            device_plugin=plugin,
            dcgm_exporter=exporter,
        )

    def _install(
        self, name: str, chart_name: str, values: dict[str, object], space: kubernetes.core.v1.Namespace
    ) -> pulumi.Output[str]:
        """The version of the chart. It goes through the URN, which is known before the deployment, and so waits for the
        release.
        """
        chart = charts(CHARTS)[chart_name]
        made = release(
            self, name, chart, release_name=chart_name, namespace=NAMESPACE, values=values, depends_on=[space]
        )
        return made.urn.apply(lambda _: chart.version)
