"""``mlinfra engine status`` and ``install``: which CLI and plugins are there, which are needed, and how they get there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from mlinfra.engine.download import Tell, get, put
from mlinfra.engine.installed import candidates
from mlinfra.engine.places import engine_folder
from mlinfra.engine.releases import PROVIDERS, Release, cli_release, downloads, plugin_release, plugins_folder
from mlinfra.errors import EngineError

GO_FILES = ("go.mod", "go.sum", "tools.go")
GO_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
BUILD_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Part:
    """The CLI or a plugin: the version that the installed SDK belongs to, and what there is. ``path`` is None where there is none.

    ``fits`` says whether what there is can be used. A CLI may be older than its SDK; a plugin has the version of its SDK.
    """

    name: str
    needed: str
    found: str | None = None
    path: str | None = None
    fits: bool = False


def status(environ: Mapping[str, str] | None = None) -> tuple[Part, ...]:
    """What there is on this machine, the CLI first."""
    given = os.environ if environ is None else environ
    return (_cli(given), *(_plugin(name, given) for name in PROVIDERS))


def missing(environ: Mapping[str, str] | None = None) -> tuple[Release, ...]:
    """The releases that `install` would get."""
    parts = {part.name: part for part in status(environ)}
    wanted = [] if parts["pulumi"].fits else [cli_release(environ)]
    return (*wanted, *(plugin_release(name, environ) for name in PROVIDERS if not parts[name].fits))


def install(tell: Tell, environ: Mapping[str, str] | None = None) -> tuple[Part, ...]:
    """Get what is missing out of Pulumi's releases; what there is afterwards. ``tell`` hears what is done.

    Raises EngineError where something cannot be had, with what to do; what was installed before stays.
    """
    with _alone(environ):
        for release in missing(environ):
            get(release, downloads(environ), tell)
            tell(f"installed {release.title} in `{release.into}`")
    return status(environ)


def install_from_go(tell: Tell, environ: Mapping[str, str] | None = None) -> tuple[Part, ...]:
    """Build the CLI from its Go modules where there is none that can be used; plugins are left as they are.

    The modules are pinned by the go.mod and go.sum of this package, and Go checks each. Raises EngineError where there is no Go, or
    where it fails.
    """
    given = os.environ if environ is None else environ
    with _alone(given):
        if not _cli(given).fits:
            into = engine_folder(given) / go_version()
            tell(
                f"building Pulumi CLI {go_version()} with Go; the first time takes minutes, and gigabytes of Go's cache"
            )
            _build(into, given)
            tell(f"installed Pulumi CLI {go_version()} in `{into}`")
    return status(given)


@cache
def go_version() -> str:
    """The version of the CLI that the package's go.mod pins."""
    text = files("mlinfra.engine").joinpath("go/go.mod").read_text("utf-8")
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", text)
    if found is None:
        raise EngineError("the package's `go.mod` names no Pulumi CLI", hint="install mlinfra again")
    return found[1]


def _cli(environ: Mapping[str, str]) -> Part:
    first = next(iter(candidates(environ)), None)
    if first is None:
        return Part("pulumi", version("pulumi"))
    return Part("pulumi", version("pulumi"), first.version, first.path, first.supported)


def _plugin(name: str, environ: Mapping[str, str]) -> Part:
    needed = version(f"pulumi-{name}")
    program = f"pulumi-resource-{name}"
    by_hand = shutil.which(program, path=environ.get("PATH", os.defpath))
    if by_hand is not None:  # the CLI takes it before all others, whatever its version
        return Part(name, needed, None, by_hand, fits=True)
    try:
        folder = plugins_folder(environ) / f"resource-{name}-v{needed}"
    except EngineError:  # without a home folder there are none
        return Part(name, needed)
    if os.access(folder / program, os.X_OK) and not folder.with_name(f"{folder.name}.partial").exists():
        return Part(name, needed, needed, str(folder / program), fits=True)
    return Part(name, needed)


@contextlib.contextmanager
def _alone(environ: Mapping[str, str] | None) -> Iterator[None]:
    """Only one at a time. The lock ends with the process, however it ends."""
    folder = downloads(environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EngineError(
                    "another `mlinfra engine install` is running", hint="run the command again when it has ended"
                ) from None
            yield
    except OSError as error:
        raise EngineError(
            f"the engine cannot be installed: {error.strerror or error}: `{error.filename or folder}`",
            hint="make room or grant write access, or set `XDG_CACHE_HOME` and `PULUMI_HOME` to other folders",
        ) from None


def _build(into: Path, environ: Mapping[str, str]) -> None:
    go = shutil.which("go", path=environ.get("PATH", os.defpath))
    if go is None:
        raise EngineError(
            "there is no Go on this machine to build the Pulumi CLI with",
            hint="install Go 1.26 or newer, or leave `--from-go` out to download the CLI",
        )
    with tempfile.TemporaryDirectory(prefix=".building-", dir=downloads(environ), ignore_cleanup_errors=True) as folder:
        work, made = Path(folder) / "work", Path(folder) / "whole"
        work.mkdir()
        for name in GO_FILES:
            (work / name).write_bytes(files("mlinfra.engine").joinpath(f"go/{name}").read_bytes())
        program = made / "bin" / "pulumi"
        flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{go_version()}"
        command = [
            go,
            "build",
            "-trimpath",
            "-tags",
            "osusergo,grpcnotrace",
            "-ldflags",
            flags,
            "-o",
            str(program),
            GO_PACKAGE,
        ]
        settings = {**environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
        try:
            done = subprocess.run(  # noqa: S603 - no shell; the program was found as `go`
                command,
                cwd=work,
                env=settings,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=BUILD_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                "Go did not build the Pulumi CLI within an hour",
                hint="run the command again: what is built already is kept in Go's cache",
            ) from None
        if done.returncode:
            said = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise EngineError(
                f"Go could not build the Pulumi CLI:\n{said}",
                hint="it needs Go 1.26 or newer, 8 GB of disk and a way to the Go modules",
            )
        put(made, into)
