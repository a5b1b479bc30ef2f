"""The life of a deployment as JSON. That each document keeps to its schema is checked where it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands.running import SMALL, run
from engine.fake_kms import kms

from mlinfra.engine.sandbox import Cloud
from mlinfra.engine.sandbox.cloud import Fault

pytestmark = pytest.mark.usefixtures("cli", "sandbox")
IDLE = {
    "mlinfra_outcome": 1,
    "status": "succeeded",
    "seconds": 0.0,
    "done": {},
    "layers": {},
    "failed_layer": None,
    "error": None,
    "failures": [],
    "unfinished": [],
    "not_begun": [],
    "log": None,
}
KMS = "awskms://alias/state?region=eu-west-1"


def document(capsys: pytest.CaptureFixture[str], arguments: str, code: int = 0) -> dict[str, Any]:
    words = [*arguments.split(), "-e", "dev", "--sandbox", "--format", "json"]
    result = run(capsys, *words)
    assert result.code == code, result.err + result.out
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_a_whole_life(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Any) -> None:
    Path("shop.yaml").write_text(SMALL)
    for verb in ("rollback", "destroy"):
        assert document(capsys, verb) == {**IDLE, "operation": verb}
    cloud = Cloud(sandbox.folder / "cloud.db")
    cloud.inject(Fault("fail", "*::lake", "create", "AccessDenied: not authorized to perform s3:CreateBucket"))
    waiting = json.loads(run(capsys, "sandbox", "--format", "json").out)
    assert [one["kind"] for one in waiting["faults"]] == ["fail"]

    failed = document(capsys, "apply --yes", code=4)
    assert [one["name"] for one in failed["failures"]] == ["lake"]
    assert document(capsys, "apply --yes")["done"]["create"] > 0
    assert document(capsys, "apply") == {**IDLE, "operation": "apply"}

    cloud.change("lake", {"tags": {"by": "hand"}})
    drifted = document(capsys, "drift", code=1)
    assert [(one["operation"], one["component"]) for one in drifted["steps"]] == [("update", "lake")]
    assert document(capsys, "apply --yes --refresh --set tags.team=ml")["status"] == "succeeded"
    assert document(capsys, "rollback --yes")["operation"] == "rollback"
    assert [one["operation"] for one in document(capsys, "history")["operations"]] == ["rollback", *["apply"] * 3]
    (layer,) = document(capsys, "status")["layers"]
    assert (layer["layer"], layer["last"]["result"], layer["problem"]) == ("foundation", "succeeded", None)
    assert document(capsys, "outputs")["outputs"].keys() == {"lake"}
    held = json.loads(run(capsys, "sandbox", "--format", "json").out)["resources"]
    assert len(held) == layer["resources"]

    assert document(capsys, "state repair --yes") == {
        "mlinfra_repair": 1,
        "put_back": [],
        "forgotten": [],
        "copies": [],
        "left": [],
    }
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with kms() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", address)
        changed = document(capsys, f"state change-secrets {KMS} --yes")
    assert changed == {
        "mlinfra_change_secrets": 1,
        "provider": KMS,
        "layers": [{"layer": "foundation", "before": "passphrase"}],
    }
    exported = json.loads(run(capsys, "state", "export", "-", "-e", "dev", "--sandbox").out)
    assert exported["layers"].keys() == {"foundation"}


def test_what_is_taken_over_is_planned(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.yaml").write_text(SMALL)
    found = document(capsys, "import lake.lake some-bucket --plan")
    assert [one["operation"] for one in found["steps"] if one["urn"].endswith("::lake")] == ["import"]
    assert document(capsys, "drift") == {
        "mlinfra_drift": 1,
        "blueprint": "shop",
        "environment": "dev",
        "resources": 0,
        "steps": [],
    }
