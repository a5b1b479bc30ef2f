"""The states of a deployment after an apply, made without the CLI: the simulated cloud's provider answers in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import StackState
from mlinfra.engine.sandbox.cloud import Cloud
from mlinfra.engine.sandbox.provider import Provider
from mlinfra.graph._engine_values import SECRET_SIGNATURE, SIGNATURE
from mlinfra.graph._monitor import from_struct
from mlinfra.graph.known import Existing
from mlinfra.graph.model import LAYERS, ResourceGraph, ResourceNode, Value
from mlinfra.graph.of_blueprint import deployment_graph
from mlinfra.program import project_name


class Applying:
    """Creates everything that an evaluation asks for, and keeps it as a state does."""

    def __init__(self, deployment: Deployment, cloud: Cloud) -> None:
        self._providers = {name: Provider(name, cloud, deployment.account) for name in ("aws", "kubernetes")}
        for provider in self._providers.values():
            provider._region = deployment.region
        self.items: dict[str, dict[str, Any]] = {}

    def resource(self, urn: str, request: Any) -> Existing | None:
        inputs = from_struct(request.object)
        package = request.type.partition(":")[0]
        provider = self._providers.get(package) or self._providers["aws"]
        id_, outputs = provider._made(request.type, urn, inputs)
        self.items[urn] = {
            "urn": urn,
            "type": request.type,
            "custom": True,
            "id": request.importId or id_,
            "inputs": _stored(inputs),
            "outputs": _stored(outputs),
            "parent": request.parent,
            "provider": request.provider,
            "dependencies": list(request.dependencies),
            "propertyDependencies": {key: list(found.urns) for key, found in request.propertyDependencies.items()},
            "additionalSecretOutputs": list(request.additionalSecretOutputs),
        }
        return Existing(request.importId or id_, outputs)


class Applied:
    """The states of all layers of a deployment that was applied."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        applying = Applying(deployment, Cloud(folder / "cloud.db"))
        graph = deployment_graph(deployment, applying)
        self._states = {
            project_name(deployment.blueprint, layer): _document(deployment, layer, graph, applying.items)
            for layer in deployment.layers
        }

    def state(self, project: str, stack: str) -> StackState | None:
        document = self._states.get(project)
        return None if document is None else StackState(project, stack, document)


def _document(
    deployment: Deployment, layer: Layer, graph: ResourceGraph, items: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    project, stack = project_name(deployment.blueprint, layer), deployment.environment
    names = {component.name for component in deployment.layers[layer]}
    exports = {
        f"{name}.{output}": value
        for name, values in graph.outputs.items()
        for output, value in values.items()
        if name in names and value is not None
    }
    root = {
        "urn": f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}",
        "type": "pulumi:pulumi:Stack",
        "outputs": _exported(exports),
    }
    own = [node for node in graph.nodes if node.layer == LAYERS[layer - 1]]
    resources = [root, *(_resource(node, items) for node in own if node.urn != root["urn"])]
    return {"version": 3, "deployment": {"manifest": {"time": "2026-11-21T12:00:00Z"}, "resources": resources}}


def _resource(node: ResourceNode, items: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """An entry of the state; components and providers are in no cloud. Options are what the engine hands down from parents."""
    known = {"urn": node.urn, "type": node.type, "custom": node.custom, "parent": node.parent}
    options = {"protect": node.protect, "retainOnDelete": node.retain_on_delete, "deletedWith": node.deleted_with}
    return {**known, **items.get(node.urn, {}), **options}


def _exported(values: Mapping[str, Value]) -> dict[str, Any]:
    return json.loads(json.dumps(values, default=lambda _: {SIGNATURE: SECRET_SIGNATURE, "plaintext": '""'}))


def _stored(value: Any) -> Any:
    """The wire form as a state that was exported in plain text has it."""
    if isinstance(value, list):
        return [_stored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE) == SECRET_SIGNATURE:
        return {SIGNATURE: SECRET_SIGNATURE, "plaintext": json.dumps(value.get("value"))}
    return {key: _stored(item) for key, item in value.items()}
