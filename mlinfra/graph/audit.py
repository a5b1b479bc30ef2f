"""See what a program reads while it runs, so that a stored result is only used while all of that is the same."""

from __future__ import annotations

import contextlib
import site
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTSIDE = frozenset({"socket.connect", "subprocess.Popen", "os.system", "os.listdir", "os.scandir"})
"""Events after which a result depends on more than files whose content can be compared."""


@dataclass
class Seen:
    """What was read: the files outside of Python's own folders, and whether nothing else was asked."""

    files: set[str] = field(default_factory=set)
    repeatable: bool = True


_watching: list[Seen] = []
_installed: list[bool] = []


@contextlib.contextmanager
def watched() -> Iterator[Seen]:
    """Write down what is read inside of the block. Python's audit hooks cannot be removed, so one is installed once and idles."""
    if not _installed:
        sys.addaudithook(_hook)
        _installed.append(True)
    seen = Seen()
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open" and isinstance(args[0], str | bytes):
        path = args[0] if isinstance(args[0], str) else args[0].decode(errors="replace")
        mode = args[1] or "r"
        if isinstance(mode, str) and not _known(path):
            for seen in _watching:
                seen.files.add(path)
                seen.repeatable = seen.repeatable and not set(mode) & set("wax+")
    elif event in OUTSIDE and not (event.startswith("os.") and args and _known(str(args[0] or ""))):
        for seen in _watching:
            seen.repeatable = False


def _known(path: str) -> bool:
    return path.startswith((*_FOLDERS, "/dev/", "/proc/")) or "/__pycache__/" in path


def _own_folders() -> tuple[str, ...]:
    paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sys.prefix, sys.base_prefix}
    paths |= {*site.getsitepackages(), str(Path(__file__).parent.parent), "/usr/lib", "/etc"}
    return tuple(sorted(str(path) for path in paths))


_FOLDERS = _own_folders()
