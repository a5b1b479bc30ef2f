"""Every verb that needs no engine, as JSON: one document that says what it is. That it keeps to its schema is checked where it is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands.running import SMALL, run
from written import check, names


@pytest.fixture(autouse=True)
def _shop() -> None:
    Path("shop.yaml").write_text(SMALL)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("kinds", "kinds"),
        ("validate", "diagnostics"),
        ("validate --print --explain -e dev", "diagnostics"),
        ("plan -e dev", "plan"),
        ("graph -e dev", "graph"),
        ("cost -e dev", "cost"),
        ("cost explain lake -e dev", "cost"),
        ("cost usage -e dev", "usage_keys"),
        ("doctor", "doctor"),
        ("engine status", "engine"),
        ("sandbox", "sandbox"),
        ("outputs -e dev --sandbox", "outputs"),
        ("status -e dev --sandbox", "status"),
        ("history -e dev --sandbox", "history"),
        ("adopt -e dev --sandbox", "adopt"),
        ("eject stacks -e dev --sandbox", "eject"),
        ("state create -e dev --sandbox", "state_create"),
        ("state unlock -e dev --sandbox", "unlock"),
    ],
)
def test_a_verb_writes_one_document(arguments: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, *arguments.split(), "--format", "json")
    assert (result.code, names(json.loads(result.out))) == (0, [name]), result.err


def test_states_are_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "state", "export", "-", "-e", "dev", "--sandbox")
    assert json.loads(result.out) == {"mlinfra_state": 1, "blueprint": "shop", "environment": "dev", "layers": {}}


def test_a_plan_file_holds_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    planned = run(capsys, "plan", "-e", "dev", "--sandbox", "--out", "dev.plan.json", "--format", "json")
    text = Path("dev.plan.json").read_text("utf-8")
    check(text)
    found = json.loads(text)
    assert (names(found), found["plan"]) == (["plan_file"], json.loads(planned.out))
