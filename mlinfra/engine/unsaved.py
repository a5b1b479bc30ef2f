"""What a run created and its state does not know: noted beside the logs, for the next command to take it in.

Pulumi notes each operation in the state before it begins. So this is only about a state that was damaged, removed or put back under a run that
could not write it any more. The events mask secrets; nothing else of a resource is in a note than what they tell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi.automation import StepEventStateMetadata

from mlinfra.components._context import Layer
from mlinfra.engine.backend import StackState
from mlinfra.engine.copies import write_copy
from mlinfra.engine.places import data_folder
from mlinfra.engine.session import Session
from mlinfra.errors import EngineError
from mlinfra.graph.urns import name_of, type_of
from mlinfra.program import project_name

OURS = ("pulumi:", "mlinfra:")


def resource_of(told: StepEventStateMetadata) -> dict[str, Any]:
    """A resource of a state, out of what an event tells: no secrets, no dependencies. A refresh and the next update complete it."""
    kept = {"urn": told.urn, "type": told.type, "custom": True, "inputs": told.inputs or {}, "provider": told.provider}
    options = {"parent": told.parent, "protect": told.protect, "retainOnDelete": told.retain_on_delete}
    return {**kept, **{key: value for key, value in options.items() if value}}


def in_cloud(urn: str) -> bool:
    """Whether a cloud has such a thing; components and providers are only in the state."""
    return not type_of(urn).startswith(OURS)


def keep(
    session: Session, layer: Layer, created: Iterable[StepEventStateMetadata], begun: Iterable[StepEventStateMetadata]
) -> None:
    """After a run that failed: note what it ``created``, and what it had ``begun`` to, where the state has nothing of it.

    Raises EngineError, with the ids, where the note cannot be written.
    """
    if not session.backend.readable:
        return
    try:
        state = session.state(layer)
    except EngineError:  # damaged: nothing in it can be counted on
        state = None
    lost = _unknown(state, created)
    if lost or state is None:
        # A state that knows what was created knows, too, what had begun: only one that was put back under the run does not.
        lost = (*lost, *_unknown(state, begun))
    if not lost:
        return
    urns = {one["urn"] for one in lost}
    try:
        before = [one for one in noted(session, layer) if one["urn"] not in urns]
        write_copy(note_file(session, layer), {"backend": session.backend.url, "resources": [*before, *lost]})
    except EngineError as error:
        names = ", ".join(f"`{name_of(one['urn'])}` {one['id']}".strip() for one in lost)
        raise EngineError(
            f"{error.message}\nthe state does not know what was created, and it could not be noted: {names}",
            hint="keep this list: `mlinfra import NAME ID` takes each into the state",
        ) from None


def _unknown(state: StackState | None, told: Iterable[StepEventStateMetadata]) -> tuple[dict[str, Any], ...]:
    """Those that the state has nothing of. Providers are among them: a resource refers to its own."""
    known = {(str(item["urn"]), str(item.get("id", ""))) for item in (state.resources if state else ())}
    pending = {str(one["resource"]["urn"]) for one in (state.pending if state else ())}
    found = [{**resource_of(one), "id": one.id or ""} for one in told if one.custom]
    return tuple(one for one in found if one["urn"] not in pending and (one["urn"], one["id"]) not in known)


def noted(session: Session, layer: Layer) -> tuple[Mapping[str, Any], ...]:
    """What was kept, nothing where nothing was. Raises EngineError for a note that cannot be read."""
    file = note_file(session, layer)
    try:
        return tuple(json.loads(file.read_bytes())["resources"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError):
        raise EngineError(
            f"`{file}` cannot be read: it has what an earlier command created and could not write into the state",
            hint="the log of that command has their names; once they are taken in with `mlinfra import`, delete the file",
        ) from None


def taken_in(session: Session, layer: Layer) -> None:
    """Remove the note of a layer: its state knows everything."""
    note_file(session, layer).unlink(missing_ok=True)


def note_file(session: Session, layer: Layer) -> Path:
    """Where the note of a layer is kept, if there is any: one for each backend."""
    project = project_name(session.deployment.blueprint, layer)
    place = hashlib.sha256(session.backend.url.encode()).hexdigest()[:8]
    return data_folder(session.environ) / "unsaved" / f"{project}-{session.deployment.environment}-{place}.json"
