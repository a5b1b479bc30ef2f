"""Which command an update belongs to: one line in the update's message, written with each update and read from the history."""

from __future__ import annotations

import getpass
import re
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mlinfra import __version__

FORM = re.compile(
    r"mlinfra (?P<operation>[a-z]+) (?P<id>[0-9a-f]{8}), version (?P<version>\S+), by (?P<user>.+?)"
    r"(?:, commit (?P<commit>[0-9a-f]{7,40}\*?))?"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One command that changed a deployment. ``commit`` is that of the blueprint, with ``*`` where files were changed since."""

    operation: str
    id: str
    version: str
    user: str
    commit: str | None = None

    @classmethod
    def begin(cls, operation: str, file: str | None) -> Self:
        """A new one, by whoever runs this process, for the blueprint in ``file``."""
        return cls(operation, secrets.token_hex(4), __version__, _user(), _commit(file))

    @classmethod
    def read(cls, message: str) -> Self | None:
        """The run that a message tells of, None where something else wrote it."""
        found = FORM.fullmatch(message)
        return cls(**found.groupdict()) if found else None

    @property
    def message(self) -> str:
        """``mlinfra apply 1f2e3d4c, version 1.2.0, by alice, commit 0a1b2c3``."""
        commit = f", commit {self.commit}" if self.commit else ""
        return f"mlinfra {self.operation} {self.id}, version {self.version}, by {self.user}{commit}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return "somebody"


def _commit(file: str | None) -> str | None:
    """The commit of the folder that holds a file; None where there is no git or no repository."""
    if file is None:
        return None
    folder = Path(file).resolve().parent
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not head:
        return None
    return f"{head}*" if _git(folder, "status", "--porcelain", "--", ".") else head


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the arguments are our own
            ["git", "--no-optional-locks", *arguments],  # noqa: S607 - whichever git the user has
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
