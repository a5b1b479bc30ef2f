"""States as documents: what ``pulumi stack export`` writes, for each layer; secrets stay encrypted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend, StackState
from mlinfra.engine.stores import FolderStore
from mlinfra.program import project_name

VERSION = 3
"""Of the form of a deployment that Pulumi reads and writes."""


def stack_document(state: StackState) -> Mapping[str, Any]:
    """One state as ``pulumi stack import`` takes it."""
    return {"version": VERSION, "deployment": dict(state.deployment)}


def state_document(deployment: Deployment, backend: Backend) -> Mapping[str, Any]:
    """The states of all layers as one document. Raises EngineError for a state that cannot be read."""
    stacks: dict[str, Any] = {}
    for layer in Layer:
        project = project_name(deployment.blueprint, layer)
        state = backend.state(project, deployment.environment)
        if state is not None:
            stacks[layer.label] = {"project": project, "stack": state.stack, **stack_document(state)}
    return {
        "mlinfra_state": 1,
        "blueprint": deployment.blueprint,
        "environment": deployment.environment,
        "layers": stacks,
    }


def write_copy(file: Path, document: Mapping[str, Any]) -> None:
    """Write a document where nothing is lost: readable by its owner alone, whole or not at all. Raises EngineError."""
    FolderStore(file.parent).write(file.name, f"{json.dumps(document, indent=2)}\n".encode())
