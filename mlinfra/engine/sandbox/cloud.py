"""What exists in the simulated cloud: resources, the operations that made them so, and the faults that wait for the next ones.

One SQLite file, so that several provider processes (one per package and command) see the same cloud, and a process that is killed loses nothing
that it answered.
"""

from __future__ import annotations

import fnmatch
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from mlinfra.engine.places import made
from mlinfra.graph.urns import name_of

Operation = Literal["create", "read", "update", "delete"]
FaultKind = Literal["fail", "delay", "die"]

TABLES = """
create table if not exists resources(
  type text, id text, urn text, identity text, inputs text, outputs text, primary key(type, id));
create unique index if not exists identities on resources(type, identity) where identity is not null;
create table if not exists operations(
  number integer primary key, at real, operation text, type text, id text, urn text, result text);
create table if not exists faults(
  number integer primary key, kind text, resource text, operation text, argument text, remaining integer);
"""


@dataclass(frozen=True, slots=True)
class Held:
    """One resource of the cloud. ``identity`` is the name that nothing else of the type may have, None where there is none."""

    type: str
    id: str
    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the next ``remaining`` matching operations.

    ``resource`` is a pattern of ``type::name`` (``aws:s3/bucket:Bucket::lake*``, ``*::lake-raw``). ``fail`` answers with ``argument``, in the
    provider's own wording; ``delay`` waits that many seconds; ``die`` ends the provider's process: ``before`` the work or ``after`` it, when
    the answer is lost.
    """

    kind: FaultKind
    resource: str
    operation: Operation
    argument: str
    remaining: int = 1


class Cloud:
    """The cloud in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self._file

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        made(self._file.parent)
        connection = sqlite3.connect(self._file, timeout=60, isolation_level=None)
        try:
            # A killed process loses nothing that the operating system has; a simulated cloud need not outlive a power cut.
            connection.execute("pragma synchronous=off")
            connection.executescript(TABLES)
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        finally:
            connection.close()

    def resources(self) -> tuple[Held, ...]:
        """Everything that exists, in the order of its creation."""
        with self._open() as db:
            rows = db.execute(
                "select type, id, urn, inputs, outputs, identity from resources order by rowid"
            ).fetchall()
        return tuple(_held(row) for row in rows)

    def find(self, type_: str, id_: str) -> Held | None:
        """One resource, None where there is none."""
        with self._open() as db:
            row = db.execute(
                "select type, id, urn, inputs, outputs, identity from resources where type=? and id=?", (type_, id_)
            ).fetchone()
        return _held(row) if row else None

    def named(self, type_: str, identity: str) -> Held | None:
        """The resource of a type that has a name, None where it is free."""
        with self._open() as db:
            row = db.execute(
                "select type, id, urn, inputs, outputs, identity from resources where type=? and identity=?",
                (type_, identity),
            ).fetchone()
        return _held(row) if row else None

    def put(self, held: Held, operation: Operation) -> None:
        """Store a resource as it is now."""
        with self._open() as db:
            db.execute(
                "insert or replace into resources(type, id, urn, identity, inputs, outputs) values(?,?,?,?,?,?)",
                (held.type, held.id, held.urn, held.identity, _text(held.inputs), _text(held.outputs)),
            )
            _log(db, operation, held.type, held.id, held.urn)

    def remove(self, type_: str, id_: str, urn: str) -> bool:
        """Delete a resource; False where there is none any more."""
        with self._open() as db:
            gone = db.execute("delete from resources where type=? and id=?", (type_, id_)).rowcount
            _log(db, "delete", type_, id_, urn, "done" if gone else "was gone")
        return bool(gone)

    def change(self, name: str, values: Mapping[str, Any]) -> Held | None:
        """Drift: change what somebody else could have changed. ``name`` is ``type::name`` or a logical name; None where nothing has it."""
        held = self._called(name)
        if held is None:
            return None
        changed = replace(held, inputs={**held.inputs, **values}, outputs={**held.outputs, **values})
        with self._open() as db:
            db.execute(
                "update resources set inputs=?, outputs=? where type=? and id=?",
                (_text(changed.inputs), _text(changed.outputs), held.type, held.id),
            )
        return changed

    def lose(self, name: str) -> Held | None:
        """Drift: remove a resource behind the engine's back; None where nothing has that name."""
        held = self._called(name)
        if held is not None:
            with self._open() as db:
                db.execute("delete from resources where type=? and id=?", (held.type, held.id))
        return held

    def _called(self, name: str) -> Held | None:
        """The first resource of that ``type::name``, or of that logical name."""
        pattern = name if "::" in name else f"*::{name}"
        return next((one for one in self.resources() if fnmatch.fnmatchcase(_label(one.type, one.urn), pattern)), None)

    def inject(self, fault: Fault) -> None:
        """Let an operation go wrong."""
        with self._open() as db:
            db.execute(
                "insert into faults(kind, resource, operation, argument, remaining) values(?,?,?,?,?)",
                (fault.kind, fault.resource, fault.operation, fault.argument, fault.remaining),
            )

    def heal(self) -> int:
        """Forget all faults; how many there were."""
        with self._open() as db:
            return db.execute("delete from faults").rowcount

    def faults(self) -> tuple[Fault, ...]:
        """The faults that still wait."""
        with self._open() as db:
            rows = db.execute(
                "select kind, resource, operation, argument, remaining from faults where remaining > 0 order by number"
            ).fetchall()
        return tuple(Fault(*row) for row in rows)

    def strike(self, operation: Operation, type_: str, urn: str) -> tuple[Fault, ...]:
        """The faults that hit an operation; each is used up by one."""
        name = _label(type_, urn)
        with self._open() as db:
            rows = db.execute(
                "select number, kind, resource, operation, argument, remaining from faults"
                " where remaining > 0 and operation=? order by number",
                (operation,),
            ).fetchall()
            hit = [row for row in rows if fnmatch.fnmatchcase(name, row[2])]
            db.executemany("update faults set remaining = remaining - 1 where number=?", [(row[0],) for row in hit])
        return tuple(Fault(*row[1:]) for row in hit)

    def log(self) -> tuple[tuple[str, str, str], ...]:
        """Every change so far in order: operation, URN, result."""
        with self._open() as db:
            return tuple(db.execute("select operation, urn, result from operations order by number").fetchall())


def _label(type_: str, urn: str) -> str:
    """What the patterns of faults and drift are held against."""
    return f"{type_}::{name_of(urn)}"


def _log(db: sqlite3.Connection, operation: str, type_: str, id_: str, urn: str, result: str = "done") -> None:
    db.execute(
        "insert into operations(at, operation, type, id, urn, result) values(?,?,?,?,?,?)",
        (time.time(), operation, type_, id_, urn, result),
    )


def _held(row: tuple[str, str, str, str, str, str | None]) -> Held:
    type_, id_, urn, inputs, outputs, identity = row
    return Held(type_, id_, urn, json.loads(inputs), json.loads(outputs), identity)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
