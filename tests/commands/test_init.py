"""``mlinfra init``: what it asks, what it takes from flags, and where it writes the answers."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest
from commands.running import ROOT, run

from mlinfra.blueprint import load
from mlinfra.commands._answers import with_default
from mlinfra.commands._templates import templates

OPEN = """\
mlinfra: 1
name: open
description: A template with questions.
variables:
  who: {type: string, description: Whom to tell}   # kept
  size:
    type: integer
    allowed: [1, 2]
    # a comment that stays
  days: {type: integer, default: 30}
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1}
components:
  lake: {kind: bucket, description: "${var.who}", expire_days: "${var.days}", noncurrent_days: "${var.size}"}
"""


@pytest.fixture(autouse=True)
def _template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "open.yaml"
    file.write_text(OPEN)
    monkeypatch.setattr("mlinfra.commands.init.templates", lambda: {"open": file, **templates()})


def test_flags_answer_and_the_file_keeps_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "init", "open", "--name", "shop", "--set", "variables.who=7", "--set", "variables.size=2")
    assert (result.code, result.out, result.err) == (
        0,
        "shop.yaml\n",
        "next: `mlinfra validate shop.yaml`, `mlinfra plan shop.yaml -e dev`, `mlinfra cost shop.yaml -e dev`\n",
    )
    expected = OPEN.replace("name: open", "name: shop")
    expected = expected.replace("Whom to tell}", 'Whom to tell, default: "7"}').replace(
        "[1, 2]", "[1, 2]\n    default: 2"
    )
    assert Path("shop.yaml").read_text() == "# yaml-language-server: $schema=./mlinfra.schema.json\n" + expected
    assert load("shop.yaml", environment="dev").variables == {"who": "7", "size": 2, "days": 30}


def test_what_is_missing_is_named_where_nobody_can_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "init", "open").err == (
        "error: no value for `who`, `size`, and nobody can be asked here\n"
        "hint: `--set variables.who=… --set variables.size=…`\n"
    )
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("variables.size=3", "error: variable `size` cannot be `3`\nhint: allowed: `1` or `2`\n"),
        ("variables.siez=1", "error: there is no variable `siez`\nhint: did you mean `size`?\n"),
        ("components.lake.kind=x", "error: `components` cannot be set\nhint: a path starts with `variables`\n"),
        ("size=1", "error: `size` cannot be set\nhint: a path starts with `variables`\n"),
    ],
)
def test_wrong_values_are_refused(setting: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "init", "open", "--set", "variables.who=x", "--set", setting)
    assert (result.code, result.err, list(Path().iterdir())) == (2, message, [])


def test_a_credential_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "init", "open", "--set", "variables.who=AKIAIOSFODNN7EXAMPLE", "--set", "variables.size=1")
    assert (result.code, list(Path().iterdir())) == (2, [])
    assert "AKIAIOSFODNN7EXAMPLE" not in result.err


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("variables: {x: {}}\n", 'variables: {x: {default: [1, "b"]}}\n'),
        ("variables: {x: {type: list, default: [2]}}\n", 'variables: {x: {type: list, default: [1, "b"]}}\n'),
        (
            "variables:\n  x:\n    default:\n    - 2\n    # more\ny: 1\n",
            'variables:\n  x:\n    default: [1, "b"]\n    # more\ny: 1\n',
        ),
        (
            "variables:\n  x:\n    default:\n    type: list\n",
            'variables:\n  x:\n    default: [1, "b"]\n    type: list\n',
        ),
    ],
)
def test_a_default_is_put_where_it_belongs(declared: str, written: str) -> None:
    assert with_default(declared, "x", [1, "b"]) == written


def test_a_terminal_is_asked_until_the_answer_fits(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import mlinfra.commands.init as init; from mlinfra.commands import main; "
        f"init.templates = lambda: {{'open': Path({str(tmp_path / 'open.yaml')!r})}}; sys.exit(main(['init']))"
    )
    status, shown = talk(code, [("template [open]: ", "\n"), ("who: ", "me\n"), ("size: ", "9\n"), ("size: ", "1\n")])
    assert (status, "cannot be `9` (allowed: `1` or `2`)" in shown, "Whom to tell" in shown) == (0, True, True)
    assert load("open.yaml", environment="dev").variables == {"who": "me", "size": 1, "days": 30}


def test_an_interrupted_question_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import mlinfra.commands.init as init; from mlinfra.commands import main; "
        f"init.templates = lambda: {{'open': Path({str(tmp_path / 'open.yaml')!r})}}; sys.exit(main(['init', 'open']))"
    )
    status, shown = talk(code, [("who: ", "\x03")])
    assert (status, "Traceback" in shown, list(Path().iterdir())) == (130, False, [])


def talk(code: str, answers: list[tuple[str, str]]) -> tuple[int, str]:
    """Run Python code on a terminal of its own; each answer is typed once what stands before it has been shown."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover  # the other side
        os.execve(  # noqa: S606  # our own interpreter
            sys.executable, [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
        )
    shown, seen = "", 0
    for wait, answer in answers:
        while wait not in shown[seen:]:
            shown += os.read(terminal, 4096).decode()
        seen = len(shown)
        os.write(terminal, answer.encode())
    while True:
        # A terminal that is being set up for the question may drop what was typed: a Ctrl-C is then typed again.
        if answers[-1][1] == "\x03" and not select.select([terminal], [], [], 2)[0]:
            os.write(terminal, b"\x03")
            continue
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other side is gone
            break
        if not read:
            break
        shown += read.decode()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown
