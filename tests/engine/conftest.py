"""The Pulumi CLI and a simulated cloud for each test."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlinfra.engine.installed import Installed, find_cli
from mlinfra.errors import EngineError


@dataclass(frozen=True)
class Sandbox:
    """A simulated cloud of its own: its folder, and the environment variables that a session takes."""

    folder: Path
    environ: Mapping[str, str]


@pytest.fixture(scope="session")
def cli() -> Installed:
    """The CLI; without one the test is skipped."""
    try:
        return find_cli(os.environ)
    except EngineError as error:
        pytest.skip(f"{error.message}; `mlinfra engine install` gets one")


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A simulated cloud in a temporary folder, which is also where the test runs."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in (
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
        "MLINFRA_ENVIRONMENT",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLINFRA_SANDBOX", str(tmp_path / "sandbox"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    return Sandbox(tmp_path / "sandbox", dict(os.environ))
