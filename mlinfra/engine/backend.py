"""A state backend as Pulumi keeps it: stacks, locks and history, read without the Pulumi CLI where that is possible.

Facts: the layout of the Pulumi CLI's self-managed backends, 3.2xx: ``.pulumi/stacks/<project>/<stack>.json`` (``.gz``), locks below
``.pulumi/locks/organization/``, history below ``.pulumi/history/``.
"""

from __future__ import annotations

import datetime
import getpass
import gzip
import json
import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlinfra.engine.places import default_backend, sandbox_folder
from mlinfra.engine.stores import Store, store_of
from mlinfra.errors import EngineError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment

VERSION = 3
"""The latest version of a state's form that is known here."""
ROOT = ".pulumi"
ORGANIZATION = "organization"
HISTORY = (".history.json", ".history.json.gz")


@dataclass(frozen=True)
class Lock:
    """Somebody works on a stack."""

    key: str
    user: str
    host: str
    pid: int
    since: datetime.datetime | None

    @property
    def holder(self) -> str:
        """``alice@ci (process 42)``; without the process of a lock that somebody set by hand."""
        return f"{self.user}@{self.host}" + (f" (process {self.pid})" if self.pid else ", by hand")

    @property
    def dead(self) -> bool:
        """Whether the process that holds it is gone. One of another machine is never known to be."""
        if self.host != socket.gethostname() or self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        try:
            # The number may be another program's by now; a zombie has no command line.
            return b"pulumi" not in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False


@dataclass(frozen=True)
class Update:
    """One operation on a stack that was: its number, what it did and how it ended."""

    number: int
    kind: str
    result: str
    began: datetime.datetime | None
    ended: datetime.datetime | None
    changes: Mapping[str, int]
    message: str
    environment: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    """The stack's configuration at that time: by key ``value`` and ``secret``, as stored."""


@dataclass(frozen=True)
class StackState:
    """The last known state of one stack, as stored: secrets are still encrypted."""

    project: str
    stack: str
    document: Mapping[str, Any]
    modified: datetime.datetime | None = None

    @property
    def deployment(self) -> Mapping[str, Any]:
        """What the CLI calls the deployment; empty for a stack that was only created."""
        checkpoint = self.document.get("checkpoint")
        found = checkpoint.get("latest") if isinstance(checkpoint, Mapping) else self.document.get("deployment")
        return found if isinstance(found, Mapping) else {}

    @property
    def resources(self) -> tuple[Mapping[str, Any], ...]:
        """All resources, those that wait for their deletion included."""
        return tuple(self.deployment.get("resources") or ())

    @property
    def pending(self) -> tuple[Mapping[str, Any], ...]:
        """Operations that were begun and of which nobody knows how they ended."""
        return tuple(self.deployment.get("pending_operations") or ())

    @property
    def secrets_provider(self) -> Mapping[str, Any] | None:
        """What encrypts the secrets: ``type`` and ``state``; None for a stack without any."""
        found = self.deployment.get("secrets_providers")
        return found if isinstance(found, Mapping) else None

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack exports, secrets still encrypted."""
        for resource in self.resources:
            if resource.get("type") == "pulumi:pulumi:Stack":
                found = resource.get("outputs")
                return found if isinstance(found, Mapping) else {}
        return {}


@dataclass(frozen=True)
class Backend:
    """The place of all stacks. ``url`` is what Pulumi calls the backend URL."""

    url: str

    @cached_property
    def store(self) -> Store:
        """Its files. Raises EngineError for a backend whose files only the Pulumi CLI reads."""
        found = store_of(self.url)
        if found is None:
            raise EngineError(
                f"the state at `{self.url}` is only read through the Pulumi CLI",
                hint="`pulumi stack export` writes it to a file",
            )
        return found

    @property
    def readable(self) -> bool:
        """Whether states can be read without the Pulumi CLI."""
        return store_of(self.url) is not None

    def state(self, project: str, stack: str) -> StackState | None:
        """The state of a stack, None where there is no such stack. Raises EngineError for one that is damaged or was lost.

        A backend whose files only the Pulumi CLI reads is asked through it.
        """
        if not self.readable:
            from mlinfra.engine.exported import exported

            return exported(self.url, project, stack)
        base = f"{ROOT}/stacks/{project}/{stack}.json"
        written = {key: when for key in (base, f"{base}.gz") if (when := self.store.modified(key)) is not None}
        if not written:
            if any(key.endswith(HISTORY) for key in self.store.keys(f"{ROOT}/history/{project}/{stack}/")):
                # Pulumi removes the history with the stack: this file was lost.
                raise EngineError(
                    f"the state of `{project}/{stack}` is gone: there was a `{base}`, says its history",
                    hint="`mlinfra state repair` puts the last copy back",
                )
            return None
        key = max(written, key=lambda one: written[one])
        content = self.store.read(key)
        if content is None:
            return None
        try:
            document = json.loads(gzip.decompress(content) if key.endswith(".gz") else content)
        except (ValueError, OSError, EOFError):
            raise EngineError(
                f"the state of `{project}/{stack}` is damaged: `{key}` is not JSON",
                hint=f"the one before it is `{base}.bak`; `mlinfra state repair` puts it back",
            ) from None
        if not isinstance(document, dict):
            raise EngineError(f"the state of `{project}/{stack}` is damaged: `{key}` is not a mapping")
        version = document.get("version")
        if isinstance(version, int) and version > VERSION:
            raise EngineError(
                f"the state of `{project}/{stack}` has version {version}, and this mlinfra reads up to {VERSION}",
                hint="a newer Pulumi CLI wrote it: use a newer mlinfra, too",
            )
        return StackState(project, stack, document, written[key])

    def stacks(self) -> tuple[tuple[str, str], ...]:
        """Project and name of every stack."""
        found = set()
        for key in self.store.keys(f"{ROOT}/stacks/"):
            project, _, file = key.removeprefix(f"{ROOT}/stacks/").rpartition("/")
            if project and (file.endswith((".json", ".json.gz"))):
                found.add((project, file.removesuffix(".gz").removesuffix(".json")))
        return tuple(sorted(found))

    def locks(self, project: str, stack: str) -> tuple[Lock, ...]:
        """Who works on a stack, oldest first."""
        found = []
        for key in self.store.keys(f"{ROOT}/locks/{ORGANIZATION}/{project}/{stack}/"):
            if not key.endswith(".json"):
                continue
            held = _mapping(self.store.read(key))
            found.append(
                Lock(
                    key,
                    str(held.get("username", "somebody")),
                    str(held.get("hostname", "some machine")),
                    int(held.get("pid", 0)),
                    _time(held.get("timestamp")),
                )
            )
        return tuple(sorted(found, key=lambda lock: str(lock.since)))

    def lock(self, project: str, stack: str) -> None:
        """Lock a stack by hand, as the CLI does while it works: nothing can change it until the lock is taken away. Raises EngineError."""
        now = datetime.datetime.now(datetime.UTC).isoformat()
        held = {"pid": 0, "username": getpass.getuser(), "hostname": socket.gethostname(), "timestamp": now}
        self.store.write(
            f"{ROOT}/locks/{ORGANIZATION}/{project}/{stack}/{uuid.uuid4()}.json", json.dumps(held).encode()
        )

    def unlock(self, lock: Lock) -> None:
        """Take somebody's lock away; only for one that is known to be dead."""
        self.store.remove(lock.key)

    def history(self, project: str, stack: str) -> tuple[Update, ...]:
        """The operations on a stack, newest first."""
        keys = [key for key in self.store.keys(f"{ROOT}/history/{project}/{stack}/") if key.endswith(HISTORY)]
        updates = [_update(number, _mapping(self.store.read(key))) for number, key in enumerate(sorted(keys), start=1)]
        return tuple(reversed(updates))


def backend_of(deployment: Deployment, environ: Mapping[str, str], *, sandbox: bool = False) -> Backend:
    """Where the state of a deployment is: what its environment says, else what Pulumi's own variable says, else the user's data folder.

    The simulated cloud has a state of its own, beside it.
    """
    if sandbox:
        return Backend(f"file://{sandbox_folder(environ) / 'state'}")
    return Backend(deployment.state or environ.get("PULUMI_BACKEND_URL") or default_backend(environ))


def _update(number: int, held: Mapping[str, Any]) -> Update:
    changes = held.get("resourceChanges")
    environment, config = held.get("environment"), held.get("config")
    return Update(
        number=number,
        kind=str(held.get("kind", "")),
        result=str(held.get("result", "")),
        began=_moment(held.get("startTime")),
        ended=_moment(held.get("endTime")),
        changes={str(key): int(value) for key, value in changes.items()} if isinstance(changes, Mapping) else {},
        message=str(held.get("message", "")),
        environment={str(k): str(v) for k, v in environment.items()} if isinstance(environment, Mapping) else {},
        config=config if isinstance(config, Mapping) else {},
    )


def _mapping(content: bytes | None) -> Mapping[str, Any]:
    """A small file of the backend; one that is gone or damaged says nothing."""
    try:
        if content is not None and content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        found = json.loads(content or b"{}")
    except (ValueError, OSError, EOFError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(value: object) -> datetime.datetime | None:
    return datetime.datetime.fromtimestamp(value, datetime.UTC) if isinstance(value, int | float) else None


def _time(value: object) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
