"""Kill an mlinfra that works, the CLI that it started, or the plugins of the cloud, and count what is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal, NamedTuple

from commands.running import ROOT
from engine.platforms import Platform

from mlinfra.engine.sandbox import Fault

Victim = Literal["all", "mlinfra", "pulumi", "plugin"]
VICTIMS: tuple[Victim, ...] = ("all", "mlinfra", "pulumi", "plugin")
PATIENCE_SECONDS = 60


class Trial(NamedTuple):
    """Who is killed, in which operation, and after how many of its changes in the cloud plus how many seconds."""

    seed: int
    operation: Literal["apply", "destroy"]
    victim: Victim
    changes: int
    seconds: float


def trial(seed: int, changes: int) -> Trial:
    """The trial of a seed, for an operation of that many changes."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    operation: Literal["apply", "destroy"] = chance.choice(("apply", "destroy"))
    return Trial(seed, operation, chance.choice(VICTIMS), chance.randrange(changes), chance.uniform(0, 0.06))


def killed(platform: Platform, one: Trial) -> bool:
    """Run the operation and kill the victim at its moment; whether it still ran then. All it started are gone afterwards."""
    for operation in ("create", "delete"):
        platform.cloud.inject(Fault("delay", "*", operation, "0.03", remaining=10_000))  # type: ignore[arg-type]
    before = len(platform.cloud.log())
    words = [sys.executable, str(ROOT / "cli.py"), one.operation, str(platform.file), "-e", "dev", "--sandbox", "--yes"]
    words += ["--allow", "destroy"] if one.operation == "destroy" else []
    with (
        (platform.folder / f"killed-{one.seed}.txt").open("w") as out,
        subprocess.Popen(
            words, env=dict(platform.environ), cwd=platform.folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL
        ) as process,
    ):
        until = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if len(platform.cloud.log()) - before >= one.changes:
                break
            time.sleep(0.005)
        time.sleep(one.seconds)
        running = process.poll() is None
        there = _family(process.pid)
        for pid in _chosen(one.victim, process.pid, there):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
        while any(_alive(pid) for pid in there) and time.monotonic() < until:
            time.sleep(0.02)
    platform.cloud.heal()
    return running


def _chosen(victim: Victim, mlinfra: int, family: dict[int, str]) -> list[int]:
    if victim == "all":
        return list(family)
    if victim == "mlinfra":
        return [mlinfra]
    wanted = "pulumi-resource-" if victim == "plugin" else "pulumi"
    return [pid for pid, words in family.items() if _is(words, wanted)]


def _is(words: str, wanted: str) -> bool:
    if wanted == "pulumi":
        return words.split("\0", 1)[0].endswith("/pulumi")
    return "mlinfra.engine.sandbox.serve" in words


def _family(pid: int) -> dict[int, str]:
    """A process and all that it started, with their command lines."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    family, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return {one: _words(one) for one in family}


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _alive(pid: int) -> bool:
    try:
        return (Path(f"/proc/{pid}/stat").read_text()).rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False
