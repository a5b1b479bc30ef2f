"""What README.md and the pages show of commands: checked by a test, renewed by ``make readme``.

In a ``console`` block a line ``$ command`` is run, and what follows it, up to the next, is its stdout. A command that nothing follows only has to
succeed, or to exit as it says: ``# exits with 1``. A block ``console engine`` is the same, where the Pulumi CLI is. A block of YAML whose first line is ``# file.yaml`` is written to that file for the commands below it. A block ``yaml wrong`` is a blueprint that
is refused, and the plain block behind it is what ``mlinfra validate`` says. ``make`` is only asked whether it knows its target, because it would run the
tests that run this.
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

from mlinfra.engine.installed import candidates

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(
    r"^```yaml wrong\n(?P<wrong>.*?)^```\n\n```\n(?P<said>.*?)^```$"
    r"|^```(?P<language>console|console engine|yaml|yaml fragment)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
EXITS = re.compile(r"  # exits with (\d+)")
FILE = re.compile(r"# (?P<name>[\w/.-]+\.yaml)\n")


def commands(text: str) -> Iterator[str]:
    """Every command, in order."""
    for block in BLOCK.finditer(text):
        if block["language"] == "console":
            yield from (line[2:] for line in block["body"].splitlines() if line.startswith("$ "))


def renewed(text: str, folder: Path, *, engine: bool) -> str:
    """The page with every output as it is now. Raises AssertionError if a command fails, or if what is wrong is not refused.

    Without ``engine`` blocks that need it are left as they are.
    """

    def run(block: re.Match[str]) -> str:
        if block["wrong"] is not None:
            return f"```yaml wrong\n{block['wrong']}```\n\n```\n{_refusal(block['wrong'], folder)}```"
        if block["language"] == "console" or (engine and block["language"] == "console engine"):
            body = "".join(_renewed(part, folder) for part in re.split(r"(?m)^(?=\$ )", block["body"]) if part)
            return f"```{block['language']}\n{body}```"
        if file := FILE.match(block["body"]):
            (folder / file["name"]).parent.mkdir(exist_ok=True)
            (folder / file["name"]).write_text(block["body"], "utf-8")
        return block[0]

    return BLOCK.sub(run, text)


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
    if command.startswith("make "):
        command = command.replace("make ", "make --dry-run --assume-old=.venv/.installed ", 1)
    done = _run(command, folder, folder)
    expected = int(said[1]) if (said := EXITS.search(command)) else 0
    assert done.returncode == expected, f"`{command}` exited with {done.returncode}: {done.stderr}"
    return f"{first}\n{done.stdout}" if shown.strip() else f"{first}\n{shown}"


def _refusal(blueprint: str, folder: Path) -> str:
    apart = folder / "wrong"
    apart.mkdir(exist_ok=True)
    (apart / "shop.yaml").write_text(blueprint, "utf-8")
    done = _run("mlinfra validate shop.yaml", folder, apart)
    assert (done.returncode, done.stdout) == (2, ""), f"not refused:\n{blueprint}"
    return done.stderr


def _run(command: str, folder: Path, where: Path) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),  # the simulated cloud is a process of its own
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(["/bin/sh", "-c", command], cwd=where, env=env, capture_output=True, text=True, check=False)


def main() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "mlinfra" / "docs").rglob("*.md"))):
        text = page.read_text("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            new = renewed(text, workplace(Path(folder)), engine=bool(candidates(os.environ)))
        if new != text:
            page.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
