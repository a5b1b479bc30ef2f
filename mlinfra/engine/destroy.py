"""Destroy a deployment: backward through its layers, leaving the data that the blueprint keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlinfra.blueprint.model import Deployment
from mlinfra.engine.apply import Outcome, run
from mlinfra.engine.backend import Backend
from mlinfra.engine.errands import errands_of, with_errands
from mlinfra.engine.events import Listener
from mlinfra.engine.forecast import Forecast, stored
from mlinfra.engine.session import Session
from mlinfra.engine.works import Errand, LayerWork, Pass
from mlinfra.errors import MlinfraError
from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.graph.of_blueprint import deployment_graph
from mlinfra.graph.relink import relinked
from mlinfra.plan.diff import plan


@dataclass(frozen=True, kw_only=True)
class Destruction(Forecast):
    """What a destroy would do. ``graph`` is what stays, so that its price can be told."""

    declared: ResourceGraph | None = None
    """The blueprint's graph; None where it cannot be evaluated, which is no reason not to destroy."""

    used: ResourceGraph | None = None
    """``before`` with what is expected of it, which no state holds."""

    @property
    def priced(self) -> ResourceGraph | None:
        """``used``: an endpoint that goes saves what it cost, not only what it would cost unused."""
        return self.used

    @property
    def remains(self) -> tuple[ResourceNode, ...]:
        """What stays in the account and is forgotten: data that the blueprint keeps. By component and name."""
        kept = [node for node in (self.before.resources if self.before else ()) if node.retain_on_delete]
        return tuple(sorted(kept, key=lambda node: (node.component or "", node.name)))

    def identity(self, node: ResourceNode) -> str:
        """The id of a resource in the account."""
        for state in self.states.values():
            for item in state.resources:
                if item.get("urn") == node.urn:
                    return str(item.get("id", ""))
        return ""

    @property
    def protected(self) -> tuple[ResourceNode, ...]:
        """What Pulumi protects from deletion; ``destroy`` lifts that where it was allowed."""
        return tuple(node for node in (self.before.resources if self.before else ()) if node.protect)


def destruction(deployment: Deployment, backend: Backend) -> Destruction:
    """What a destroy would do, from the states alone: of the blueprint only the expected use is taken. Raises EngineError."""
    states, _, before = stored(deployment, backend, None)
    nothing = replace(before, nodes=(), outputs={})
    made = plan(nothing, before, label="state", removed=None)
    kept = {step.urn for step in made.steps if step.operation == "keep"}
    try:
        declared = deployment_graph(deployment)
    except MlinfraError:
        declared = None
    resources = [item for state in states.values() for item in state.resources]
    outputs = {str(item["urn"]): {**(item.get("outputs") or {}), "id": item.get("id")} for item in resources}
    used = relinked(before, outputs, {node.urn: node.usage for node in declared.nodes} if declared else {})
    works = tuple(
        LayerWork(
            layer=layer,
            changed=True,
            going=tuple(str(item["urn"]) for item in state.resources),
            empties=True,
            stays=frozenset(kept),
        )
        for layer, state in states.items()
        if state.resources
    )
    return Destruction(
        plan=made,
        graph=replace(used, nodes=tuple(node for node in used.nodes if node.urn in kept), outputs={}),
        before=before,
        used=used,
        works=works,
        states=states,
        declared=declared,
    )


def destroy(session: Session, found: Destruction, listen: Listener, *, cleanup: bool = True) -> Outcome:
    """Destroy what there is, last layer first, with what controllers left in between unless ``cleanup`` is False.

    Resumable: what is gone is out of the state, and steps of the clean-up do no harm twice.
    """
    works = sorted(found.works, key=lambda work: work.layer, reverse=True)
    guarded = {node.layer for node in found.protected}
    for work in works:
        if work.layer.label in guarded:
            session.unprotect(work.layer)
    passes = tuple(Pass(work.layer, "destroy", stays=work.stays) for work in works)
    errands: tuple[Errand, ...] = ()
    if cleanup and found.before is not None:
        errands = errands_of(session.deployment, found.before, sandbox=session.options.sandbox)
    return run(session, with_errands(passes, errands), listen, "destroy")
