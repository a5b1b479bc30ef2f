"""Machines without a home folder, or with one that cannot be written: what still works, and what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands.running import SMALL, run

from mlinfra.engine.places import made
from mlinfra.errors import EngineError


@pytest.fixture
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "MLINFRA_SANDBOX", "PULUMI_BACKEND_URL", "PULUMI_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def test_planning_needs_no_home(homeless: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan", "small.yaml", "-e", "dev")
    assert (result.code, result.err, "to create" in result.out) == (0, "", True)


@pytest.mark.parametrize("words", [("doctor",), ("engine", "status")])
def test_what_is_here_is_told_without_a_home(
    words: tuple[str, ...], homeless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(capsys, *words)
    assert (result.code, result.err) == (0, "")


def test_applying_needs_one_and_says_so(homeless: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "apply", "small.yaml", "-e", "dev", "--sandbox", "--yes")
    assert (result.code, result.err.splitlines()) == (
        4,
        [
            "error: there is no home folder for the state",
            "hint: set `HOME`, `XDG_DATA_HOME`, or `state:` in the environment",
        ],
    )


def test_a_plan_file_is_not_silently_left_out(homeless: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan", "small.yaml", "-e", "dev", "--sandbox", "--out", "p.json")
    assert (result.code, Path("p.json").exists()) == (4, False)


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError) as caught:
        made(tmp_path / "file" / "state")
    assert caught.value.message == f"`{tmp_path / 'file' / 'state'}` cannot be written: not a directory"
