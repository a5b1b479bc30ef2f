"""The Pulumi CLI that is used: which one, which version, and what to do where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlinfra.engine.places import engine_folder
from mlinfra.errors import EngineError

MINIMUM = (3, 240, 0)
"""The oldest CLI that is used: with `--exclude` for updates and the events that this package reads."""


@dataclass(frozen=True)
class Installed:
    """A Pulumi CLI on this machine."""

    path: str
    version: str

    @property
    def supported(self) -> bool:
        """Whether it is new enough."""
        return _numbers(self.version) >= MINIMUM


def find_cli(environ: Mapping[str, str] | None = None) -> Installed:
    """The CLI to use: on PATH, else the newest that ``mlinfra engine install`` put into the cache.

    Raises EngineError where there is none, or it is too old.
    """
    given = os.environ if environ is None else environ
    found = next((cli for cli in candidates(given)), None)
    if found is None:
        raise EngineError("there is no Pulumi CLI on this machine", hint="`mlinfra engine install` installs one")
    if not found.supported:
        least = ".".join(map(str, MINIMUM))
        raise EngineError(
            f"the Pulumi CLI `{found.path}` is version {found.version}, and at least {least} is needed",
            hint="`mlinfra engine install` installs a current one",
        )
    return found


def candidates(environ: Mapping[str, str]) -> tuple[Installed, ...]:
    """All that there are, the one to use first."""
    paths = [shutil.which("pulumi", path=environ.get("PATH", os.defpath))]
    try:
        own = sorted(engine_folder(environ).glob("*/bin/pulumi"), key=lambda path: _numbers(path.parent.parent.name))
    except EngineError:
        own = []
    paths += [str(path) for path in reversed(own)]
    found = [Installed(path, version) for path in paths if path and (version := _version(path))]
    return tuple(found)


@cache
def _version(path: str) -> str | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the program was found as `pulumi`
            [path, "version"], capture_output=True, text=True, timeout=60, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"v?(\d+\.\d+\.\d+\S*)", done.stdout)
    return found[1] if found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def on_path(folder: Path, environ: Mapping[str, str]) -> str:
    """PATH with a folder in front."""
    return os.pathsep.join([str(folder), environ.get("PATH", os.defpath)])
