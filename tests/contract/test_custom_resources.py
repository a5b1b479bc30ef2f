"""Laws over Kubernetes objects: whoever uses a custom resource also installs its definition, and before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from contract.every_graph import GRAPHS, graph_of

import mlinfra.components
from mlinfra.components._charts import Chart, charts
from mlinfra.graph.model import LAYERS, ResourceGraph, ResourceNode

TABLES = sorted(Path(mlinfra.components.__file__).parent.glob("*/data/*_charts.csv"))
RELEASE = "kubernetes:helm.sh/v3:Release"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
BUILT_IN = {
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
}
"""Groups of the Kubernetes API that every cluster of a supported version has (API reference, Kubernetes 1.36)."""


class Missing(NamedTuple):
    """An object whose definition nothing installs, or nothing before it."""

    object: str
    kind: str


@cache
def known_charts() -> Mapping[tuple[str, str], Chart]:
    """Every chart that kinds install, by its name and version."""
    return {(chart.chart, chart.version): chart for table in TABLES for chart in charts(table).values()}


def custom_objects(graph: ResourceGraph) -> Iterator[tuple[ResourceNode, str]]:
    """Objects of kinds that a cluster does not have by itself, with ``group/Kind``."""
    for node in graph.resources:
        version = node.inputs.get("apiVersion")
        if node.package == "kubernetes" and node.type != RELEASE and isinstance(version, str):
            group = version.rpartition("/")[0]
            if group not in BUILT_IN:
                yield node, f"{group}/{node.inputs['kind']}"


def installers(graph: ResourceGraph) -> Iterator[tuple[ResourceNode, frozenset[str]]]:
    """Whatever installs definitions, with the kinds that it defines."""
    for node in graph.resources:
        if node.type == RELEASE and not node.inputs.get("skipCrds"):
            chart = known_charts().get((str(node.inputs["chart"]), str(node.inputs["version"])))
            yield node, chart.installs if chart else frozenset()
        elif node.type == DEFINITION:
            spec = node.inputs["spec"]
            assert isinstance(spec, dict)
            assert isinstance(spec["names"], dict)
            yield node, frozenset({f"{spec['group']}/{spec['names']['kind']}"})


def waits_for(graph: ResourceGraph, node: ResourceNode) -> set[str]:
    """URNs of whatever is made before a node: what it depends on, and what stands in its inputs, all the way."""
    found: set[str] = set()
    open_ = [node.urn]
    while open_:
        current = graph.by_urn.get(open_.pop())
        if current is None:
            continue
        named = {urn for urns in current.property_dependencies.values() for urn in urns}
        new = {*current.depends_on, *named} - found
        found |= new
        open_ += new
    return found


def missing(graph: ResourceGraph) -> list[Missing]:
    """Objects whose definition is not there when they are made."""
    found = []
    for node, kind in custom_objects(graph):
        before = waits_for(graph, node)
        if not any(kind in defined and (by.urn in before or _earlier(by, node)) for by, defined in installers(graph)):
            found.append(Missing(node.name, kind))
    return found


def _earlier(one: ResourceNode, other: ResourceNode) -> bool:
    return one.layer is not None and other.layer is not None and LAYERS.index(one.layer) < LAYERS.index(other.layer)


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_an_object_is_defined_by_is_installed_before_it(graph: str) -> None:
    assert missing(graph_of(graph)) == []


def test_each_chart_that_is_said_to_define_something_is_used_for_it() -> None:
    used = {kind for graph in GRAPHS for _, kind in custom_objects(graph_of(graph))}
    assert used >= {
        "external-secrets.io/ExternalSecret",
        "karpenter.k8s.aws/EC2NodeClass",
        "karpenter.sh/NodePool",
        "keda.sh/ScaledObject",
        "monitoring.coreos.com/PodMonitor",
        "monitoring.coreos.com/PrometheusRule",
        "monitoring.coreos.com/ServiceMonitor",
    }


def test_the_law_can_be_broken_by_leaving_out_the_chart_and_by_not_waiting_for_it() -> None:
    graph = graph_of("kind karpenter dev")
    objects = [Missing(node.name, kind) for node, kind in custom_objects(graph)]
    without = [
        node for node in graph.nodes if node.inputs.get("chart") != "oci://public.ecr.aws/karpenter/karpenter-crd"
    ]
    hasty = [
        replace(node, depends_on=(), property_dependencies={}) if node.type != RELEASE else node for node in graph.nodes
    ]
    assert len(objects) == 2
    assert missing(replace(graph, nodes=tuple(without))) == objects
    assert missing(replace(graph, nodes=tuple(hasty))) == objects
