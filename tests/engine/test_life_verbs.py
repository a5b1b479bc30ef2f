"""The verbs around the life of a deployment, on the real CLI over the simulated cloud."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands.running import process, run
from engine.fake_kms import kms

from mlinfra.blueprint import load
from mlinfra.components._context import Layer
from mlinfra.engine.decryption import decrypter
from mlinfra.engine.repair import forget, unfinished
from mlinfra.engine.sandbox import Cloud
from mlinfra.engine.session import Options, Session
from mlinfra.errors import EngineError

BLUEPRINT = """\
mlinfra: 1
name: shop
variables:
  days: {type: integer, default: 7}
environments:
  dev: {region: eu-west-1}
components:
  lake: {kind: bucket, expire_days: "${var.days}"}
"""
OWN = BLUEPRINT + '  own: {kind: python, module: "own_things"}\n'
CODE = """\
import pulumi_aws as aws

def make(name, *, context, opts):
    aws.sqs.Queue(name + "-jobs", delay_seconds=%d, opts=opts)
"""
pytestmark = pytest.mark.usefixtures("cli", "sandbox")


@pytest.fixture
def shop() -> Path:
    path = Path("shop.yaml")
    path.write_text(BLUEPRINT)
    return path


def done(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command writes that succeeds."""
    result = run(capsys, *arguments, "--sandbox")
    assert result.code == 0, result.err + result.out
    return result.out


def operations(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(capsys, "history", "--format", "json"))["operations"]
    return found


def summary(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, int]:
    plan = json.loads(done(capsys, "plan", "--format", "json", *arguments))
    return {operation: count for operation, count in plan["summary"].items() if count}


def expires(folder: Path) -> int:
    (rule,) = (
        one for one in Cloud(folder / "cloud.db").resources() if one.type.endswith("BucketLifecycleConfiguration")
    )
    days: int = next(
        entry["expiration"]["days"] for entry in rule.inputs["rules"] if "days" in entry.get("expiration", {})
    )
    return days


def test_back_to_an_earlier_blueprint_with_its_sets_and_variables(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sandbox: Any
) -> None:
    monkeypatch.setenv("MLINFRA_VAR_days", "11")
    done(capsys, "apply", "--yes", "--set", "tags.team=ml")
    monkeypatch.delenv("MLINFRA_VAR_days")
    shop.write_text(BLUEPRINT.replace("default: 7", "default: 30"))
    done(capsys, "apply", "--yes")
    assert expires(sandbox.folder) == 30
    refused = run(capsys, "rollback", "--sandbox")
    assert (refused.code, refused.out, expires(sandbox.folder)) == (2, "", 30)
    assert refused.err.startswith("back to operation 1 of ")
    assert json.loads(done(capsys, "rollback", "--yes", "--format", "json"))["status"] == "succeeded"
    assert expires(sandbox.folder) == 11
    assert [(one["number"], one["operation"], one["result"]) for one in operations(capsys)] == [
        (3, "rollback", "succeeded"),
        (2, "apply", "succeeded"),
        (1, "apply", "succeeded"),
    ]
    # The file is as it was: the next apply would go forward again.
    assert summary(capsys, "--set", "variables.days=11", "--set", "tags.team=ml") == {"unchanged": 7}
    done(capsys, "rollback", "2", "--yes")
    assert (expires(sandbox.folder), summary(capsys)) == (30, {"unchanged": 7})
    assert done(capsys, "rollback", "2") == "nothing to do\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["9"], "there is no operation 9"),
        (["x"], "`x` is not the number of an operation"),
        ([], "nothing else was applied before"),
        (["2"], "operation 2, `destroy`, keeps no blueprint"),
    ],
)
def test_a_rollback_to_nowhere_is_refused(
    words: list[str], message: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done(capsys, "apply", "--yes")
    if words == ["2"]:
        done(capsys, "destroy", "--yes")
    result = run(capsys, "rollback", *words, "--sandbox", "--yes")
    assert (result.code, result.err.splitlines()[0]) == (2, f"error: {message}")


def test_a_rollback_brings_code_of_the_user_back(shop: Path, sandbox: Any) -> None:
    def mlinfra(*arguments: str) -> tuple[int, str]:
        result = process(
            *arguments,
            cwd=Path.cwd(),
            **{**sandbox.environ, "PYTHONPATH": f"{Path.cwd()}:{sandbox.environ.get('PYTHONPATH', '')}"},
        )
        return result.code, result.err

    def delay() -> float:
        (queue,) = (one for one in Cloud(sandbox.folder / "cloud.db").resources() if one.type == "aws:sqs/queue:Queue")
        seconds: float = queue.inputs["delaySeconds"]
        return seconds

    shop.write_text(OWN)
    code = Path("own_things.py")
    for seconds in (5, 50):
        code.write_text(CODE % seconds)
        assert mlinfra("apply", "--sandbox", "--yes")[0] == 0
    assert delay() == 50
    assert mlinfra("rollback", "--sandbox", "--yes")[0] == 0
    assert (delay(), code.read_text()) == (5, CODE % 50)


def test_pending_creates_are_forgotten_together_and_a_copy_is_kept(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done(capsys, "apply", "--yes")
    with Session(load("shop.yaml"), Options(sandbox=True)) as session:
        key = ".pulumi/stacks/shop-foundation/dev.json"
        document = json.loads(session.backend.store.read(key) or b"")
        bucket = next(
            one for one in document["checkpoint"]["latest"]["resources"] if one["type"] == "aws:s3/bucket:Bucket"
        )
        pending = [
            {"type": "creating", "resource": {**bucket, "urn": f"{bucket['urn']}-{name}", "id": ""}}
            for name in ("a", "b")
        ]
        document["checkpoint"]["latest"]["pending_operations"] = pending
        session.backend.store.write(key, json.dumps(document).encode())
        first, second = unfinished(session.deployment, session.backend)
        with pytest.raises(EngineError, match="`lake-b` of the same layer was being created, too"):
            forget(session, [first])
        (copy,) = forget(session, [first, second])
        assert unfinished(session.deployment, session.backend) == ()
        assert json.loads(copy.read_text())["deployment"]["pending_operations"] == pending
        state = session.state(Layer.FOUNDATION)
    assert state is not None
    assert [one["urn"] for one in state.resources] == [
        one["urn"] for one in document["checkpoint"]["latest"]["resources"]
    ]
    assert summary(capsys) == {"unchanged": 7}


def test_an_exported_state_is_the_one_that_pulumi_exports(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done(capsys, "apply", "--yes")
    with Session(load("shop.yaml"), Options(sandbox=True)) as session:
        theirs = json.loads(session.run("stack", "export", "--stack", "organization/shop-foundation/dev"))
    Path("states").mkdir()
    assert done(capsys, "state", "export", "states") == "states/shop-foundation.dev.json\n"
    ours = json.loads(Path("states/shop-foundation.dev.json").read_text())
    assert ours["deployment"]["resources"] == theirs["deployment"]["resources"]
    assert ours["deployment"]["secrets_providers"] == theirs["deployment"]["secrets_providers"]
    assert json.loads(done(capsys, "state", "export", "-"))["layers"]["foundation"]["deployment"] == ours["deployment"]
    done(capsys, "state", "export", "all")
    for given in ("states", "all"):
        assert "  No changes.\n" in done(capsys, "plan", "--against", given)
    assert "against nothing" not in done(capsys, "plan", "--against", "all")
    refused = run(capsys, "state", "export", "states", "--sandbox")
    assert refused.err.startswith("error: `states/shop-foundation.dev.json` exists, and nothing is overwritten")
    assert Path("states/shop-foundation.dev.json").stat().st_mode & 0o777 == 0o600
    with Session(load("shop.yaml"), Options(sandbox=True)) as session:
        session.run(
            "stack",
            "import",
            "--stack",
            "organization/shop-foundation/dev",
            "--file",
            str(Path("states/shop-foundation.dev.json").absolute()),
        )
    assert summary(capsys) == {"unchanged": 7}


def lost(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(state)


def cut(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every file of the state is cut in half, so that none can take another's place."""
    for path in [*state.rglob("*.json"), *state.rglob("*.bak")]:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused = run(capsys, "state", "repair", "--yes", "--sandbox")
    assert (refused.code, refused.err.splitlines()[1:]) == (
        4,
        [
            "error: no copy of the state of layer foundation is whole",
            (
                "hint: older versions may be in a backup of the disk, or among the versions of the bucket; "
                "where there is none, `--start-over` begins with an empty state"
            ),
        ],
    )
    said = done(capsys, "state", "repair", "--start-over", "--yes")
    assert said.startswith("foundation: an empty state is in its place; the damaged one is .pulumi/stacks/")


@pytest.mark.parametrize("harm", [lost, cut])
def test_what_exists_is_adopted_and_nothing_is_created(
    shop: Path, capsys: pytest.CaptureFixture[str], sandbox: Any, harm: Any
) -> None:
    done(capsys, "apply", "--yes")
    harm(sandbox.folder / "state", capsys)
    cloud = Cloud(sandbox.folder / "cloud.db")
    before = cloud.log()
    ids = {(one.type, one.urn.rpartition("::")[2]): one.id for one in cloud.resources()}
    listed = json.loads(done(capsys, "adopt", "--format", "json"))["names"]
    assert len(listed) == len(ids) == 7
    wanted = {one["name"]: ids[one["type"], one["name"].partition(".")[2]] for one in listed}
    plan = json.loads(done(capsys, "import", "lake.lake", wanted["lake.lake"], "--plan", "--format", "json"))
    assert [
        (step["operation"], step["urn"].rpartition("::")[2]) for step in plan["steps"] if step["operation"] == "import"
    ] == [("import", "lake")]
    Path("ids.json").write_text(json.dumps(wanted))
    outcome = json.loads(done(capsys, "adopt", "--ids", "ids.json", "--yes", "--format", "json"))
    assert outcome["layers"]["foundation"]["import"] == 7
    assert (cloud.log(), summary(capsys)) == (before, {"unchanged": 7})
    assert done(capsys, "adopt") == "# everything is managed already\n"
    other = run(capsys, "import", "lake.lake", "another", "--sandbox", "--yes")
    assert (other.code, other.err.splitlines()[0]) == (
        2,
        f"error: `lake.lake` is managed already, as `{wanted['lake.lake']}`",
    )


def test_what_does_not_exist_is_not_imported(shop: Path, capsys: pytest.CaptureFixture[str], sandbox: Any) -> None:
    result = run(capsys, "import", "lake.lake", "nowhere", "--sandbox", "--yes")
    assert (result.code, "resource 'nowhere' does not exist" in result.out) == (4, True)
    assert not [one for one in Cloud(sandbox.folder / "cloud.db").resources() if one.type == "aws:s3/bucket:Bucket"]


def test_secrets_are_encrypted_anew_and_apply_goes_on(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(name, value)
    done(capsys, "apply", "--yes")
    provider = "awskms://alias/state?region=eu-west-1"
    with kms() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", address)
        assert (
            done(capsys, "state", "change-secrets", provider, "--yes")
            == f"set `secrets: {provider}` in environment `dev`\n"
        )
        assert done(capsys, "state", "change-secrets", provider, "--yes").startswith("nothing to do")
        refused = run(capsys, "apply", "--yes", "--sandbox", "--set", "variables.days=8")
        assert (refused.code, "the state is encrypted with `awskms://" in refused.err) == (4, True)
        done(capsys, "apply", "--yes", "--set", f"secrets={provider}", "--set", "variables.days=8")
        with Session(load("shop.yaml"), Options(sandbox=True)) as session:
            state = session.state(Layer.FOUNDATION)
        assert state is not None
        assert decrypter(state, None) is not None
        done(capsys, "state", "change-secrets", "passphrase", "--yes")
    monkeypatch.delenv("AWS_ENDPOINT_URL_KMS")
    done(capsys, "apply", "--yes", "--set", "variables.days=9")
    assert summary(capsys, "--set", "variables.days=9") == {"unchanged": 7}
