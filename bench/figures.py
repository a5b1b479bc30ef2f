"""What is measured. A figure is a function that yields rows; commands are measured as whole processes."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.blueprints import RESOURCES_PER_BUCKET, blueprint, graph_of

if TYPE_CHECKING:
    from mlinfra.graph.model import ResourceNode
    from mlinfra.plan.model import Plan

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5


class Row(NamedTuple):
    """One line of the table. ``budget`` is None where there is none."""

    what: str
    budget: float | None
    measured: float
    unit: str = "s"
    places: int = 2


def machine() -> Iterator[Row]:
    """What Python and the SDKs take before mlinfra does anything: the measure for all that follows."""
    for code in ("pass", "import pulumi, pulumi_aws"):
        yield Row(f'python -c "{code}"', None, _process([sys.executable, "-c", code]))


def start() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (["--help"], ["kinds"], ["explain", "bucket"]):
            yield Row(" ".join(["mlinfra", *arguments]), 0.2, _command(arguments, Path(folder)))


def validate() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = str(blueprint(folder, 100))
        yield Row("validate, 100 components", 0.5, _command(["validate", path], folder))
        path = str(ROOT / "blueprints" / "llm-serving.yaml")
        yield Row("validate, two environments of twelve kinds", 0.5, _command(["validate", path], folder))


def plan() -> Iterator[Row]:
    yield from _cold_and_unchanged("plan")


def cost() -> Iterator[Row]:
    yield from _cold_and_unchanged("cost")


def analysis() -> Iterator[Row]:
    """What is made of a graph, once there is one."""
    from mlinfra.cost.estimate import estimate
    from mlinfra.graph.document import dumps, loads
    from mlinfra.graph.of_blueprint import blueprint_graph
    from mlinfra.plan.diff import plan as compare

    with tempfile.TemporaryDirectory() as name:
        sample = blueprint_graph(blueprint(Path(name), 40), environ={}, cache=False)
    seconds = {}
    for size in (1_000, 10_000):
        graph = graph_of(size, sample)
        seconds[size] = _median(functools.partial(estimate, graph))
        yield Row(f"cost of a graph of {size:,} nodes", 1.0 if size == 10_000 else None, seconds[size])
    yield _growth("a node at 10,000 over one at 1,000", seconds[10_000] / 10_000, seconds[1_000] / 1_000)
    before = loads(dumps(graph))
    yield Row("plan of 10,000 resources, nothing changed", 5.0, _median(lambda: compare(graph, before)))
    other = dataclasses.replace(before, nodes=tuple(map(_changed, before.nodes)))
    yield Row("plan of 10,000 resources, all changed, with gates", 5.0, _median(lambda: _gated(compare(graph, other))))


def evaluation() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = _evaluated(folder, 1_000)
        yield Row("evaluation of 1,000 resources, without imports", None, small["seconds"])
        large = _evaluated(folder, 10_000)
        yield Row("evaluation of 10,000 resources, without imports", None, large["seconds"])
    each = [found["seconds"] / found["resources"] for found in (large, small)]
    yield _growth("a resource at 10,000 over one at 1,000", *each)
    yield Row("memory for a resource at 10,000", 100, large["kib"] / large["resources"], "KiB", 0)


FIGURES: Mapping[str, Callable[[], Iterator[Row]]] = {
    "machine": machine,
    "start": start,
    "validate": validate,
    "plan": plan,
    "cost": cost,
    "analysis": analysis,
    "evaluation": evaluation,
}
"""By the name that the command takes."""


def _cold_and_unchanged(verb: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = str(blueprint(folder, 300 // RESOURCES_PER_BUCKET + 1))
        yield Row(f"{verb}, 300 resources, cold", 2.0, _command([verb, path, "--no-cache"], folder))
        _command([verb, path], folder, runs=1)
        yield Row(f"{verb}, 300 resources, unchanged", 0.5, _command([verb, path], folder))


def _evaluated(folder: Path, resources: int) -> Mapping[str, float]:
    paths = [str(blueprint(folder, count)) for count in (resources // RESOURCES_PER_BUCKET + 1, 10)]
    command = [sys.executable, "-m", "bench.evaluating", *paths]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    found: Mapping[str, float] = json.loads(printed)
    return found


def _changed(node: ResourceNode) -> ResourceNode:
    return dataclasses.replace(node, inputs={**node.inputs, "tags": {"team": "another"}})


def _gated(plan: Plan) -> Plan:
    from mlinfra.plan.gates import gated

    return gated(plan, protected=True)


def _growth(what: str, large: float, small: float) -> Row:
    return Row(f"  {what}", 1.3, large / small, "×")


def _command(arguments: list[str], folder: Path, runs: int = RUNS) -> float:
    """A command of ours; its cache is in ``folder``."""
    return _process([sys.executable, str(ROOT / "cli.py"), *arguments], folder, runs)


def _process(command: list[str], cache: Path = ROOT, runs: int = RUNS) -> float:
    """The median of the processor time of a whole process."""
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    return _median(lambda: subprocess.run(command, env=env, check=True, capture_output=True), _of_children, runs)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _median(action: Callable[[], object], clock: Callable[[], float] = time.process_time, runs: int = RUNS) -> float:
    found = []
    for _ in range(runs):
        began = clock()
        action()
        found.append(clock() - began)
    return statistics.median(found)
