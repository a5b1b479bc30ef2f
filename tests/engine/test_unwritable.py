"""A state that cannot be written any more in the middle of an apply: what is said, and that nothing of what was created is lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from engine.platforms import Applied, Platform

from mlinfra.engine import unsaved, watch
from mlinfra.engine.backend import Backend
from mlinfra.engine.events import Event, Message
from mlinfra.engine.repair import damages, put_back
from mlinfra.engine.sandbox import Fault
from mlinfra.errors import EngineError

pytestmark = [
    pytest.mark.usefixtures("cli"),
    # What the SDK says when the engine is killed under its stream of events.
    pytest.mark.filterwarnings("ignore:Error in event stream"),
]
SMALL = """\
mlinfra: 1
name: small
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, key: key}
"""
PATIENCE_SECONDS = 60
AGAIN = "run this again: it looks first for what was created, and takes that in"


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setattr(watch, "QUIET_SECONDS", 1.0)
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0.5)
    platform = Platform(tmp_path, SMALL)
    platform.cloud.inject(Fault("delay", "*", "create", "0.3", remaining=1000))
    return platform


def stacks(platform: Platform) -> Path:
    return platform.folder / "sandbox/state/.pulumi/stacks/small-foundation"


@contextmanager
def after(platform: Platform, changes: int, harm: Callable[[], object]) -> Iterator[None]:
    """Do harm from another thread, once that much has changed in the cloud."""

    def wait() -> None:
        last = time.monotonic() + PATIENCE_SECONDS
        while len(platform.cloud.log()) < changes and time.monotonic() < last:
            time.sleep(0.01)
        harm()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def frozen(folder: Path) -> None:
    """Take the right to write away, as well from root."""
    folder.chmod(0o500)
    subprocess.run(["chattr", "+i", str(folder)], check=os.geteuid() == 0)


def thawed(folder: Path) -> None:
    subprocess.run(["chattr", "-i", str(folder)], check=os.geteuid() == 0)
    folder.chmod(0o700)


@pytest.fixture
def freezing(tmp_path: Path) -> None:
    """Skip where root cannot be kept from writing."""
    if os.geteuid() == 0:
        probe = tmp_path / "probe"
        probe.mkdir()
        done = shutil.which("chattr") and subprocess.run(["chattr", "+i", str(probe)], check=False).returncode == 0
        if not done:
            pytest.skip("root may write everywhere here")
        thawed(probe)


def said(events: tuple[Event, ...]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Message))


def goes_on(platform: Platform) -> Applied:
    """Another apply completes, and the cloud has exactly what the state has, each once."""
    platform.cloud.heal()
    again = platform.apply()
    assert (again.outcome.status, again.outcome.error) == ("succeeded", None)
    assert platform.held() == platform.existing()
    assert [len(ids) for ids in platform.existing().values()] == [1] * 9
    assert not any(state.pending for state in platform.states().values())
    assert platform.plan().plan.changes == ()
    assert not notes(platform)
    return again


def notes(platform: Platform) -> list[Path]:
    return list((platform.folder / "data").rglob("unsaved/*.json"))


def test_write_access_that_is_revoked_ends_the_run_and_loses_nothing(platform: Platform, freezing: None) -> None:
    folder = stacks(platform)
    with after(platform, 2, lambda: frozen(folder)):
        first = platform.apply()
    thawed(folder)
    assert first.outcome.status == "failed"
    assert str(first.outcome.error).startswith(
        f"layer foundation stopped, its state cannot be saved: `{folder}` cannot be written: "
    )
    assert str(first.outcome.error).endswith(f"make it writable, then {AGAIN}")
    assert "waiting 1 s for that to change" in said(first.events)
    assert first.outcome.seconds < PATIENCE_SECONDS
    assert len(platform.existing()) < 9
    goes_on(platform)


def test_a_destroy_whose_state_cannot_be_written_goes_on(platform: Platform, freezing: None) -> None:
    platform.cloud.heal()
    assert platform.apply().outcome.status == "succeeded"
    folder, done = stacks(platform), len(platform.cloud.log())
    platform.cloud.inject(Fault("delay", "*", "delete", "0.3", remaining=1000))
    with after(platform, done + 2, lambda: frozen(folder)):
        first = platform.destroy()
    thawed(folder)
    assert (first.outcome.status, platform.existing() == {}) == ("failed", False)
    platform.cloud.heal()
    again = platform.destroy()
    assert (again.outcome.status, again.outcome.error) == ("succeeded", None)
    assert (platform.existing(), platform.held()) == ({}, {})


def test_write_access_that_comes_back_in_time_ends_nothing(
    platform: Platform, freezing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 30.0)
    folder = stacks(platform)
    told: list[str] = []

    def passing() -> None:
        frozen(folder)
        time.sleep(2.5)
        thawed(folder)
        told.append("thawed")

    with after(platform, 2, passing):
        first = platform.apply()
    assert (first.outcome.status, first.outcome.error, told) == ("succeeded", None, ["thawed"])
    assert "the state can be written again" in said(first.events)
    goes_on(platform)


def test_a_full_disk_loses_nothing(platform: Platform) -> None:
    state = platform.folder / "sandbox/state"
    state.mkdir(parents=True)
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(state)]
    if shutil.which("mount") is None or subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        with after(platform, 2, lambda: fill(state / "ballast")):
            first = platform.apply()
        assert first.outcome.status == "failed"
        assert "No space left on device" in str(first.outcome.error)
        assert AGAIN in str(first.outcome.error)
        (state / "ballast").unlink()
        # What a full disk has cut, in its place the copy.
        for one in damages(platform.deployment(), Backend(f"file://{state}")):
            assert "then `mlinfra state repair`" in str(first.outcome.error)
            put_back(Backend(f"file://{state}"), one)
        goes_on(platform)
    finally:
        subprocess.run(["umount", "--lazy", str(state)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as opened:
        try:
            while True:
                opened.write(bytes(4096))
        except OSError:
            return


def test_a_folder_that_is_gone_with_all_copies_is_made_again_from_the_note(platform: Platform) -> None:
    folder = stacks(platform)

    def swept() -> None:
        while not folder.is_file():  # the engine makes it again meanwhile
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(IsADirectoryError):
                folder.write_text("")

    with after(platform, 3, swept):
        first = platform.apply()
    assert first.outcome.status == "failed"
    assert len(notes(platform)) == 1
    folder.unlink()
    goes_on(platform)


@pytest.mark.parametrize("harm", ["cut", "removed"])
def test_a_state_that_somebody_breaks_under_the_engine_is_written_whole_again(platform: Platform, harm: str) -> None:
    file = stacks(platform) / "dev.json"
    with after(platform, 2, lambda: file.unlink() if harm == "removed" else os.truncate(file, 100)):
        assert platform.apply().outcome.status == "succeeded"
    goes_on(platform)


def test_a_state_that_was_deleted_is_missed_and_put_back(platform: Platform) -> None:
    platform.cloud.heal()
    assert platform.apply().outcome.status == "succeeded"
    for file in stacks(platform).iterdir():
        file.unlink()
    gone = "the state of `small-foundation/dev` is gone"
    for verb in (platform.plan, platform.apply, platform.destroy):
        with pytest.raises(EngineError, match=gone) as raised:
            verb()
        assert raised.value.hint == "`mlinfra state repair` puts the last copy back"
    backend = Backend(f"file://{platform.folder / 'sandbox/state'}")
    (found,) = damages(platform.deployment(), backend)
    assert found.gone
    assert put_back(backend, found) == ""
    goes_on(platform)


def test_a_note_that_cannot_be_read_stops_the_next_apply(platform: Platform) -> None:
    with platform.session() as session:
        (layer,) = [work.layer for work in platform.plan().works if work.changed]
        file = unsaved.note_file(session, layer)
    file.parent.mkdir(parents=True)
    file.write_text("{")
    first = platform.apply()
    assert (first.outcome.status, platform.existing()) == ("failed", {})
    assert f"`{file}` cannot be read" in str(first.outcome.error)
