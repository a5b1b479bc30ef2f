"""How a deployment stands: what each layer's state, history and locks say. Nothing is evaluated; what would change is the plan's to say."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend, Lock, StackState, Update
from mlinfra.errors import EngineError
from mlinfra.graph.urns import name_of, type_of
from mlinfra.program import project_name


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that was begun and of which nobody knows how it ended. ``operation`` is Pulumi's word: ``creating``."""

    operation: str
    urn: str

    @property
    def name(self) -> str:
        """The logical name of the resource."""
        return name_of(self.urn)

    @property
    def type(self) -> str:
        """The type of the resource, ``aws:s3/bucket:Bucket``."""
        return type_of(self.urn)


@dataclass(frozen=True, kw_only=True)
class LayerStatus:
    """One layer. ``resources`` counts what is in the cloud; ``problem`` says why a state cannot be read."""

    layer: Layer
    resources: int = 0
    modified: datetime.datetime | None = None
    last: Update | None = None
    pending: tuple[Pending, ...] = ()
    locks: tuple[Lock, ...] = ()
    problem: str | None = None


def status(deployment: Deployment, backend: Backend) -> tuple[LayerStatus, ...]:
    """The layers that have a stack, in order. Raises EngineError where the backend does not answer."""
    return tuple(found for layer in Layer if (found := _layer(deployment, backend, layer)) is not None)


def pending_of(state: StackState) -> tuple[Pending, ...]:
    """What a state says was begun and not ended."""
    return tuple(
        Pending(str(one.get("type", "")), str((one.get("resource") or {}).get("urn", ""))) for one in state.pending
    )


def _layer(deployment: Deployment, backend: Backend, layer: Layer) -> LayerStatus | None:
    project, stack = project_name(deployment.blueprint, layer), deployment.environment
    problem: str | None = None
    try:
        state = backend.state(project, stack)
        if state is None:
            return None
    except EngineError as error:
        if not backend.readable:
            raise
        state, problem = None, error.message
    return LayerStatus(
        layer=layer,
        resources=_count(state) if state else 0,
        modified=state.modified if state else None,
        last=next(iter(backend.history(project, stack)), None),
        pending=pending_of(state) if state else (),
        locks=backend.locks(project, stack),
        problem=problem,
    )


def _count(state: StackState) -> int:
    """Resources of providers; the stack, components and providers themselves are not in any cloud."""
    return sum(
        bool(item.get("custom")) and not str(item.get("type")).startswith("pulumi:") and not item.get("external")
        for item in state.resources
    )
