"""What mlinfra needs of a machine, looked at without credentials, without change, and without a network unless the state is in a bucket."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mlinfra.engine.install import Part

PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked for. ``missing`` stops offline work; ``absent`` only what its hint names."""

    name: str
    status: Literal["ok", "missing", "absent"]
    found: str
    hint: str | None = None


def checks(environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Everything that is looked for, in order."""
    yield python(sys.version_info[:2])
    yield from packages()
    yield from engine(environ)
    yield state(environ)
    yield program(
        "AWS CLI", "aws", "clusters need it for their tokens when they are deployed: https://aws.amazon.com/cli"
    )
    yield program("git", "git", "`plan --against git:…` needs it")
    yield cache(environ)


def python(found: tuple[int, int]) -> Check:
    """The interpreter."""
    enough = found >= PYTHON
    hint = None if enough else f"Python {'.'.join(map(str, PYTHON))} or newer is needed"
    return Check("Python", "ok" if enough else "missing", platform.python_version(), hint)


def packages() -> Iterator[Check]:
    """What the package depends on, with the range that it was tested with."""
    try:
        wanted = [line for line in requires("pulumi-mlinfra") or [] if "extra ==" not in line]
    except PackageNotFoundError:
        yield Check("pulumi-mlinfra", "missing", "not installed", "`make demo` installs it in a checkout")
        return
    for line in wanted:
        name = re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0]
        limits = line[len(name) :].partition(";")[0].strip()
        try:
            yield package(name, version(name), limits)
        except PackageNotFoundError:
            yield Check(name, "missing", "not installed", f"`pip install '{line}'`")


def package(name: str, found: str, limits: str) -> Check:
    """One package. ``limits`` are ``>=`` and ``<``, the only ones in our requirements."""
    fits = all(_fits(found, limit.strip()) for limit in limits.split(",") if limit.strip())
    return Check(name, "ok" if fits else "missing", found, None if fits else f"`pip install '{name}{limits}'`")


def engine(environ: Mapping[str, str]) -> Iterator[Check]:
    """The CLI that would be used, and the plugins of the SDKs that are installed. Deploying needs them, planning does not."""
    from mlinfra.engine.install import status

    try:
        cli, *plugins = status(environ)
    except PackageNotFoundError:  # an SDK is missing, which is said already
        return
    without = "planning works without, deploying does not"
    yield _part("Pulumi CLI", cli, without)
    for plugin in plugins:
        yield _part(f"{plugin.name} plugin", plugin, "only the simulated cloud works without")


def _part(name: str, part: Part, without: str) -> Check:
    if part.fits:
        return Check(name, "ok", f"{part.found} ({part.path})" if part.found else str(part.path))
    found = f"{part.found} ({part.path}) is too old" if part.found else f"not installed; SDK {part.needed}"
    return Check(name, "absent", found, f"`mlinfra engine install` gets it; {without}")


def state(environ: Mapping[str, str]) -> Check:
    """Where the states of environments are that name no place: whether it, or the nearest folder above that exists, can be written."""
    from mlinfra.engine.places import default_backend
    from mlinfra.engine.stores import FolderStore, store_of
    from mlinfra.errors import EngineError

    try:
        url = environ.get("PULUMI_BACKEND_URL") or default_backend(environ)
    except EngineError as error:
        return Check("state", "absent", error.message, error.hint)
    store = store_of(url)
    if not isinstance(store, FolderStore):
        return Check("state", "ok", f"{url} (not asked)")
    if os.access(nearest(store.folder), os.W_OK):
        return Check("state", "ok", str(store.folder))
    return Check(
        "state",
        "absent",
        f"{store.folder} cannot be written",
        "nothing can be deployed; set `state:` in the environment",
    )


def nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def program(name: str, command: str, hint: str) -> Check:
    """A program on PATH."""
    path = shutil.which(command)
    return Check(name, "ok", path) if path else Check(name, "absent", "not on PATH", hint)


def cache(environ: Mapping[str, str]) -> Check:
    """The folder of stored graphs: whether it, or the nearest folder above that exists, can be written."""
    home = environ.get("HOME")
    base = environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    if base is None:
        return Check("cache", "absent", "no HOME", "every command evaluates anew; set XDG_CACHE_HOME")
    folder = Path(base) / "mlinfra"
    if os.access(nearest(folder), os.W_OK):
        return Check("cache", "ok", str(folder))
    return Check("cache", "absent", f"{folder} cannot be written", "every command evaluates anew; set XDG_CACHE_HOME")


def _fits(found: str, limit: str) -> bool:
    match = re.fullmatch(r"(>=|<)\s*([0-9.]+)", limit)
    if match is None:
        return True
    have, want = _numbers(found), _numbers(match[2])
    return have >= want if match[1] == ">=" else have < want


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+", maxsplit=1)[0])[:3])
