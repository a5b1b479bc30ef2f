"""Drift: what is really there against what the state says. Nothing is changed, not even the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.automation import EngineEvent
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from mlinfra.components._context import Layer
from mlinfra.engine.apply import last_words
from mlinfra.engine.forecast import stored
from mlinfra.engine.session import Session
from mlinfra.errors import EngineError
from mlinfra.graph._engine_values import value_of
from mlinfra.graph.model import ResourceNode, Value
from mlinfra.plan.model import PropertyChange, Step
from mlinfra.plan.values import changed


@dataclass(frozen=True)
class Drift:
    """What differs, as the steps that somebody else took: ``update`` for what was changed, ``delete`` for what is gone."""

    steps: tuple[Step, ...]
    looked_at: int


def drift(session: Session) -> Drift:
    """Look at every resource of every layer. Raises EngineError where the engine or a provider fails."""
    states, _, before = stored(session.deployment, session.backend, session.passphrase)
    nodes = {node.urn: node for node in before.resources}
    found: list[Step] = []
    for layer in sorted(states):
        if states[layer].resources:
            found += _of_layer(session, layer, nodes)
    return Drift(tuple(found), len(nodes))


def _of_layer(session: Session, layer: Layer, nodes: Mapping[str, ResourceNode]) -> list[Step]:
    heard: dict[str, EngineEvent] = {}

    def hear(event: EngineEvent) -> None:
        if event.res_outputs_event is not None:
            heard[event.res_outputs_event.metadata.urn] = event

    stack = session.open(layer, session.program(layer), session.state(layer))
    try:
        stack.preview_refresh(
            on_event=hear,
            run_program=False,
            show_secrets=False,
            suppress_outputs=True,
            parallel=session.options.parallel,
        )
    except ConcurrentUpdateError:
        raise EngineError(session.lock_message(layer)) from None
    except CommandError as error:
        raise EngineError(session.scrub(last_words(str(error)))) from None
    return [step for urn, event in heard.items() if urn in nodes and (step := _step(nodes[urn], event)) is not None]


def _step(node: ResourceNode, event: EngineEvent) -> Step | None:
    assert event.res_outputs_event is not None  # noqa: S101 - only these are kept
    metadata = event.res_outputs_event.metadata
    if metadata.new is None:
        return _drifted(node, "delete", (), "is gone: somebody deleted it")
    before, after = _values(metadata.old), _values(metadata.new)
    differences = tuple(changed(before, after))
    return _drifted(node, "update", differences, "was changed by somebody else") if differences else None


def _values(state: Any) -> Mapping[str, Value]:
    """The inputs that a state comes to: what a refresh brings up to date, without what a provider keeps for itself."""
    given = (state.inputs if state is not None else None) or {}
    return {key: value_of(value) for key, value in given.items() if not key.startswith("__")}


def _drifted(node: ResourceNode, operation: Any, properties: tuple[PropertyChange, ...], reason: str) -> Step:
    return Step(
        urn=node.urn,
        component=node.component,
        kind=node.kind,
        layer=node.layer,
        operation=operation,
        properties=properties,
        reason=reason,
    )
