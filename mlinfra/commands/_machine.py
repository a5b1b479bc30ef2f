"""What mlinfra needs of a machine, looked at without network, credentials or change."""

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
from typing import Literal

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
    yield program("Pulumi CLI", "pulumi", "`pulumi up` deploys with it: https://www.pulumi.com/docs/install")
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
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(nearest, os.W_OK):
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
