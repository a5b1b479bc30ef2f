"""Helm charts as kinds install them: at one exact version, from a table that says where it was seen and when."""

from __future__ import annotations

import csv
import functools
from collections.abc import Awaitable, Mapping, Sequence
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
    """A Helm chart at one version. ``repository`` is None for charts of OCI registries; ``installs`` are the kinds of
    custom resources that it defines (``keda.sh/ScaledObject``).
    """

    chart: str
    repository: str | None
    version: str
    installs: frozenset[str] = frozenset()


@functools.cache
def charts(table: Path) -> Mapping[str, Chart]:
    """The charts of a table with the columns name, chart, repository, version, installs, source and source_date, by
    name. ``installs`` is written ``group: Kind Kind; group: Kind``.
    """
    with table.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: Chart(row["chart"], row["repository"] or None, row["version"], _kinds(row["installs"]))
            for row in csv.DictReader(file)
        }


def _kinds(text: str) -> frozenset[str]:
    groups = (part.partition(":") for part in text.split(";") if part)
    return frozenset(f"{group.strip()}/{kind}" for group, _, kinds in groups for kind in kinds.split())


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


def installed(made: kubernetes.helm.v3.Release, chart: Chart) -> pulumi.Output[str]:
    """The version of ``chart``, which stands for its release: whoever takes it waits until that is installed.

    Through the release's URN, which is known before the deployment: what goes through the version can be planned.
    """
    return made.urn.apply(lambda _: chart.version)


def makers(value: pulumi.Output[str]) -> pulumi.Output[list[pulumi.Resource]]:
    """The resources that a value comes from (the release, of ``installed``), to wait for them without using it; none
    where another stack made them.
    """

    async def listed() -> list[pulumi.Resource]:
        return list(await value.resources())

    found: Awaitable[list[pulumi.Resource]] = listed()
    return pulumi.Output.from_input(found)


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
