"""The Pulumi CLI for all tests, and how many of those in `tests/engine` ran: without a CLI most are skipped.

And a law for all of them: every JSON document that a test sees a verb write keeps to its schema."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings
from written import check

from mlinfra.engine.installed import candidates, on_path

ENGINE_TESTS = "tests/engine/"
# The same examples in every run; HYPOTHESIS_PROFILE=default looks for others.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_configure() -> None:
    """Put the CLI that `mlinfra engine install` installed on PATH: tests have caches and homes of their own."""
    found = next((cli for cli in candidates(os.environ) if cli.supported), None)
    if found is not None:
        os.environ["PATH"] = on_path(Path(found.path).parent, os.environ)


@pytest.fixture
def capsys(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> pytest.CaptureFixture[str]:
    """Pytest's own, which holds what is read against the schemas."""
    read = capsys.readouterr

    def checked() -> object:
        captured = read()
        check(captured.out)
        return captured

    monkeypatch.setattr(capsys, "readouterr", checked)
    return capsys


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line about the tests of the engine, where any were collected."""
    counts = {
        outcome: sum(
            report.nodeid.startswith(ENGINE_TESTS)
            for report in terminalreporter.getreports(outcome)
            if isinstance(report, pytest.TestReport)
        )
        for outcome in ("passed", "failed", "skipped")
    }
    if any(counts.values()):
        found = next(iter(candidates(os.environ)), None)
        with_what = f"Pulumi CLI {found.version}" if found else "no Pulumi CLI; `mlinfra engine install` gets one"
        ran, skipped = counts["passed"] + counts["failed"], counts["skipped"]
        terminalreporter.write_line(f"engine: {ran} tests ran, {skipped} skipped ({with_what})")
