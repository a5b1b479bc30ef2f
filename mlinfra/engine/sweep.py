"""The sweep after a destroy: what still carries the deployment's tags, though nobody meant to keep it.

What is known of a sort of resource (its words, what it is priced as, how it is deleted) are rows of ``data/leftovers.csv``, by the service and
the type that its ARN names; operations and parameters are those of boto3's own models (2026-11).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from mlinfra.blueprint.model import Deployment
from mlinfra.cost.estimate import estimate
from mlinfra.engine.aws import answering
from mlinfra.engine.backend import StackState
from mlinfra.engine.sandbox import Cloud
from mlinfra.graph.model import ResourceGraph, ResourceNode, Value

BLUEPRINT, ENVIRONMENT, COMPONENT = "mlinfra:blueprint", "mlinfra:environment", "mlinfra:component"
KEPT = "mlinfra:snapshot-of"
"""A tag of what the clean-up keeps on purpose."""


@dataclass(frozen=True)
class Sort:
    """A row of the table: how a sort of resource is called, priced and deleted."""

    words: str
    type: str
    client: str
    operation: str
    parameter: str
    value: str
    order: int


@dataclass(frozen=True)
class Leftover:
    """Something that was left. ``monthly`` is what it costs at least, US dollars; None where that is not known."""

    arn: str
    words: str
    component: str | None
    monthly: Decimal | None


def leftovers(
    deployment: Deployment, client: Callable[[str], Any], *, known: Iterable[str], kept: ResourceGraph
) -> tuple[Leftover, ...]:
    """What carries the deployment's tags in the account. Raises EngineError where AWS does not answer.

    ``known`` are ARNs that the destroyed states held: gone or kept, but for a while AWS still lists what is gone. ``kept`` holds what the
    blueprint keeps: the same component's resources of the same service are no leftovers.
    """
    tags = {BLUEPRINT: deployment.blueprint, ENVIRONMENT: deployment.environment}
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    with answering("look for what was left, by its tags"):
        pages = client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(TagFilters=filters)
        found = [item for page in pages for item in page["ResourceTagMappingList"]]
    on_purpose = {(node.component, _service(node.type)) for node in kept.resources if node.retain_on_delete}
    gone = frozenset(known)
    result = []
    for item in found:
        arn, own = item["ResourceARN"], {tag["Key"]: tag["Value"] for tag in item["Tags"]}
        component = own.get(COMPONENT)
        if arn not in gone and KEPT not in own and (component, arn.split(":")[2]) not in on_purpose:
            result.append(_leftover(arn, component, deployment.region))
    return tuple(sorted(result, key=lambda one: (one.component or "", one.arn)))


def left_in_sandbox(deployment: Deployment, cloud: Cloud, *, kept: ResourceGraph) -> tuple[Leftover, ...]:
    """The same of the simulated cloud."""
    kept_urns = {node.urn for node in kept.nodes if node.retain_on_delete}
    result = []
    for held in cloud.resources():
        tags = held.inputs.get("tags")
        own = tags if isinstance(tags, dict) else {}
        if (own.get(BLUEPRINT), own.get(ENVIRONMENT)) != (deployment.blueprint, deployment.environment):
            continue
        if held.urn not in kept_urns:
            name = str(held.outputs.get("arn") or held.id)
            monthly = _monthly(held.type, deployment.region, dict(held.inputs))
            result.append(Leftover(name, _spaced(held.type.rpartition(":")[2]), own.get(COMPONENT), monthly))
    return tuple(sorted(result, key=lambda one: (one.component or "", one.arn)))


def known_arns(states: Iterable[StackState]) -> frozenset[str]:
    """The ARNs of everything in some states."""
    outputs = ((item.get("outputs") or {}, item.get("id")) for state in states for item in state.resources)
    values = (value for given, id_ in outputs for value in (given.get("arn"), id_))
    return frozenset(value for value in values if isinstance(value, str) and value.startswith("arn:"))


def sort_of(arn: str) -> tuple[Sort | None, str]:
    """What is known of the sort of resource that an ARN names, and the resource's id within its service."""
    service, rest = arn.split(":", 5)[2], arn.split(":", 5)[5]
    typed = re.match(r"([a-z-]+)[/:](.+)", rest)
    if typed and (service, typed[1]) in _sorts():
        return _sorts()[service, typed[1]], typed[2]
    return _sorts().get((service, "")), rest


def _leftover(arn: str, component: str | None, region: str) -> Leftover:
    sort, _ = sort_of(arn)
    if sort is None:
        service, rest = arn.split(":", 5)[2], arn.split(":", 5)[5]
        return Leftover(arn, f"{service} {re.split('[/:]', rest)[0]}", component, None)
    return Leftover(arn, sort.words, component, _monthly(sort.type, region, {}) if sort.type else None)


def _monthly(type_: str, region: str, inputs: dict[str, Value]) -> Decimal | None:
    """What a resource costs at least, None where nothing is known of it."""
    node = ResourceNode(urn=f"urn:pulumi:sweep::sweep::{type_}::one", type=type_, name="one", inputs=inputs)
    graph = ResourceGraph(nodes=(node,), blueprint="sweep", environment="sweep", region=region)
    return estimate(graph).total.range.expected


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _service(type_: str) -> str:
    return type_.partition(":")[2].partition("/")[0]


@cache
def _sorts() -> dict[tuple[str, str], Sort]:
    text = files("mlinfra.engine").joinpath("data/leftovers.csv").read_text("utf-8")
    return {
        (row["service"], row["resource"]): Sort(
            row["words"],
            row["type"],
            row["client"],
            row["operation"],
            row["parameter"],
            row["value"],
            int(row["order"]),
        )
        for row in csv.DictReader(text.splitlines())
    }
