"""Walks of random changes through the shipped blueprints: each plan holds against the engine's preview, and the apply against the plan.

``RANDOM_WALKS=20`` makes twenty of each instead of one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.changes import minimal, serving
from engine.platforms import Platform, in_the_cloud, planned
from engine.random_changes import changed

from mlinfra.errors import MlinfraError

pytestmark = pytest.mark.usefixtures("cli")
WALKS = range(int(os.environ.get("RANDOM_WALKS", "1")))
STEPS = 4


def plannable(platform: Platform) -> Callable[[str], bool]:
    """Whether a blueprint is valid, changes something, and does not ask for a name that is still taken."""

    def valid(text: str) -> bool:
        before = platform.text
        platform.say(text)
        try:
            found = platform.plan()
            return bool(found.plan.changes) and not found.taken
        except MlinfraError:
            return False
        finally:
            platform.say(before)

    return valid


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize(
    ("text", "steps"), [pytest.param(minimal, STEPS, id="minimal"), pytest.param(serving, 2, id="llm-serving")]
)
def test_each_step_of_a_walk_is_foreseen(tmp_path: Path, text: Callable[[], str], steps: int, walk: int) -> None:
    platform, chance = Platform(tmp_path, text()), random.Random(walk)  # noqa: S311 - repeatable, not secret
    assert platform.apply().outcome.status == "succeeded"
    for _ in range(steps):
        said, what = changed(platform.text, chance, plannable(platform))
        platform.say(said)
        applied = platform.apply(previews=True)
        plan = planned(applied.forecast.plan)
        assert (applied.outcome.status, applied.outcome.error, what) == ("succeeded", None, what)
        assert (applied.foretold, what) == (plan, what)
        assert (applied.done, what) == (plan, what)
        assert {(operation, urn) for operation, urn, result in applied.cloud if result == "done"} == in_the_cloud(plan)
        assert platform.held() == platform.existing()
        assert (platform.plan().plan.changes, what) == ((), what)
    gone = platform.destroy()
    assert gone.outcome.status == "succeeded"
    assert platform.existing().keys() == {step.urn for step in gone.forecast.plan.steps if step.operation == "keep"}
