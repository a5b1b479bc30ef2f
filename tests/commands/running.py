"""Run the command line in this process, or as users do, in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from written import check

from mlinfra.commands import main

ROOT = Path(__file__).parent.parent.parent
SMALL = """\
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1, protected: true}
components:
  lake: {kind: bucket}
"""


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Result:
    """In this process."""
    code = main(arguments)
    captured = capsys.readouterr()
    return Result(code, captured.out, captured.err)


def process(*arguments: str, cwd: Path | None = None, **environ: str) -> Result:
    """In a process of its own, without a terminal."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MLINFRA_", "COLUMNS"))}
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    done = subprocess.run(
        command, cwd=cwd, env={**env, **environ}, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    check(done.stdout)
    return Result(done.returncode, done.stdout, done.stderr)
