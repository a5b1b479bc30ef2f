"""Estimates of graphs for the verbs that show them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.cost.model import ComponentEstimate, Estimate
    from mlinfra.graph.model import Amount, ResourceGraph


def estimated(graph: ResourceGraph, usage: str | None = None) -> Estimate:
    """What a graph costs a month, with a usage file where one is named."""
    from mlinfra.cost.estimate import estimate
    from mlinfra.cost.usage_file import load

    return estimate(graph, usage=load(Path(usage)) if usage else None)


def expected_use(graph: ResourceGraph, usage: str | None = None) -> Mapping[str, Mapping[str, Amount]]:
    """What is expected of each resource, by URN and key, a usage file included."""
    from mlinfra.cost.usage import resolve
    from mlinfra.cost.usage_file import load

    return resolve(graph, load(Path(usage)) if usage else None)


def title(graph: ResourceGraph) -> str:
    """``fraud-detection · dev · eu-west-1``."""
    return " · ".join(part for part in (graph.blueprint, graph.environment, graph.region) if part)


def component(estimate: Estimate, name: str) -> ComponentEstimate:
    """One component of an estimate. Raises UsageError with what there is."""
    found = estimate.component(name)
    if found is None:
        from mlinfra.commands._output import close_to

        names = [part.name for part in estimate.components if part.name]
        hint = close_to(name, names) or (f"there are {', '.join(f'`{n}`' for n in names)}" if names else None)
        raise UsageError(f"there is no component `{name}`", hint=hint)
    return found
