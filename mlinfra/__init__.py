"""mlinfra: machine-learning platforms on AWS and Kubernetes, planned and priced before anything is created.

    import mlinfra

    graph = mlinfra.evaluate("fraud.yaml", environment="dev")     # ResourceGraph, offline
    print(mlinfra.estimate(graph).totals)                         # what it costs a month
    print(mlinfra.compare(graph).summary)                         # what would be created

    deployment = mlinfra.Deployment("fraud.yaml", environment="dev")
    print(deployment.plan().plan.summary)                         # against the state of what is deployed
    print(deployment.apply(on_event=print).status)                # on Pulumi's engine

``load`` gives the blueprint alone, checked and wired (``mlinfra.blueprint.Deployment``); ``Deployment`` is what can be applied.

Components for Pulumi programs are imported from their files: ``from mlinfra.components.data.bucket import Bucket, BucketSpec, BucketNeeds``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mlinfra.blueprint import environments, load
    from mlinfra.cost import Estimate, estimate
    from mlinfra.engine.apply import Outcome
    from mlinfra.engine.deployment import Deployment
    from mlinfra.engine.drift import Drift
    from mlinfra.engine.forecast import Forecast
    from mlinfra.errors import (
        BlueprintError,
        Diagnostic,
        EngineError,
        GraphError,
        MlinfraError,
        PriceError,
        ProgramError,
        RefusedError,
        UsageError,
    )
    from mlinfra.graph.evaluate import evaluate_directory
    from mlinfra.graph.model import ResourceGraph, ResourceNode
    from mlinfra.graph.of_blueprint import blueprint_graph as evaluate
    from mlinfra.graph.read import read as read_graph
    from mlinfra.plan import Plan
    from mlinfra.plan import plan as compare

_HOMES = {
    "BlueprintError": "errors",
    "Deployment": "engine.deployment",
    "Diagnostic": "errors",
    "Drift": "engine.drift",
    "EngineError": "errors",
    "Estimate": "cost",
    "Forecast": "engine.forecast",
    "GraphError": "errors",
    "MlinfraError": "errors",
    "Outcome": "engine.apply",
    "Plan": "plan",
    "PriceError": "errors",
    "ProgramError": "errors",
    "RefusedError": "errors",
    "ResourceGraph": "graph.model",
    "ResourceNode": "graph.model",
    "UsageError": "errors",
    "compare": "plan:plan",
    "environments": "blueprint",
    "estimate": "cost",
    "evaluate": "graph.of_blueprint:blueprint_graph",
    "evaluate_directory": "graph.evaluate",
    "load": "blueprint",
    "read_graph": "graph.read:read",
}
"""Where each public name lives. It is imported at first use: importing Pulumi takes longer than most commands."""

__all__ = [
    "BlueprintError",
    "Deployment",
    "Diagnostic",
    "Drift",
    "EngineError",
    "Estimate",
    "Forecast",
    "GraphError",
    "MlinfraError",
    "Outcome",
    "Plan",
    "PriceError",
    "ProgramError",
    "RefusedError",
    "ResourceGraph",
    "ResourceNode",
    "UsageError",
    "compare",
    "environments",
    "estimate",
    "evaluate",
    "evaluate_directory",
    "load",
    "read_graph",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `mlinfra` has no attribute `{name}`")
    module, _, attribute = _HOMES[name].partition(":")
    found = getattr(importlib.import_module(f"mlinfra.{module}"), attribute or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
