"""What is measured. A figure is a function that yields rows; whole processes are timed as a user would wait for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5


class Row(NamedTuple):
    """One line of the table."""

    what: str
    measured: str
    budget: str


def start() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (["--help"], ["kinds"], ["explain", "bucket"]):
            yield _row(" ".join(["mlinfra", *arguments]), _process(arguments, Path(folder)), 0.2)


def validate() -> Iterator[Row]:
    from bench.blueprints import blueprint

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = str(blueprint(folder, 100))
        yield _row("validate, 100 components", _process(["validate", path], folder), 0.5)


def plan() -> Iterator[Row]:
    yield from _cold_and_cached("plan")


def cost() -> Iterator[Row]:
    yield from _cold_and_cached("cost")


def scaling() -> Iterator[Row]:
    from bench.blueprints import blueprint, graph_of
    from mlinfra.cost.estimate import estimate
    from mlinfra.graph.of_blueprint import blueprint_graph

    with tempfile.TemporaryDirectory() as name:
        sample = blueprint_graph(blueprint(Path(name), 40), environ={}, cache=False)
    seconds = {}
    for size in (1_000, 10_000):
        made = graph_of(size, sample)
        seconds[size] = _median(lambda made=made: estimate(made))
        yield _row(f"cost of an evaluated graph, {size:,} nodes", seconds[size], 1.0 if size == 10_000 else None)
    ratio = seconds[10_000] / 10 / seconds[1_000]
    yield Row("time for a node at 10,000 over that at 1,000", f"{ratio:.2f} ×", "1.30 ×")


def evaluation() -> Iterator[Row]:
    from bench.blueprints import RESOURCES_PER_BUCKET, blueprint
    from mlinfra.graph.of_blueprint import blueprint_graph

    seconds = {}
    with tempfile.TemporaryDirectory() as name:
        for size in (1_000, 3_000):
            path = blueprint(Path(name), size // RESOURCES_PER_BUCKET)
            blueprint_graph(path, environ={}, cache=False)
            seconds[size] = _median(lambda path=path: blueprint_graph(path, environ={}, cache=False), runs=3)
            yield _row(f"evaluation in a warm process, {size:,} resources", seconds[size], None)
    yield Row(
        "time for a resource at 3,000 over that at 1,000", f"{seconds[3_000] / 3 / seconds[1_000]:.2f} ×", "1.30 ×"
    )


FIGURES: Mapping[str, Callable[[], Iterator[Row]]] = {
    "start": start,
    "validate": validate,
    "plan": plan,
    "cost": cost,
    "scaling": scaling,
    "evaluation": evaluation,
}
"""By the name that the command takes."""


def _cold_and_cached(verb: str) -> Iterator[Row]:
    from bench.blueprints import RESOURCES_PER_BUCKET, blueprint

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = str(blueprint(folder, 300 // RESOURCES_PER_BUCKET))
        yield _row(f"{verb}, 300 resources, cold", _process([verb, path, "--no-cache"], folder), 2.0)
        _process([verb, path], folder, runs=1)
        yield _row(f"{verb}, 300 resources, unchanged", _process([verb, path], folder), 0.5)


def _process(arguments: list[str], folder: Path, runs: int = RUNS) -> float:
    """Median seconds of a whole process; its cache is in ``folder``."""
    env = {**os.environ, "XDG_CACHE_HOME": str(folder)}
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    return _median(lambda: subprocess.run(command, env=env, check=True, capture_output=True), runs=runs)


def _median(action: Callable[[], object], runs: int = RUNS) -> float:
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def _row(what: str, seconds: float, budget: float | None) -> Row:
    return Row(what, f"{seconds:.2f} s", f"{budget:.1f} s" if budget else "")
