"""Destroy a deployment: backward through its layers, leaving the data that the blueprint keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.apply import Outcome, run
from mlinfra.engine.backend import Backend
from mlinfra.engine.errands import errands_of, with_errands
from mlinfra.engine.events import Listener
from mlinfra.engine.forecast import Forecast, stored
from mlinfra.engine.session import Session
from mlinfra.engine.works import Errand, LayerWork, Pass
from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.plan.diff import plan


@dataclass(frozen=True, kw_only=True)
class Destruction(Forecast):
    """What a destroy would do. ``graph`` is empty."""

    @property
    def remains(self) -> tuple[ResourceNode, ...]:
        """What stays in the account and is forgotten: data that the blueprint keeps."""
        return tuple(node for node in (self.before.resources if self.before else ()) if node.retain_on_delete)

    @property
    def left(self) -> ResourceGraph:
        """Everything that stays, with what belongs to it, as a graph: so that it can be priced."""
        before = self.before or self.graph
        kept = {step.urn for step in self.plan.steps if step.operation == "keep"}
        return replace(before, nodes=tuple(node for node in before.nodes if node.urn in kept), outputs={})

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
    """What a destroy would do, from the states alone: the blueprint's programs are not run. Raises EngineError."""
    states, _, before = stored(deployment, backend, None)
    nothing = replace(before, nodes=(), outputs={})
    works = tuple(
        LayerWork(layer=layer, changed=True, going=tuple(str(item["urn"]) for item in state.resources), empties=True)
        for layer, state in states.items()
        if state.resources
    )
    return Destruction(
        plan=plan(nothing, before, label="state"), graph=nothing, before=before, works=works, states=states
    )


def destroy(session: Session, found: Destruction, listen: Listener, *, cleanup: bool = True) -> Outcome:
    """Destroy what there is, last layer first, with what controllers left in between unless ``cleanup`` is False.

    Resumable: what is gone is out of the state, and steps of the clean-up do no harm twice.
    """
    layers = sorted((work.layer for work in found.works), reverse=True)
    guarded = {Layer(place) for place in layers if any(n.layer == place.label for n in found.protected)}
    for layer in sorted(guarded, reverse=True):
        session.unprotect(layer)
    passes = tuple(Pass(layer, "destroy") for layer in layers)
    errands: tuple[Errand, ...] = ()
    if cleanup and found.before is not None:
        errands = errands_of(session.deployment, found.before, sandbox=session.options.sandbox)
    return run(session, with_errands(passes, errands), listen, "destroy")
