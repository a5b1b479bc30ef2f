"""Pulumi's official releases: which files the installed SDKs need on this machine, and where they are published.

Sources, read 2026-11-21: the release workflow of a provider (pulumi/pulumi-aws, .github/workflows/publish.yml), whose checksum file comes
from ``shasum`` without options and so holds SHA-1 only; public scripts that download the CLI, for its two addresses. That GitHub describes
each file of a release with its SHA-256 is recalled. None of these addresses could be
reached from where this was written: the first real download is still to be made.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mlinfra.engine.places import engine_folder
from mlinfra.errors import EngineError

PROVIDERS = ("aws", "kubernetes")
"""The providers whose resources kinds create."""
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
EXCEPTIONAL = {"amd64": "x64"}
"""The CLI's releases have another word for the same machine."""


@dataclass(frozen=True, slots=True)
class Release:
    """One archive of a release. ``into`` is the folder that it becomes, ``room`` one of the same disk where it is unpacked before.

    ``inner`` is the folder inside of the archive whose files count, empty for all; ``under`` the folder of ``into`` that they go to.
    ``from_go`` says whether ``mlinfra engine install --from-go`` gets it, too.
    """

    title: str
    version: str
    archive: str
    url: str
    sums: str
    sums_url: str
    into: Path
    room: Path
    inner: str = ""
    under: str = ""
    from_go: bool = False


def cli_release(environ: Mapping[str, str] | None = None) -> Release:
    """The CLI of the installed SDK's version. Raises EngineError where there is none for this machine."""
    number = version("pulumi")
    system, machine = _machine()
    archive = f"pulumi-v{number}-{system}-{EXCEPTIONAL.get(machine, machine)}.tar.gz"
    folder = engine_folder(environ)
    sums = f"pulumi-{number}-checksums.txt"
    base = "https://get.pulumi.com/releases/sdk"
    return Release(
        title=f"Pulumi CLI {number}",
        version=number,
        archive=archive,
        url=f"{base}/{archive}",
        sums=sums,
        sums_url=f"{base}/{sums}",
        into=folder / number,
        room=downloads(environ),
        inner="pulumi",
        under="bin",
        from_go=True,
    )


def plugin_release(name: str, environ: Mapping[str, str] | None = None) -> Release:
    """The plugin of a provider, of the version of its installed SDK."""
    number = version(f"pulumi-{name}")
    system, machine = _machine()
    archive = f"pulumi-resource-{name}-v{number}-{system}-{machine}.tar.gz"
    folder = plugins_folder(environ)
    return Release(
        title=f"plugin {name} {number}",
        version=number,
        archive=archive,
        url=f"https://github.com/pulumi/pulumi-{name}/releases/download/v{number}/{archive}",
        sums=f"pulumi-{name}-v{number}.json",
        sums_url=f"https://api.github.com/repos/pulumi/pulumi-{name}/releases/tags/v{number}",
        into=folder / f"resource-{name}-v{number}",
        room=folder,
    )


def downloads(environ: Mapping[str, str] | None = None) -> Path:
    """Where archives are until they are unpacked. Files that somebody put there by hand are used as if they were downloaded."""
    return engine_folder(environ) / "downloads"


def plugins_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the CLI looks for plugins: ``plugins`` in ``PULUMI_HOME``, else in ``~/.pulumi``. Raises EngineError where there is no home."""
    given = os.environ if environ is None else environ
    base = given.get("PULUMI_HOME") or (f"{home}/.pulumi" if (home := given.get("HOME")) else None)
    if base is None:
        raise EngineError("there is no home folder for Pulumi's plugins", hint="set `HOME` or `PULUMI_HOME`")
    return Path(base) / "plugins"


def _machine() -> tuple[str, str]:
    system, machine = platform.system(), platform.machine()
    if system not in SYSTEMS or machine.lower() not in MACHINES:
        raise EngineError(
            f"Pulumi releases nothing for `{system}` on `{machine}` that mlinfra could install",
            hint="`mlinfra engine install --from-go` builds the CLI where Go is installed",
        )
    return SYSTEMS[system], MACHINES[machine.lower()]
