"""Each fault of the simulated cloud in each operation: running again completes, and nothing is made twice or forgotten."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

import pytest
from engine.platforms import Applied, Platform

from mlinfra.engine.sandbox import Fault
from mlinfra.engine.sandbox.cloud import FaultKind, Operation

pytestmark = pytest.mark.usefixtures("cli")
TINY = """\
mlinfra: 1
name: tiny
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
"""
FAULTS: tuple[tuple[FaultKind, str], ...] = (
    ("fail", "AccessDenied: User is not authorized to perform this"),
    ("delay", "0.2"),
    ("die", "before"),
    ("die", "after"),
)
OPERATIONS: tuple[Operation, ...] = ("create", "update", "delete", "read")


def operated(platform: Platform, operation: Operation) -> Applied:
    """What does such an operation in the cloud."""
    if operation == "read":
        return platform.apply(refresh=True)
    return platform.destroy() if operation == "delete" else platform.apply()


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, cli: object) -> Path:
    """A folder in which it is applied."""
    folder = tmp_path_factory.mktemp("applied")
    assert Platform(folder, TINY).apply().outcome.status == "succeeded"
    return folder


@pytest.mark.parametrize(("fault", "operation"), list(product(FAULTS, OPERATIONS)))
def test_what_a_fault_stopped_goes_on(
    tmp_path: Path, applied: Path, fault: tuple[FaultKind, str], operation: Operation
) -> None:
    if operation != "create":
        shutil.copytree(applied, tmp_path, dirs_exist_ok=True)
    platform = Platform(tmp_path, TINY)
    if operation == "update":
        platform.say(TINY.replace("encryption_key}", "encryption_key, tags: {a: b}}"))
    platform.cloud.inject(Fault(fault[0], "*::key", operation, fault[1]))
    first = operated(platform, operation)
    assert platform.cloud.faults() == ()
    assert first.outcome.status == ("succeeded" if fault[0] == "delay" else "failed"), first.outcome.error
    again = operated(platform, operation)
    assert (again.outcome.status, again.outcome.error) == ("succeeded", None)
    assert platform.held() == platform.existing()
    assert sorted(len(ids) for ids in platform.existing().values()) == ([] if operation == "delete" else [1, 1])
    assert not any(state.pending for state in platform.states().values())
    changes = [step.operation for step in platform.plan().plan.changes]
    assert changes == (["create", "create"] if operation == "delete" else [])
