"""Before the engine runs: what a dead process left behind in a layer. Its lock is taken away, and what it had begun is looked for in the cloud.

Pulumi notes each operation before it begins. One whose end nobody saw stays in the state as pending, and the next update of Pulumi's own would
create such a resource once more. Here it is settled first: what exists is taken into the state, what does not is forgotten, and a refresh finds
how changes and deletions ended. Where nobody can tell, nothing is done, and the exact command is said.
"""

from __future__ import annotations

import copy
import csv
import json
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pulumi.automation import StepEventStateMetadata
from pulumi.automation.errors import CommandError

from mlinfra.components._context import Layer
from mlinfra.engine.backend import ORGANIZATION, ROOT, StackState
from mlinfra.engine.copies import stack_document, write_copy
from mlinfra.engine.events import Listener, Message
from mlinfra.engine.repair import CREATING, Unfinished, unfinished
from mlinfra.engine.sandbox import Cloud
from mlinfra.engine.session import Session
from mlinfra.engine.status import Pending
from mlinfra.engine.unsaved import in_cloud, noted, resource_of, taken_in
from mlinfra.errors import EngineError
from mlinfra.graph.urns import name_of
from mlinfra.program import project_name

LOST = re.compile(
    r"error reading from server|transport is closing|connection (?:reset|refused|error)|broken pipe|Unavailable"
)
"""What the engine says of a provider that is gone: how its work ended is not known. Source: gRPC's own errors."""


def settle(session: Session, layer: Layer, listen: Listener) -> None:
    """Put in order what a dead process left in a layer. Raises EngineError, before anything is changed, for what only a person can tell."""
    if not session.backend.readable:
        return
    unlocked(session, layer, listen)
    if session.backend.locks(project_name(session.deployment.blueprint, layer), session.deployment.environment):
        raise EngineError(session.lock_message(layer))  # what is pending is in work
    _whole(session, layer)
    state, unsaved = session.state(layer), noted(session, layer)
    if state is None and unsaved:
        # The first run of a layer, and not even a copy is left: what it noted goes into a new stack.
        session.open(layer, session.program(layer), None)
        state = session.state(layer)
    if state is None:
        return
    known = {(str(item["urn"]), str(item.get("id", ""))) for item in state.resources}
    lost = {str(one["urn"]): one for one in unsaved if _lost(one, known)}
    if not state.pending and not lost:
        taken_in(session, layer)
        return
    creates = {str(one["resource"]["urn"]): one["resource"] for one in state.pending if one.get("type") == CREATING}
    creates = {**creates, **lost}
    begun = {
        urn: str(resource.get("id") or "") or existing(session, state, resource) for urn, resource in creates.items()
    }
    open_ = [one for one in unfinished(session.deployment, session.backend) if one.layer == layer]
    there = {one.operation.urn for one in open_}
    open_ += [_unfinished(layer, resource) for urn, resource in lost.items() if urn not in there and in_cloud(urn)]
    asking = [one for one in open_ if begun.get(one.operation.urn, "") is None]
    if asking:
        raise EngineError("\n".join(_said(one) for one in asking))
    others = [one.operation.urn for one in open_ if one.operation.urn not in creates]
    taken = {urn: id_ for urn, id_ in begun.items() if id_}
    _import(session, layer, state, {urn: (creates[urn], id_) for urn, id_ in taken.items()})
    _refresh(session, layer, [*(urn for urn in taken if in_cloud(urn)), *others])
    taken_in(session, layer)
    for one in open_:
        end = "is looked up in the cloud" if one.operation.urn in (*taken, *others) else "was not created"
        text = f"an earlier command ended while {one.operation.operation} `{one.operation.name}`: it {end}"
        listen(Message(layer.label, "warning", text, one.operation.urn))


def recover(
    session: Session,
    layer: Layer,
    failed: Mapping[str, StepEventStateMetadata],
    heard: Iterable[Message],
    listen: Listener,
) -> None:
    """After a run: what was created by a provider that died before it could say so is taken into the state.

    Pulumi counts such a creation as failed and forgets it. ``failed`` are all that failed, ``heard`` is what was said of them. Raises
    EngineError for what only a person can tell, and where the engine refuses.
    """
    lost = {message.urn for message in heard if message.urn in failed and LOST.search(message.text)}
    state = session.state(layer) if lost and session.backend.readable else None
    if state is None:
        return
    asked = {urn: resource_of(one) for urn, one in failed.items() if urn in lost}
    found = {urn: existing(session, state, resource) for urn, resource in asked.items()}
    taken = {urn: id_ for urn, id_ in found.items() if id_}
    if taken:
        _import(session, layer, state, {urn: (asked[urn], id_) for urn, id_ in taken.items()})
        _refresh(session, layer, [*taken])
    for urn in taken:
        text = f"the provider ended while creating `{name_of(urn)}`: it is looked up in the cloud"
        listen(Message(layer.label, "warning", text, urn))
    if asking := [asked[urn] for urn, id_ in found.items() if id_ is None]:
        raise EngineError("\n".join(_said(_unfinished(layer, resource)) for resource in asking))


def _lost(resource: Mapping[str, Any], known: Collection[tuple[str, str]]) -> bool:
    """Whether a state lacks what was noted. Any provider will do: it is in no cloud."""
    urn, id_ = str(resource["urn"]), str(resource["id"])
    return (urn, id_) not in known and (in_cloud(urn) or urn not in {one for one, _ in known})


def _unfinished(layer: Layer, resource: Mapping[str, Any]) -> Unfinished:
    parent = str(resource.get("parent", ""))
    component = name_of(parent) if "mlinfra:components:" in parent else None
    return Unfinished(layer=layer, operation=Pending(CREATING, str(resource["urn"])), component=component)


def unlocked(session: Session, layer: Layer, listen: Listener) -> None:
    """Take away the locks of processes of this machine that are gone."""
    project, stack = project_name(session.deployment.blueprint, layer), session.deployment.environment
    for lock in session.backend.locks(project, stack):
        if session.backend.url.startswith("file://") and lock.dead:
            session.backend.unlock(lock)
            text = f"the lock of process {lock.pid}, which is gone, was taken away"
            listen(Message(layer.label, "warning", text))


def existing(session: Session, state: StackState, resource: Mapping[str, Any]) -> str | None:
    """The id of something that was being created: empty where it does not exist, None where nobody can tell.

    An id that follows from the inputs may be of something that does not exist: reading it tells.
    """
    type_, inputs = str(resource["type"]), resource.get("inputs") or {}
    if session.options.sandbox:
        known = {str(item.get("id")) for item in state.resources}
        there = Cloud(session.sandbox / "cloud.db").resources()
        return next((one.id for one in there if one.urn == resource["urn"] and one.id not in known), "")
    form = _ids().get(type_)
    if type_.startswith("kubernetes:") and not type_.endswith(":Release"):
        form = "{namespace}/{name}"
        metadata = inputs.get("metadata") or {}
        inputs = {"namespace": metadata.get("namespace", "default"), "name": metadata.get("name")}
    if form is None:
        return None
    values = {**inputs, "account": session.deployment.account}
    try:
        found = form.format_map(values)
    except KeyError:
        return None
    return found if all(isinstance(value, str) for key, value in values.items() if f"{{{key}}}" in form) else None


def _whole(session: Session, layer: Layer) -> None:
    """Remove notes beside the files of a state that are not whole: a CLI that was killed leaves them, or a full disk, and each later one fails.

    The notes hold a checksum that nobody reads; without them the files are as good.
    """
    if not session.backend.url.startswith("file://"):
        return
    root = Path(session.backend.url.removeprefix("file://")) / ROOT
    project, stack = project_name(session.deployment.blueprint, layer), session.deployment.environment
    for folder in (f"stacks/{project}", f"history/{project}/{stack}", f"backups/{project}/{stack}"):
        for note in (root / folder).glob(f"{stack}*.attrs"):
            try:
                json.loads(note.read_bytes())
            except FileNotFoundError:
                continue
            except ValueError:
                note.unlink(missing_ok=True)


def _said(one: Unfinished) -> str:
    return f"an earlier command ended while creating `{one.operation.name}` ({one.operation.type}): {one.advice}"


def _import(
    session: Session, layer: Layer, state: StackState, taken: Mapping[str, tuple[Mapping[str, Any], str]]
) -> None:
    """Write the state without what was unfinished, and with what was created all the same."""
    project, stack = project_name(session.deployment.blueprint, layer), session.deployment.environment
    document = copy.deepcopy(dict(stack_document(state)))
    resources = document["deployment"].get("resources") or []
    document["deployment"]["resources"] = list(_with(resources, taken))
    document["deployment"].pop("pending_operations", None)
    with tempfile.TemporaryDirectory(prefix="mlinfra-") as folder:
        file = Path(folder) / "state.json"
        write_copy(file, document)
        session.run("stack", "import", "--stack", f"{ORGANIZATION}/{project}/{stack}", "--file", str(file))


def _with(
    resources: Iterable[Mapping[str, Any]], taken: Mapping[str, tuple[Mapping[str, Any], str]]
) -> Iterator[Mapping[str, Any]]:
    """The resources of a state with new ones, as the engine keeps a replacement: what is replaced waits for its deletion."""
    kept = tuple(resources)
    for item in kept:
        if str(item["urn"]) not in taken or item.get("delete"):
            yield item
        elif not item.get("pendingReplacement"):  # what waits for its replacement is gone from the cloud already
            yield {**item, "delete": True}
    there = {str(item["urn"]): str(item.get("id", "")) for item in kept}
    for resource, id_ in taken.values():
        yield {**_fitting(resource, there), "id": id_, "outputs": resource.get("outputs") or {}}


def _fitting(resource: Mapping[str, Any], there: Mapping[str, str]) -> Mapping[str, Any]:
    """A resource that refers to nothing that a state does not have: the provider may be another one by now, the parent not be there yet."""
    fitted = {key: value for key, value in resource.items() if key != "parent" or value in there}
    urn, _, id_ = str(resource.get("provider") or "").rpartition("::")
    return {**fitted, "provider": f"{urn}::{there[urn]}"} if there.get(urn, id_) != id_ else fitted


def _refresh(session: Session, layer: Layer, urns: list[str]) -> None:
    if not urns:
        return
    stack = session.open(layer, session.program(layer), session.state(layer))
    try:
        stack.refresh(target=urns, run_program=False, show_secrets=False, suppress_outputs=True)
    except CommandError as error:
        raise EngineError(session.scrub(str(error))) from None


@cache
def _ids() -> Mapping[str, str]:
    """How the provider makes the id of a resource out of its inputs, by type."""
    text = files("mlinfra.engine").joinpath("data/ids.csv").read_text("utf-8")
    return {row["type"]: row["id"] for row in csv.DictReader(text.splitlines())}
