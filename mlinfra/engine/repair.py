"""Put right what a crash left behind: a state file that is damaged, and operations of which nobody knows how they ended.

Nothing is thrown away: what is replaced stays beside what replaces it, or is copied first.
"""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import HISTORY, ORGANIZATION, ROOT, VERSION, Backend
from mlinfra.engine.copies import stack_document, write_copy
from mlinfra.engine.places import data_folder
from mlinfra.engine.session import Session
from mlinfra.engine.status import Pending, pending_of
from mlinfra.errors import EngineError
from mlinfra.graph.urns import name_of
from mlinfra.program import project_name

CREATING = "creating"


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A state file that is not JSON, or that is ``gone``. ``copy`` is the newest one before it that is whole, None where there is none.

    ``resources`` is how many that has.
    """

    layer: Layer
    key: str
    copy: str | None
    modified: datetime.datetime | None = None
    resources: int = 0
    gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """An operation of a layer that was begun and of which nobody knows how it ended."""

    layer: Layer
    operation: Pending
    component: str | None

    @property
    def advice(self) -> str:
        """What to do about it."""
        if self.operation.operation == CREATING:
            child = f"{self.component or 'COMPONENT'}.{self.operation.name}"
            return (
                f"look whether it exists: if it does, `mlinfra import {child} ID` takes it in; "
                f"if not, `mlinfra state repair --forget {self.operation.name}`"
            )
        return "`mlinfra apply --refresh` looks at what is really there, and goes on from that"


def damages(deployment: Deployment, backend: Backend) -> tuple[Damage, ...]:
    """The layers whose state file cannot be read. Raises EngineError where the backend does not answer."""
    found = []
    for layer in Layer:
        project = project_name(deployment.blueprint, layer)
        base = f"{ROOT}/stacks/{project}/{deployment.environment}.json"
        written = {key: when for key in (base, f"{base}.gz") if (when := backend.store.modified(key)) is not None}
        if not written:
            history = backend.store.keys(f"{ROOT}/history/{project}/{deployment.environment}/")
            if any(one.endswith(HISTORY) for one in history):
                found.append(replace(_damage(deployment, backend, layer, base), gone=True))
            continue
        key = max(written, key=lambda one: written[one])
        if _document(backend, key) is None:
            found.append(_damage(deployment, backend, layer, key))
    return tuple(found)


def _damage(deployment: Deployment, backend: Backend, layer: Layer, key: str) -> Damage:
    project = project_name(deployment.blueprint, layer)
    kept = [
        one
        for folder in ("backups", "history")
        for one in reversed(backend.store.keys(f"{ROOT}/{folder}/{project}/{deployment.environment}/"))
        if one.endswith((".json", ".json.gz")) and ".history.json" not in one
    ]
    whole = {one: document for one in (f"{key}.bak", *kept) if (document := _document(backend, one)) is not None}
    if not whole:
        return Damage(layer=layer, key=key, copy=None)
    # Pulumi writes the copy of the end of an update after the last `.bak`; the youngest knows most.
    moments = {one: backend.store.modified(one) for one in whole}
    copy = max(whole, key=lambda one: moments[one] or datetime.datetime.min.replace(tzinfo=datetime.UTC))
    checkpoint = whole[copy].get("checkpoint")
    latest = (checkpoint.get("latest") if isinstance(checkpoint, Mapping) else None) or {}
    return Damage(layer=layer, key=key, copy=copy, modified=moments[copy], resources=len(latest.get("resources") or ()))


def put_back(backend: Backend, damage: Damage) -> str:
    """Put the copy in the place of the damaged file, which is kept beside it; the key of the latter.

    Empty where it was gone. Raises EngineError.
    """
    good = None if damage.copy is None else backend.store.read(damage.copy)
    if damage.copy is None or good is None:
        raise EngineError(
            f"no copy of the state of layer {damage.layer.label} is whole",
            hint="older versions may be in a backup of the disk, or among the versions of the bucket; where there is none, "
            "`--start-over` begins with an empty state",
        )
    packed = damage.copy.removesuffix(".bak").endswith(".gz")
    return _exchanged(backend, damage, gzip.decompress(good) if packed else good)


def start_over(backend: Backend, damage: Damage) -> str:
    """Put an empty state in the place of the damaged file, which is kept beside it; the key of the latter.

    The stack is there then, and knows of no resource. Raises EngineError.
    """
    project, _, file = damage.key.removeprefix(f"{ROOT}/stacks/").partition("/")
    stack = file.removesuffix(".gz").removesuffix(".json")
    empty = {"version": VERSION, "checkpoint": {"stack": f"{ORGANIZATION}/{project}/{stack}"}}
    return _exchanged(backend, damage, json.dumps(empty).encode())


def _exchanged(backend: Backend, damage: Damage, text: bytes) -> str:
    content, kept = backend.store.read(damage.key), ""
    if content is not None:
        kept = f"{damage.key}.damaged-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S%f}"
        backend.store.write(kept, content)
    backend.store.write(damage.key, gzip.compress(text) if damage.key.endswith(".gz") else text)
    return kept


def unfinished(deployment: Deployment, backend: Backend) -> tuple[Unfinished, ...]:
    """All operations of which nobody knows how they ended. Raises EngineError for a state that cannot be read."""
    found = []
    for layer in Layer:
        state = backend.state(project_name(deployment.blueprint, layer), deployment.environment)
        if state is None:
            continue
        for item, operation in zip(state.pending, pending_of(state), strict=True):
            parent = str((item.get("resource") or {}).get("parent", ""))
            component = name_of(parent) if "mlinfra:components:" in parent else None
            found.append(Unfinished(layer=layer, operation=operation, component=component))
    return tuple(found)


def forget(session: Session, chosen: Collection[Unfinished]) -> tuple[Path, ...]:
    """Take pending creates out of the states that hold them, through the CLI; the copies of what was there before.

    The CLI drops all that is unfinished in a layer at once. So the creates of a layer are settled together; what was being changed or deleted
    is in the state besides, and a refresh finds how it ended. Raises EngineError, before anything is changed, where a create of the same layer
    is not among those chosen, for anything else than a create, and where the CLI refuses.
    """
    if other := [one.operation.name for one in chosen if one.operation.operation != CREATING]:
        raise EngineError(f"`{other[0]}` was not being created", hint="`mlinfra apply --refresh` puts it right")
    layers = sorted({one.layer for one in chosen})
    for one in unfinished(session.deployment, session.backend):
        if one.operation.operation == CREATING and one.layer in layers and one not in chosen:
            raise EngineError(
                f"`{one.operation.name}` of the same layer was being created, too, and is not settled",
                hint="the creates of a layer are forgotten together; first take in with `mlinfra import` what exists",
            )
    return tuple(_settle(session, layer) for layer in layers)


def _settle(session: Session, layer: Layer) -> Path:
    project, stack = project_name(session.deployment.blueprint, layer), session.deployment.environment
    state = session.state(layer)
    if state is None:
        raise EngineError(f"layer {layer.label} has no state any more")
    document = stack_document(state)
    now = datetime.datetime.now(datetime.UTC)
    copy = data_folder(session.environ) / "copies" / f"{project}-{stack}-{now:%Y%m%dT%H%M%S.%f}.json"
    write_copy(copy, document)
    # An import takes over resources and leaves out what is unfinished; the copy still has it.
    session.run("stack", "import", "--stack", f"{ORGANIZATION}/{project}/{stack}", "--file", str(copy))
    return copy


def _document(backend: Backend, key: str) -> Mapping[str, Any] | None:
    """A file of the backend as JSON, None where it is not whole."""
    content = backend.store.read(key)
    try:
        found = json.loads(gzip.decompress(content) if content and content[:2] == b"\x1f\x8b" else content or b"")
    except (ValueError, OSError, EOFError):
        return None
    return found if isinstance(found, dict) else None
