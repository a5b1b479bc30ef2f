"""The commands of README.md and what they write: checked by a test, renewed by ``make readme``.

In a ``console`` block a line ``$ command`` is run, and what follows it, up to the next, is its stdout. A command that nothing follows only has to
succeed. ``make`` is only asked whether it knows its target, because it would run the tests that run this.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CONSOLE = re.compile(r"(?P<open>^```console\n)(?P<body>.*?)(?P<close>^```$)", re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[str]:
    """Every command, in order."""
    for block in CONSOLE.finditer(text):
        yield from (line[2:] for line in block["body"].splitlines() if line.startswith("$ "))


def renewed(text: str, folder: Path) -> str:
    """The page with every output as it is now. Raises AssertionError if a command fails."""

    def run(block: re.Match[str]) -> str:
        body = "".join(_renewed(part, folder) for part in re.split(r"(?m)^(?=\$ )", block["body"]) if part)
        return block["open"] + body + block["close"]

    return CONSOLE.sub(run, text)


def workplace(folder: Path) -> Path:
    """A folder with a copy of the blueprints and the command on PATH."""
    shutil.copytree(ROOT / "blueprints", folder / "blueprints")
    shutil.copy(ROOT / "Makefile", folder)
    program = folder / "bin" / "mlinfra"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "cli.py"}" "$@"\n')
    program.chmod(0o755)
    return folder


def _renewed(part: str, folder: Path) -> str:
    first, _, shown = part.partition("\n")
    command = first.removeprefix("$ ")
    output = _output(command, folder)
    return f"{first}\n{output}" if shown.strip() else f"{first}\n{shown}"


def _output(command: str, folder: Path) -> str:
    env = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    ran = (
        command.replace("make ", "make --dry-run --assume-old=.venv/.installed ", 1)
        if command.startswith("make ")
        else command
    )
    done = subprocess.run(["/bin/sh", "-c", ran], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"`{command}` exited with {done.returncode}: {done.stderr}"
    return done.stdout


def main() -> None:
    page = ROOT / "README.md"
    with tempfile.TemporaryDirectory() as folder:
        page.write_text(renewed(page.read_text("utf-8"), workplace(Path(folder))), "utf-8")


if __name__ == "__main__":
    main()
