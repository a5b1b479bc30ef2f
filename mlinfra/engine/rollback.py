"""Back to an earlier deployment: the blueprint that was kept with one of its updates, loaded as it was."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mlinfra.blueprint import Deployment, load_text
from mlinfra.blueprint.documents import FOLDER
from mlinfra.engine.history import Operation
from mlinfra.engine.record import Record, digest_of
from mlinfra.errors import UsageError


@dataclass(frozen=True)
class Target:
    """An operation that can be gone back to, and what it was made from."""

    operation: Operation
    record: Record


def target(done: Sequence[Operation], number: int | None = None) -> Target:
    """The operation to go back to: ``number``, else the youngest that succeeded with another blueprint than what was applied last.

    ``done`` is newest first. Raises UsageError where there is none, or it keeps no blueprint; EngineError for a damaged one.
    """
    if number is not None:
        wanted = next((one for one in done if one.number == number), None)
        if wanted is None:
            raise UsageError(f"there is no operation {number}", hint="`mlinfra history` lists them")
        record = _record(wanted)
        if record is None:
            raise UsageError(
                f"operation {number}, `{wanted.name}`, keeps no blueprint", hint="`mlinfra history` lists the others"
            )
        return Target(wanted, record)
    kept = [(one, record) for one in done if (record := _record(one)) is not None]
    if not kept:
        raise UsageError("no earlier blueprint is kept", hint="each `mlinfra apply` keeps one from now on")
    present = kept[0][1]
    for one, record in kept[1:]:
        if one.result == "succeeded" and record != present:
            return Target(one, record)
    raise UsageError(
        "nothing else was applied before", hint="`mlinfra history` lists what was; `mlinfra rollback NUMBER` takes any"
    )


def lacking(record: Record) -> tuple[str, ...]:
    """The files that components read, that are not kept, and that are no longer what they were."""
    return tuple(name for name, digest in sorted(record.digests.items()) if digest_of(Path(name)) != digest)


@contextlib.contextmanager
def loaded(record: Record, present: Deployment) -> Iterator[Deployment]:
    """The deployment of a record; the files that its components read are there as they were while this is open.

    State and encryption are those of the ``present`` deployment: they are not part of what is gone back to. Raises UsageError where a file is
    lacking, BlueprintError where this version no longer accepts the blueprint.
    """
    if missing := lacking(record):
        raise UsageError(
            f"the deployment read {', '.join(f'`{name}`' for name in missing)}, which changed since and was not kept",
            hint="put back what it was, and try again",
        )
    with _as_they_were(record):
        earlier = load_text(
            record.text,
            environment=record.environment,
            sets=record.sets,
            environ=record.variables,
            environment_files={f"{FOLDER}/{name}": text for name, text in record.environment_files.items()},
        )
        if (earlier.blueprint, earlier.environment) != (present.blueprint, present.environment):
            raise UsageError(f"that was `{earlier.blueprint}`, and this is `{present.blueprint}`")
        yield dataclasses.replace(earlier, state=present.state, secrets=present.secrets)


@contextlib.contextmanager
def _as_they_were(record: Record) -> Iterator[None]:
    """Work in a folder with the files that were kept; where there are none, stay where we are."""
    if not record.files:
        yield
        return
    here = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="mlinfra-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        for path, text in record.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        for path in record.digests:
            if not Path(path).is_absolute():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(here / path, folder / path)
        stack.enter_context(contextlib.chdir(folder))
        sys.path.insert(0, name)
        stack.callback(sys.path.remove, name)
        # What was imported already is the code of today.
        today = {name: module for name, module in sys.modules.items() if _is_kept(module, here, record)}
        for module in today:
            del sys.modules[module]
        importlib.invalidate_caches()
        stack.callback(sys.modules.update, today)
        yield


def _is_kept(module: ModuleType, here: Path, record: Record) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and any(Path(file).resolve() == here / path for path in record.files)


def _record(one: Operation) -> Record | None:
    found = [Record.read(update.config) for _, update in one.updates if update.kind == "update"]
    return next((record for record in found if record is not None), None)
