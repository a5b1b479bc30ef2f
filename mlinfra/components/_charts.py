"""Helm charts as kinds install them: at one exact version, from a table that says where it was seen and when."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from mlinfra.components._grammar import Component

MANAGED_BY: Mapping[str, str] = {"app.kubernetes.io/managed-by": "mlinfra"}
"""The label on every Kubernetes object that mlinfra makes itself."""
TOLERATE_SYSTEM_NODES: Sequence[Mapping[str, str]] = ({"key": "CriticalAddonsOnly", "operator": "Exists"},)
"""What lets a cluster's own services run on its system nodes, which keep everything else out."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart at one version. ``repository`` is None for charts of OCI registries."""

    chart: str
    repository: str | None
    version: str


@functools.cache
def charts(table: Path) -> Mapping[str, Chart]:
    """The charts of a table with the columns name, chart, repository, version, source and source_date, by name."""
    with table.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: Chart(row["chart"], row["repository"] or None, row["version"]) for row in csv.DictReader(file)
        }


def release(
    component: Component[Any, Any, Any],
    name: str,
    chart: Chart,
    *,
    release_name: str,
    namespace: pulumi.Input[str],
    values: Mapping[str, Any],
    depends_on: Sequence[pulumi.Resource] = (),
) -> kubernetes.helm.v3.Release:
    """A release of ``chart``. Its name is fixed: the cluster refuses a second one, which would fight with the first."""
    return kubernetes.helm.v3.Release(
        name,
        name=release_name,
        chart=chart.chart,
        version=chart.version,
        repository_opts={"repo": chart.repository} if chart.repository else None,
        namespace=namespace,
        values=dict(values),
        timeout=900,
        opts=component.child(depends_on=depends_on),
    )


def installed(made: kubernetes.helm.v3.Release) -> pulumi.Output[str]:
    """The version of the chart, once it is installed."""
    return made.version.apply(str)


def namespace(
    component: Component[Any, Any, Any], name: str, *, called: pulumi.Input[str], pod_security: str
) -> kubernetes.core.v1.Namespace:
    """A namespace that refuses pods with more rights than ``pod_security`` allows.

    It is ``privileged``, ``baseline`` or ``restricted``, as in the Pod Security Standards.
    """
    return kubernetes.core.v1.Namespace(
        name,
        metadata={
            "name": called,
            "labels": {
                **MANAGED_BY,
                "pod-security.kubernetes.io/enforce": pod_security,
                "pod-security.kubernetes.io/warn": "restricted",
            },
        },
        opts=component.child(),
    )
