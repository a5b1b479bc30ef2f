"""Stored graphs: the second command on an unchanged blueprint answers at once.

An entry is valid while the blueprint and its environment files, every ``--set`` and ``MLINFRA_VAR_…``, the versions
of everything involved, the state that it was evaluated against and every other file that was read are the same.
Entries are JSON, written atomically; secrets are not in a graph and so not in an entry.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Self

from mlinfra.errors import GraphError
from mlinfra.graph.document import from_document, to_document
from mlinfra.graph.model import ResourceGraph

KEPT = 64
"""How many entries are kept; the ones not used for longest go first."""


@dataclass(frozen=True)
class Cache:
    """A folder of stored graphs. A folder that cannot be read or written is as good as an empty one."""

    folder: Path

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> Self | None:
        """The user's cache folder (``XDG_CACHE_HOME``, else ``~/.cache``), or None where there is no home."""
        base = environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if (home := environ.get("HOME")) else None)
        return cls(Path(base) / "mlinfra" / "graphs") if base else None

    def load(self, key: str) -> ResourceGraph | None:
        """The graph that was stored under ``key``, if every file that it was made from is the same."""
        path = self.folder / f"{key}.json"
        try:
            entry = json.loads(path.read_bytes())
            if any(digest != _digest(Path(name)) for name, digest in entry["files"].items()):
                return None
            graph = from_document(entry["graph"])
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, GraphError):
            return None
        return graph

    def save(self, key: str, graph: ResourceGraph, files: Iterable[str]) -> None:
        """Store a graph under ``key``, with the digests of the files that it was made from."""
        entry = {"files": {name: _digest(Path(name)) for name in sorted(files)}, "graph": to_document(graph)}
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(entry, file, separators=(",", ":"))
            Path(name).replace(self.folder / f"{key}.json")
            self._prune()

    def _prune(self) -> None:
        entries = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in entries[KEPT:]:
            path.unlink(missing_ok=True)


def fingerprint(
    blueprint: Path,
    environment: str | None,
    sets: tuple[str, ...],
    environ: Mapping[str, str],
    state: str | None = None,
    account: str | None = None,
) -> str | None:
    """The key of a blueprint's graph, or None where the blueprint cannot be read.

    ``state`` is the digest of the state that it is evaluated against, ``account`` another one than the blueprint's.
    """
    files = [blueprint, *sorted((blueprint.parent / "environments").glob("*.yaml"))]
    try:
        contents = [(str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    except OSError:
        return None
    given = {
        "blueprint": contents,
        "environment": environment or environ.get("MLINFRA_ENVIRONMENT"),
        "sets": sets,
        "variables": {name: value for name, value in sorted(environ.items()) if name.startswith("MLINFRA_VAR_")},
        "versions": _versions(),
        "state": state,
        "account": account,
    }
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


@cache
def _versions() -> tuple[str, ...]:
    """Python, the packages that shape a graph, all packages that add kinds, and the state of this package's own files."""
    own = Path(__file__).parent.parent
    files = sorted(path for pattern in ("**/*.py", "**/*.csv", "**/*.json") for path in own.glob(pattern))
    state = hashlib.sha256("".join(f"{p}{p.stat().st_mtime_ns}{p.stat().st_size}" for p in files).encode()).hexdigest()
    found = [platform.python_version(), sys.implementation.name, state]
    for package in ("pulumi", "pulumi-aws", "pulumi-kubernetes", "pydantic"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(package)
    points = (d for d in distributions() if any(e.group == "mlinfra.components" for e in d.entry_points))
    return (*found, *sorted(f"{d.name} {d.version}" for d in points))


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
