"""Killed at random moments, an apply and a destroy go on where they were: nothing is made twice, nothing is forgotten.

``make kill-trials`` runs all of the trials.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from engine.killing import killed, trial
from engine.platforms import Platform

from mlinfra.engine.events import Message
from mlinfra.engine.sandbox import Fault

pytestmark = pytest.mark.usefixtures("cli")
SEEDS = range(56) if os.environ.get("KILL_TRIALS") else (1, 3, 5, 24, 37, 39)
SMALL = """\
mlinfra: 1
name: small
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, key: key}
  net: {kind: network, zones: 2, nat: single}
  watch: {kind: alerts, email: a@example.com}
"""
CHANGES = 30
"""Fewer than an apply of it makes in the cloud, and a destroy."""


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_killed_goes_on(tmp_path: Path, seed: int) -> None:
    platform, one = Platform(tmp_path, SMALL), trial(seed, CHANGES)
    if one.operation == "destroy":
        platform.apply()
    assert killed(platform, one)
    again = platform.apply() if one.operation == "apply" else platform.destroy()
    assert (again.outcome.status, again.outcome.error) == ("succeeded", None)
    assert platform.held() == platform.existing()
    assert all(len(ids) == 1 for ids in platform.existing().values())
    assert not any(state.pending for state in platform.states().values())
    if one.operation == "apply":
        assert platform.plan().plan.changes == ()
    else:
        assert platform.existing() == {}


ONE = SMALL.partition("  net:")[0]


@pytest.mark.parametrize("name", ["key", "lake"])
def test_what_a_dying_provider_created_is_taken_in(tmp_path: Path, name: str) -> None:
    platform = Platform(tmp_path, ONE)
    platform.cloud.inject(Fault("die", f"*::{name}", "create", "after"))
    first = platform.apply()
    assert first.outcome.status == "failed"
    told = [event.text for event in first.events if isinstance(event, Message) and event.severity == "warning"]
    assert f"the provider ended while creating `{name}`: it is looked up in the cloud" in told
    assert platform.held() == platform.existing()
    assert platform.apply().outcome.status == "succeeded"
    assert platform.held() == platform.existing()
    assert platform.plan().plan.changes == ()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_provider_that_dies_while_it_deletes_loses_nothing(tmp_path: Path, moment: str) -> None:
    platform = Platform(tmp_path, ONE)
    platform.apply()
    platform.cloud.inject(Fault("die", "*::lake", "delete", moment))
    assert platform.destroy().outcome.status == "failed"
    assert platform.destroy().outcome.status == "succeeded"
    assert (platform.existing(), platform.held()) == ({}, {})


def test_an_empty_note_beside_the_state_does_not_stop_the_engine(tmp_path: Path) -> None:
    platform = Platform(tmp_path, ONE)
    platform.apply()
    notes = sorted((tmp_path / "sandbox/state/.pulumi").glob("stacks/small-foundation/*.attrs"))
    assert notes
    for note in notes:
        note.write_bytes(b"")
    assert platform.destroy().outcome.status == "succeeded"
    assert platform.existing() == {}
