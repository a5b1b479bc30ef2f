"""The resources of a state, as an evaluation sees them: real outputs for what stays, nothing for what is created or replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mlinfra.graph._engine_values import SECRET_SIGNATURE, SIGNATURE
from mlinfra.graph._monitor import UNKNOWN, from_struct
from mlinfra.graph.evaluate import alias_urn, plain
from mlinfra.graph.known import Existing
from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.plan.dependents import Dependents
from mlinfra.plan.diff import change_between, goes_first
from mlinfra.plan.replacement import outputs_changed_by_update


class StateKnown:
    """``graph`` are the resources of the state, ``stored`` the same as the state holds them, secrets in plain text where they could be read."""

    def __init__(self, graph: ResourceGraph, stored: Iterable[Mapping[str, Any]]) -> None:
        self._nodes = {node.urn: node for node in graph.resources}
        self._stored = {str(item["urn"]): item for item in stored if not item.get("delete")}
        self._dependents = Dependents(self._nodes.values())
        self._lost: set[str] = set()

    def resource(self, urn: str, request: Any) -> Existing | None:
        """The resource that a RegisterResource request is about, None where it will be created or replaced."""
        before = self._counterpart(urn, request)
        if before is None:
            return None
        inputs = {key: plain(value) for key, value in from_struct(request.object).items()}
        changes = change_between(before, inputs, tuple(request.ignoreChanges), tuple(request.replaceOnChanges))
        if goes_first(before, inputs, changes, asked=request.deleteBeforeReplace):
            self._lost.update(self._dependents.replaced_with(before.urn))
        if before.urn in self._lost or any(change.forces_replacement for change in changes):
            return None
        stored = self._stored[before.urn]
        outputs = {key: wire(item) for key, item in (stored.get("outputs") or {}).items() if not key.startswith("__")}
        if changes:
            old = {key: wire(item) for key, item in (stored.get("inputs") or {}).items()}
            outputs = updated(outputs, old, from_struct(request.object))
        for name in outputs_changed_by_update(before.type) if changes else ():
            outputs[name] = UNKNOWN
        return Existing(str(stored.get("id", "")), outputs)

    def _counterpart(self, urn: str, request: Any) -> ResourceNode | None:
        urns = (urn, *(alias_urn(urn, alias) for alias in request.aliases))
        return next((self._nodes[one] for one in urns if one in self._nodes), None)


def updated(outputs: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a resource after its inputs went from ``old`` to ``new``: what only the provider knows stays, nested or not."""
    found = {name: value for name, value in outputs.items() if name in new or name not in old}
    for name, value in new.items():
        known, before = outputs.get(name), old.get(name)
        if value == before and name in outputs:
            continue
        if isinstance(value, dict) and isinstance(known, dict) and SIGNATURE not in value:
            found[name] = updated(known, before if isinstance(before, dict) else {}, value)
        else:
            found[name] = value
    return found


def wire(value: Any) -> Any:
    """A value of a state in the wire form: secrets in plain text where they could be read, else unknown."""
    if isinstance(value, list):
        return [wire(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE) == SECRET_SIGNATURE:
        shown = value.get("plaintext")
        return {SIGNATURE: SECRET_SIGNATURE, "value": json.loads(shown) if isinstance(shown, str) else UNKNOWN}
    return {key: wire(item) for key, item in value.items()}
