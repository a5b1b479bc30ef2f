"""What a crash leaves behind, put right without losing anything."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from engine.stored_states import BLUEPRINT, state, urn, write

from mlinfra.blueprint import load
from mlinfra.commands import main
from mlinfra.engine.backend import Backend
from mlinfra.engine.repair import damages, put_back, unfinished
from mlinfra.errors import EngineError

STATE = "stacks/shop-foundation/dev.json"
OLD, NEW = state({"lake.name": "old"}), state({"lake.name": "new"}, [{"urn": "x", "type": "y"}])
LAKE = urn("mlinfra:components:bucket$aws:s3/bucket:Bucket", "lake")


@pytest.fixture
def folder(sandbox: object, tmp_path: Path) -> Path:
    Path("shop.yaml").write_text(BLUEPRINT)
    return tmp_path / "sandbox" / "state"


def at(path: Path, second: int) -> Path:
    os.utime(path, (second, second))
    return path


@pytest.mark.parametrize("damaged", ["", NEW[: len(NEW) // 2], "\x00" * 40, "[]"])
def test_the_youngest_whole_copy_takes_the_place_and_the_damaged_file_stays(damaged: str, folder: Path) -> None:
    file = at(write(folder, STATE, damaged), 400)
    at(write(folder, f"{STATE}.bak", OLD), 100)
    at(write(folder, "backups/shop-foundation/dev/dev.2.json", "{"), 300)
    at(write(folder, "history/shop-foundation/dev/dev-1.checkpoint.json", NEW), 200)
    deployment, backend = load("shop.yaml"), Backend(f"file://{folder}")
    (found,) = damages(deployment, backend)
    assert (found.copy, found.resources) == (".pulumi/history/shop-foundation/dev/dev-1.checkpoint.json", 2)
    kept = put_back(backend, found)
    assert (file.read_text(), (folder / kept).read_text()) == (NEW, damaged)
    assert damages(deployment, backend) == ()
    assert backend.stacks() == (("shop-foundation", "dev"),)


def test_a_packed_state_stays_packed(folder: Path) -> None:
    path = write(folder, f"{STATE}.gz", "")
    path.write_bytes(gzip.compress(NEW.encode())[:-20])
    write(folder, f"{STATE}.gz.bak", "").write_bytes(gzip.compress(OLD.encode()))
    backend = Backend(f"file://{folder}")
    (found,) = damages(load("shop.yaml"), backend)
    put_back(backend, found)
    assert gzip.decompress(path.read_bytes()).decode() == OLD


def test_without_a_copy_nothing_is_touched(folder: Path) -> None:
    file = write(folder, STATE, "{")
    backend = Backend(f"file://{folder}")
    (found,) = damages(load("shop.yaml"), backend)
    with pytest.raises(EngineError, match="no copy of the state of layer foundation is whole"):
        put_back(backend, found)
    assert [path.name for path in file.parent.iterdir()] == ["dev.json"]


def test_the_verb_asks_before_it_puts_a_copy_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(folder, STATE, "{")
    write(folder, f"{STATE}.bak", OLD)
    assert main(["state", "repair", "--sandbox"]) == 2
    assert (file.read_text(), capsys.readouterr().out) == ("{", "")
    assert main(["state", "repair", "--sandbox", "--yes"]) == 0
    assert file.read_text() == OLD
    assert capsys.readouterr().out.startswith(f"foundation: .pulumi/{STATE}.bak is in its place; the damaged one is ")
    assert main(["state", "repair", "--sandbox"]) == 0
    assert capsys.readouterr().out == "nothing to repair\n"


def test_each_unfinished_operation_comes_with_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parent = urn("mlinfra:components:bucket", "lake")
    pending = [
        {"type": "creating", "resource": {"urn": f"{LAKE}-new", "parent": parent}},
        {"type": "updating", "resource": {"urn": LAKE, "parent": parent}},
    ]
    write(folder, STATE, state({}, pending=pending))
    create, update = unfinished(load("shop.yaml"), Backend(f"file://{folder}"))
    assert create.advice == (
        "look whether it exists: if it does, `mlinfra import lake.lake-new ID` takes it in; "
        "if not, `mlinfra state repair --forget lake-new`"
    )
    assert update.advice == "`mlinfra apply --refresh` looks at what is really there, and goes on from that"
    assert main(["state", "repair", "--sandbox", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [(one["operation"], one["urn"]) for one in document["left"]] == [
        ("creating", f"{LAKE}-new"),
        ("updating", LAKE),
    ]
    assert main(["state", "repair", "--sandbox", "--forget", "nothing"]) == 2
    assert "nothing unfinished is called `nothing`" in capsys.readouterr().err
    assert main(["state", "repair", "--sandbox", "--forget", "lake", "--yes"]) == 4
    assert "`lake` was not being created" in capsys.readouterr().err
