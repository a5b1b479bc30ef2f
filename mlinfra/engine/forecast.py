"""What an apply would do: the deployment against the real states of its layers."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend, StackState
from mlinfra.engine.decryption import decrypter, holds_secret, revealed, unread
from mlinfra.engine.exported import States
from mlinfra.engine.passphrase import Passphrase
from mlinfra.engine.works import LayerWork
from mlinfra.errors import RefusedError
from mlinfra.graph._engine_values import value_of
from mlinfra.graph._standins import holds_unknown
from mlinfra.graph.model import LAYERS, ResourceGraph, ResourceNode, Unknown, Value
from mlinfra.graph.of_blueprint import BlueprintSource, deployment_graph
from mlinfra.graph.read import read_state
from mlinfra.graph.relink import relinked
from mlinfra.graph.urns import name_of, type_of
from mlinfra.plan.diff import plan
from mlinfra.plan.gates import check_allowed, gated
from mlinfra.plan.known import StateKnown
from mlinfra.plan.model import Plan
from mlinfra.plan.names import Taken, taken_names
from mlinfra.program import project_name

LOOKS = "nobody saw how it ended: `mlinfra apply` looks first, and says what to do where it cannot tell"


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """The plan, the two graphs that it compares, and the work that it comes to in each layer."""

    plan: Plan
    graph: ResourceGraph
    before: ResourceGraph | None
    works: tuple[LayerWork, ...]
    states: Mapping[Layer, StackState]
    unread: tuple[Layer, ...] = ()
    """Layers whose state holds secrets that could not be read: nobody knows whether those change."""
    taken: tuple[Taken, ...] = ()
    """What will find its name taken."""
    locked: tuple[Layer, ...] = ()
    """Layers that another process works on now."""

    @property
    def modified(self) -> datetime.datetime | None:
        """When the youngest state was written; None where nothing is deployed."""
        return max((state.modified for state in self.states.values() if state.modified), default=None)

    @property
    def priced(self) -> ResourceGraph | None:
        """What was there before, as it can be priced."""
        return self.before

    @property
    def pending(self) -> tuple[tuple[Layer, Mapping[str, Any]], ...]:
        """Operations that were begun and of which nobody knows how they ended."""
        return tuple((layer, operation) for layer, state in self.states.items() for operation in state.pending)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to know besides the plan, a line each: operations without an end, secrets that could not be read."""
        return tuple(self._remarks())

    def _remarks(self) -> Iterator[str]:
        from mlinfra.engine.status import pending_of

        for layer, state in self.states.items():
            for one in pending_of(state):
                how = "may still be in work: the layer is locked" if layer in self.locked else LOOKS
                yield f"{layer.label}: {one.operation} `{one.name}` was begun, and {how}"
        for name, step, holder in self.taken:
            if holder is step:
                yield f"`{step.name}` finds the name `{name}` taken: the old one has it, and stays in the account"
            elif holder.operation == "keep":
                yield f"`{step.name}` finds the name `{name}` taken: `{holder.name}` has it, and stays in the account"
            else:
                yield (
                    f"`{step.name}` finds the name `{name}` taken: it is created before `{holder.name}` of {holder.layer} "
                    "goes; apply once without it, and then with it"
                )
        if self.unread:
            layers = ", ".join(layer.label for layer in self.unread)
            yield (
                f"{layers}: the state holds secrets that cannot be read here, and whether they change is not known; "
                "set `PULUMI_CONFIG_PASSPHRASE`, or name its file with `PULUMI_CONFIG_PASSPHRASE_FILE`"
            )


Documents: TypeAlias = Mapping[Layer, Mapping[str, Any]]
"""The deployment of each layer's state, secrets in plain text where they could be read."""


def stored(
    deployment: Deployment, held: States, passphrase: Passphrase | None
) -> tuple[Mapping[Layer, StackState], Documents, ResourceGraph]:
    """The states of all layers: as stored, revealed, and as one graph of the deployment. Raises EngineError.

    The account of the graph is the one in the states, where they name one, else the deployment's. Raises RefusedError where
    the environment names another account or region: nothing of what is deployed would be found there, and all of it taken for gone.
    """
    found = {layer: held.state(project_name(deployment.blueprint, layer), deployment.environment) for layer in Layer}
    states = {layer: state for layer, state in found.items() if state is not None}
    documents: dict[Layer, Mapping[str, Any]] = {}
    nodes: list[ResourceNode] = []
    accounts: set[str] = set()
    regions: set[str] = set()
    for layer, state in states.items():
        # Deriving a key takes a third of a second, and most states hold no secret.
        reader = decrypter(state, passphrase) if holds_secret(state.document) else None
        documents[layer] = revealed(dict(state.deployment), reader)
        graph = read_state({"version": 3, "deployment": dict(documents[layer])})
        nodes += (replace(node, layer=LAYERS[layer - 1]) for node in graph.nodes)
        accounts |= {graph.account} if graph.account else set()
        regions |= {graph.region} if graph.region else set()
    if len(accounts) == 1 and not deployment.account_is_stand_in and deployment.account not in accounts:
        raise RefusedError(
            f"`{deployment.environment}` is deployed in account {min(accounts)}, and not in {deployment.account}",
            hint="to move it, destroy it first, with the account as it was; or choose another name for the environment",
        )
    if len(regions) == 1 and deployment.region not in regions:
        raise RefusedError(
            f"`{deployment.environment}` is deployed in {min(regions)}, and not in {deployment.region}",
            hint="to move it, destroy it first, with the region as it was; or choose another name for the environment",
        )
    before = ResourceGraph(
        nodes=tuple(nodes),
        blueprint=deployment.blueprint,
        environment=deployment.environment,
        account=accounts.pop() if len(accounts) == 1 else deployment.account,
        region=deployment.region,
    )
    return states, documents, before


def forecast(
    deployment: Deployment,
    held: States,
    passphrase: Passphrase | None,
    *,
    allowed: Collection[str] = (),
    source: BlueprintSource | None = None,
    label: str = "state",
) -> Forecast:
    """Compare a deployment with what its states say. ``allowed`` names the gates that are let through.

    ``label`` is what the plan calls the states. ``source`` is where the deployment was loaded from, for a graph that may
    be stored already. Raises EngineError for a state that cannot be read, UsageError for a gate that there is not.
    """
    states, documents, before = stored(deployment, held, passphrase)
    if states and deployment.account_is_stand_in and before.account not in (None, deployment.account):
        # What is deployed says which account it is; without that every name and policy with an account in it would change.
        deployment = replace(deployment, account=str(before.account), account_is_stand_in=False)
    exported = {layer: _exported(document) for layer, document in documents.items()}
    resources = [item for document in documents.values() for item in document.get("resources") or ()]
    known = StateKnown(before, resources) if states else None
    if source is None:
        graph = deployment_graph(deployment, known)
    else:
        digests = {layer.label: state_digest(state) for layer, state in states.items()}
        graph = source.graph(known, state=_digest(digests) if states else None, deployment=deployment)
    made = plan(graph, before if states else None, label=label if states else None)
    check_allowed(made, allowed)
    made = gated(made, protected=deployment.protected, allowed=allowed)
    outputs = {str(item["urn"]): {**(item.get("outputs") or {}), "id": item.get("id")} for item in resources}
    usage = {node.urn: node.usage for node in graph.nodes}
    return Forecast(
        plan=made,
        graph=relinked(graph, outputs),
        before=relinked(before, outputs, usage) if states else None,
        works=tuple(
            _work(layer, deployment, graph, made, states.get(layer), exported.get(layer, {})) for layer in Layer
        ),
        states=states,
        unread=tuple(layer for layer, document in documents.items() if unread(document)),
        taken=taken_names(made, graph, before) if states else (),
        locked=tuple(layer for layer in states if _locked(held, project_name(deployment.blueprint, layer), deployment)),
    )


def _locked(held: States, project: str, deployment: Deployment) -> bool:
    """Whether a process that is not known to be gone works on a layer."""
    if not isinstance(held, Backend) or not held.readable:
        return False
    return any(not lock.dead for lock in held.locks(project, deployment.environment))


def state_digest(state: StackState) -> str:
    """SHA-256 of what a state says, however it is stored: it changes with everything that is written."""
    return _digest(state.deployment)


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _exported(revealed_deployment: Mapping[str, Any]) -> Mapping[str, Value]:
    """What the stack of a state exports, as values of a graph."""
    for item in revealed_deployment.get("resources") or ():
        if item["type"] == "pulumi:pulumi:Stack":
            return {key: value_of(value) for key, value in (item.get("outputs") or {}).items()}
    return {}


def _work(
    layer: Layer,
    deployment: Deployment,
    graph: ResourceGraph,
    made: Plan,
    state: StackState | None,
    exported: Mapping[str, Value],
) -> LayerWork:
    registered = {node.urn for node in graph.nodes if node.layer == layer.label}
    aliases = {urn for node in graph.nodes for urn in node.aliases}
    stored = {str(item["urn"]) for item in state.resources if not _of_engine(str(item["urn"]))} if state else set()
    declared = layer in deployment.layers
    going = stored - registered - aliases
    changed = (
        declared != bool(stored)
        or any(step.layer == layer.label for step in made.changes)
        or bool(registered - stored)
        or (state is not None and (bool(state.pending) or _waits(state)))
        or (declared and _differ(exported, _exports(graph, layer, deployment)))
    )
    return LayerWork(
        layer=layer,
        changed=changed and (declared or bool(stored)),
        going=tuple(sorted(going)),
        empties=not declared and bool(stored),
        guarded=tuple(step.urn for step in made.steps if step.layer == layer.label and step.guarded),
        stays=frozenset(step.urn for step in made.steps if step.operation == "keep" or step.keeps_old),
    )


def _of_engine(urn: str) -> bool:
    """Whether the engine keeps a resource for itself: the stack, what it reads, default providers. No program registers these."""
    type_ = type_of(urn)
    name = name_of(urn)
    return type_.startswith("pulumi:pulumi:") or (type_.startswith("pulumi:providers:") and name.startswith("default"))


def _waits(state: StackState) -> bool:
    """Whether something replaced still waits for its deletion."""
    return any(item.get("delete") or item.get("pendingReplacement") for item in state.resources)


def _differ(exported: Mapping[str, Value], declared: Mapping[str, Value]) -> bool:
    """Whether a stack's exports change. What is not known before is no evidence: it comes from resources, which are compared themselves."""
    if exported.keys() != declared.keys():
        return True
    return any(value != exported[key] for key, value in declared.items() if not holds_unknown(value, Unknown))


def _exports(graph: ResourceGraph, layer: Layer, deployment: Deployment) -> Mapping[str, Value]:
    """What the layer's program exports, by the names that its stack gives it."""
    names = {component.name for component in deployment.layers.get(layer, ())}
    return {
        f"{name}.{output}": value
        for name, values in graph.outputs.items()
        for output, value in values.items()
        if name in names and value is not None
    }
