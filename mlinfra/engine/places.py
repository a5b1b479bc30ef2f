"""Where things are on this machine: the default state, the engine, the logs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mlinfra.errors import EngineError


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The user's data folder of mlinfra: ``XDG_DATA_HOME``, else ``~/.local/share``. Raises EngineError where there is no home."""
    given = os.environ if environ is None else environ
    base = given.get("XDG_DATA_HOME") or (f"{home}/.local/share" if (home := given.get("HOME")) else None)
    if base is None:
        raise EngineError(
            "there is no home folder for the state", hint="set `HOME`, `XDG_DATA_HOME`, or `state:` in the environment"
        )
    return Path(base) / "mlinfra"


def made(folder: Path) -> Path:
    """The folder, made for its owner alone where it is not there. Raises EngineError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise unwritable(folder, error) from None
    return folder


def unwritable(path: Path, error: OSError) -> EngineError:
    """That a file or folder of ours cannot be written, in the words of all messages."""
    reason = (error.strerror or "unknown reason").lower()
    hint = "set `XDG_DATA_HOME` to a folder that can be written, or `state:` in the environment; `mlinfra doctor` shows which are used"
    return EngineError(f"`{path}` cannot be written: {reason}", hint=hint)


def default_backend(environ: Mapping[str, str] | None = None) -> str:
    """The state backend of an environment that names none."""
    return f"file://{data_folder(environ) / 'state'}"


def sandbox_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the simulated cloud is kept, with the state of what was applied to it."""
    given = os.environ if environ is None else environ
    named = given.get("MLINFRA_SANDBOX")
    return Path(named) if named else data_folder(environ) / "sandbox"


def engine_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where ``mlinfra engine install`` puts the Pulumi CLI: ``XDG_CACHE_HOME``, else ``~/.cache``."""
    given = os.environ if environ is None else environ
    base = given.get("XDG_CACHE_HOME") or (f"{home}/.cache" if (home := given.get("HOME")) else None)
    if base is None:
        raise EngineError("there is no home folder for the engine", hint="set `HOME` or `XDG_CACHE_HOME`")
    return Path(base) / "mlinfra" / "engine"
