"""How layers stand and what was done to them, from the files of a backend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine.stored_states import BLUEPRINT, state, update, urn, write

from mlinfra.blueprint import load
from mlinfra.commands import main
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend
from mlinfra.engine.events import Event
from mlinfra.engine.history import history
from mlinfra.engine.runs import Run
from mlinfra.engine.session import Options, Session
from mlinfra.engine.settle import settle
from mlinfra.errors import EngineError

BUCKET = urn("mlinfra:components:bucket$aws:s3/bucket:Bucket", "lake")
RESOURCES = [
    {"urn": urn("mlinfra:components:bucket", "lake"), "type": "mlinfra:components:bucket", "custom": False},
    {"urn": urn("pulumi:providers:aws", "aws"), "type": "pulumi:providers:aws", "custom": True},
    {"urn": BUCKET, "type": "aws:s3/bucket:Bucket", "custom": True},
]
PENDING = [{"type": "creating", "resource": {"urn": BUCKET + "-new"}}]
LOCK = {"pid": 42, "username": "alice", "hostname": "ci", "timestamp": "2026-07-01T10:00:00Z"}
FIRST = Run("apply", "0000000a", "1.0.0", "alice", "abcdef012345*").message
BEGAN = 1_782_900_000
REPAIR = "`mlinfra state repair` shows what can be done"


@pytest.fixture
def folder(sandbox: object, tmp_path: Path) -> Path:
    Path("shop.yaml").write_text(BLUEPRINT)
    found = tmp_path / "sandbox" / "state"
    write(found, "stacks/shop-foundation/dev.json", state({}, RESOURCES, PENDING))
    write(found, "stacks/shop-cluster/dev.json", "{")
    write(found, "locks/organization/shop-foundation/dev/x.json", json.dumps(LOCK))
    write(found, "locks/organization/other-foundation/dev/y.json", json.dumps(LOCK))
    write(found, "history/shop-foundation/dev/dev-1.history.json", update("update", BEGAN, FIRST))
    write(found, "history/shop-cluster/dev/dev-1.history.json", update("update", BEGAN + 9, FIRST, "failed"))
    write(found, "history/shop-foundation/dev/dev-2.history.json", update("refresh", BEGAN + 99, "by hand"))
    return found


def test_status_as_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--sandbox"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "LAYER       RESOURCES  LAST               WHEN",
        "foundation          1  refresh succeeded  2026-07-01 10:01 UTC",
        "cluster             ?  update failed      2026-07-01 10:00 UTC",
        "foundation: creating lake-new (aws:s3/bucket:Bucket) was begun, and may still be in work: the layer is locked",
        "foundation: locked by alice@ci (process 42) since 2026-07-01 10:00 UTC",
        f"cluster: the state of `shop-cluster/dev` is damaged: `.pulumi/stacks/shop-cluster/dev.json` is not JSON; {REPAIR}",
    ]


def test_a_state_of_a_newer_version_is_not_guessed_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = json.loads(state({}, RESOURCES)) | {"version": 4}
    write(folder, "stacks/shop-foundation/dev.json", json.dumps(newer))
    assert main(["plan", "--sandbox"]) == 4
    assert capsys.readouterr().err.splitlines() == [
        "error: the state of `shop-foundation/dev` has version 4, and this mlinfra reads up to 3",
        "hint: a newer Pulumi CLI wrote it: use a newer mlinfra, too",
    ]
    assert main(["state", "repair", "--sandbox", "--yes"]) == 4
    assert json.loads((folder / ".pulumi/stacks/shop-foundation/dev.json").read_text()) == newer


def test_status_as_a_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--sandbox", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    first, second = document.pop("layers")
    assert document == {
        "mlinfra_status": 1,
        "blueprint": "shop",
        "environment": "dev",
        "backend": f"file://{folder}",
    }
    assert first.pop("modified") is not None
    assert first == {
        "layer": "foundation",
        "resources": 1,
        "last": {
            "number": 2,
            "kind": "refresh",
            "result": "succeeded",
            "began": "2026-07-01T10:01:39+00:00",
            "ended": "2026-07-01T10:01:44+00:00",
            "changes": {"create": 2},
            "message": "by hand",
        },
        "pending": [{"operation": "creating", "urn": BUCKET + "-new"}],
        "locks": [{"user": "alice", "host": "ci", "process": 42, "since": "2026-07-01T10:00:00+00:00"}],
        "problem": None,
    }
    assert (second["layer"], second["resources"], second["problem"] is None) == ("cluster", 0, False)


def test_updates_of_one_command_are_one_operation(folder: Path) -> None:
    newest, oldest = history(load("shop.yaml"), Backend(f"file://{folder}"))
    assert (newest.number, newest.name, newest.run, newest.result) == (2, "refresh", None, "succeeded")
    assert (oldest.number, oldest.name, oldest.run) == (1, "apply", Run.read(FIRST))
    assert (oldest.result, oldest.changes) == ("failed", {"create": 4})
    assert [layer.label for layer, _ in oldest.updates] == ["foundation", "cluster"]


def test_history_newest_first_and_limited(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--sandbox"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "NUMBER  WHEN (UTC)        WHAT     RESULT     CHANGES    BY     COMMIT",
        "     2  2026-07-01 10:01  refresh  succeeded  2 created",
        "     1  2026-07-01 10:00  apply    failed     4 created  alice  abcdef012345*",
    ]
    assert main(["history", "--sandbox", "--limit", "1", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["mlinfra_history"], document["total"]) == (1, 2)
    assert [(one["number"], one["id"]) for one in document["operations"]] == [(2, None)]


@pytest.mark.parametrize(
    "run",
    [
        Run("apply", "0123abcd", "0.1.0.dev1+local", "a user, with a comma", None),
        Run("rollback", "ffffffff", "1.2.3", "root", "0123456789ab"),
    ],
)
def test_a_run_is_read_from_its_message(run: Run) -> None:
    assert Run.read(run.message) == run


@pytest.mark.parametrize("message", ["", "by hand", "mlinfra apply", "mlinfra apply XYZ, version 1, by a"])
def test_other_messages_are_no_run(message: str) -> None:
    assert Run.read(message) is None


def test_unlock_takes_only_the_locks_of_this_deployment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left = folder / ".pulumi/locks/organization/other-foundation/dev/y.json"
    mine = folder / ".pulumi/locks/organization/shop-foundation/dev/x.json"
    assert main(["state", "unlock", "--sandbox"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("foundation: locked by alice@ci (process 42) since 2026-07-01 10:00 UTC\nerror: ")
    assert (said.out, mine.exists()) == ("", True)
    assert main(["state", "unlock", "--sandbox", "--yes"]) == 0
    assert (mine.exists(), left.exists()) == (False, True)
    assert main(["state", "unlock", "--sandbox", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing is locked"


def test_a_lock_by_hand_is_on_every_layer_until_it_is_taken_away(
    sandbox: object, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("shop.yaml").write_text(BLUEPRINT)
    assert main(["state", "lock", "--sandbox"]) == 0
    everything = "foundation, cluster, platform, workloads"
    assert capsys.readouterr().out == f"locked: {everything}; `mlinfra state unlock` takes it back\n"
    assert main(["state", "lock", "--sandbox"]) == 4
    assert capsys.readouterr().err.startswith("error: layer foundation is locked by ")
    session = Session(load("shop.yaml"), Options(sandbox=True))
    heard: list[Event] = []
    with pytest.raises(EngineError, match=r"(?s)locked by .*, by hand since .*ask them: `mlinfra state unlock` takes"):
        settle(session, Layer.FOUNDATION, heard.append)
    assert main(["state", "unlock", "--sandbox", "--yes"]) == 0
    assert capsys.readouterr().out.startswith(f"unlocked: {everything}; ")
    settle(session, Layer.FOUNDATION, heard.append)
    assert heard == []
