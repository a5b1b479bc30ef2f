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
    outside: set[str] = set()  # what was kept stays in the account, and the state does not know it
    for _ in range(steps):
        said, what = changed(platform.text, chance, plannable(platform))
        platform.say(said)
        applied = platform.apply(previews=True)
        plan = planned(applied.forecast.plan)
        assert (applied.outcome.status, applied.outcome.error, what) == ("succeeded", None, what)
        assert (applied.foretold, what) == (plan, what)
        assert (applied.done, what) == (plan, what)
        done = {(operation, urn) for operation, urn, result in applied.cloud if result == "done"}
        assert (done, what) == (in_the_cloud(applied.forecast.plan), what)
        outside |= {step.urn for step in applied.forecast.plan.changes if step.keeps_old or step.operation == "keep"}
        held, there = platform.held(), platform.existing()
        assert (held.keys(), what) == (there.keys() - outside | held.keys(), what)
        assert all(set(ids) <= set(there[urn]) for urn, ids in held.items())
        assert all(held[urn] == ids for urn, ids in there.items() if urn not in outside)
        assert (platform.plan().plan.changes, what) == ((), what)
    gone = platform.destroy()
    assert gone.outcome.status == "succeeded"
    kept = {step.urn for step in gone.forecast.plan.steps if step.operation == "keep"}
    assert kept <= platform.existing().keys() <= kept | outside
