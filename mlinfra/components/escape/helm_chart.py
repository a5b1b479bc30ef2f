"""Any Helm chart, at one exact version, inside a cluster: for what no kind covers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import pulumi
import pulumi_kubernetes as kubernetes
from pydantic import Field, model_validator

from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Spec
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

NAME = r"^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$"
"""Names of releases: a DNS label, and at most 53 characters (Helm's own limit, because charts add to it)."""
EXACT = r"^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"


class HelmChartSpec(Spec):
    """What a blueprint may say about a chart."""

    chart: str = Field(
        pattern=r"^(oci://[^\s]+/)?[a-z0-9][a-zA-Z0-9._-]*$", examples=["prometheus", "oci://ghcr.io/org/charts/name"]
    )
    """Name of the chart in its repository, or its whole address: `oci://ghcr.io/org/charts/name`."""
    repository: str | None = Field(default=None, pattern=r"^https://[^\s@]+$", examples=["https://charts.example.com"])
    """Address of the repository, without a password. Left out: the chart is an `oci://` address."""
    version: str = Field(pattern=EXACT, examples=["1.4.2"])
    """Version of the chart, exactly: `1.4.2`. Ranges are refused, because the same plan would install another thing
    tomorrow."""
    namespace: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", examples=["monitoring"])
    """Namespace that it is installed into."""
    create_namespace: bool = True
    """Make the namespace if there is none. Left out: true. It stays when the chart goes."""
    release_name: str | None = Field(default=None, pattern=NAME, examples=["prometheus"])
    """Name of the release. Left out: the component's name, with hyphens."""
    values: Mapping[str, Any] = {}
    """The chart's values; `${component.output}` may stand anywhere inside. Left out: the chart's own."""
    skip_crds: bool = False
    """Leave out the CRDs that the chart brings, when something else installs them. Left out: false."""
    timeout_seconds: int = Field(default=600, ge=30, le=7200)
    """How long to wait until everything in it runs. Left out: 600."""

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        whole = self.chart.startswith("oci://")
        if whole and self.repository is not None:
            raise ValueError(
                f"`chart` is a whole address, `{self.chart}`, and `repository` is given too; leave one out"
            )
        if not whole and self.repository is None:
            raise ValueError(
                f"where chart `{self.chart}` comes from is not said: give `repository: https://…`, "
                "or the whole address, `chart: oci://…`"
            )
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class HelmChartNeeds(Needs):
    """What a chart takes."""

    cluster: EksClusterOutputs
    """The cluster that it is installed into."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HelmChartOutputs(Outputs):
    """What other components may use of a chart."""

    release_name: pulumi.Output[str]
    namespace: pulumi.Output[str]
    version: pulumi.Output[str]


class HelmChart(Component[HelmChartSpec, HelmChartNeeds, HelmChartOutputs]):
    """Creates a release."""

    layer = Layer.PLATFORM

    def build(self, name: str, spec: HelmChartSpec, needs: HelmChartNeeds) -> HelmChartOutputs:
        # No use of `needs`: the cluster comes in as the provider of every Kubernetes child.
        title = spec.release_name or name.replace("_", "-")
        release = kubernetes.helm.v3.Release(
            name,
            name=title,
            chart=spec.chart,
            version=spec.version,
            repository_opts={"repo": spec.repository} if spec.repository else None,
            namespace=spec.namespace,
            create_namespace=spec.create_namespace,
            values=dict(spec.values),
            skip_crds=spec.skip_crds,
            timeout=spec.timeout_seconds,
            # A first installation that fails leaves nothing behind that a second one would trip over.
            atomic=True,
            opts=self.child(),
        )
        return HelmChartOutputs(
            release_name=release.name.apply(lambda given: given or title),
            namespace=release.namespace.apply(lambda given: given or spec.namespace),
            version=release.version.apply(lambda given: given or spec.version),
        )
