"""`plan` and `apply` against a real state: gates, plan files, age, pending operations, exported states, secrets."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commands.running import Result, run

from mlinfra.engine.backend import Backend
from mlinfra.engine.exported import exported

SHOP = """\
mlinfra: 1
name: shop
variables:
  days: {type: integer, default: 7}
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1, protected: true}
components:
  lake: {kind: bucket, expire_days: "${var.days}"}
  own: {kind: python, module: things}
"""
CODE = """\
import pulumi
import pulumi_aws as aws

def make(name, *, context, opts):
    aws.s3.Bucket(name + "-store", bucket=f"{context.environment}-%s", opts=opts)
    aws.ssm.Parameter(name + "-key", name="key", type="SecureString", value=pulumi.Output.secret("%s"), opts=opts)
"""
GATE = "replace `own-store` (aws:s3/bucket:Bucket): "
pytestmark = pytest.mark.usefixtures("cli", "sandbox")


def things(name: str = "one", value: str = "first-secret-value") -> None:
    Path("things.py").write_text(CODE % (name, value))


@pytest.fixture
def shop() -> Path:
    path = Path("shop.yaml")
    path.write_text(SHOP)
    things()
    return path


@pytest.fixture
def ml(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command over the simulated cloud; modules of the blueprint are read anew each time."""
    import sys

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(Path.cwd()))

    def command(*arguments: str) -> Result:
        sys.modules.pop("things", None)
        importlib.invalidate_caches()
        return run(capsys, *arguments, "--sandbox")

    return command


def applied(ml: Any, environment: str = "dev", *more: str) -> None:
    result = ml("apply", "-e", environment, "--yes", *more)
    assert result.code == 0, result.err + result.out


def document(ml: Any, *more: str) -> dict[str, Any]:
    result = ml("plan", "-e", "dev", "--format", "json", *more)
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    schema = json.loads((Path(__file__).parents[2] / "mlinfra" / "plan" / "plan.schema.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    return found


def states(sandbox: Any, environment: str = "dev") -> list[Path]:
    return sorted((sandbox.folder / "state" / ".pulumi" / "stacks").glob(f"*/{environment}.json"))


def changes(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["operation"], step["urn"].rpartition("::")[2]) for step in found["steps"]]


def test_an_unchanged_deployment_has_no_changes_and_an_age(shop: Path, ml: Any, sandbox: Any) -> None:
    applied(ml)
    for file in states(sandbox):
        os.utime(file, (file.stat().st_mtime - 2 * 3600 - 60,) * 2)
    result = ml("plan", "-e", "dev", "--detailed-exitcode")
    heading = result.out.splitlines()[0]
    assert (result.code, heading.split("  ")[0], heading.split("  ")[-1].strip()) == (
        0,
        "shop · dev · eu-west-1 · simulated",
        "state: 2 hours old",
    )
    assert "No changes." in result.out
    found = document(ml)
    assert (found["against"], found["state"]["pending"], found["steps"]) == ("state", [], [])


def test_a_stored_graph_says_the_same_as_a_new_one(shop: Path, ml: Any) -> None:
    shop.write_text(SHOP.replace("  own: {kind: python, module: things}\n", ""))
    applied(ml)
    first, again, anew = document(ml), document(ml), document(ml, "--no-cache")
    assert first == again == anew


def test_a_secret_that_changes_is_told_and_not_shown(shop: Path, ml: Any) -> None:
    applied(ml)
    things(value="second-secret-value")
    for _ in range(2):  # a graph with a secret in it is never taken from the store
        result = ml("plan", "-e", "dev", "--detailed-exitcode")
        assert (result.code, "value  (secret) changes" in result.out) == (2, True)
        assert "secret-value" not in result.out + result.err


def test_secrets_that_cannot_be_read_are_said_to_be_unknown(shop: Path, ml: Any, sandbox: Any) -> None:
    applied(ml)
    (sandbox.folder / "state" / "mlinfra-passphrase").rename("elsewhere")
    things(value="second-secret-value")
    result = ml("plan", "-e", "dev")
    assert "No changes." in result.out
    assert result.err.splitlines() == [
        (
            "workloads: the state holds secrets that cannot be read here, and whether they change is not known; "
            "set `PULUMI_CONFIG_PASSPHRASE`, or name its file with `PULUMI_CONFIG_PASSPHRASE_FILE`"
        )
    ]


def test_a_wrong_passphrase_is_said(shop: Path, ml: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(ml)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong-one")
    result = ml("plan", "-e", "dev")
    assert (result.code, result.out) == (4, "")
    assert result.err.splitlines()[0] == (
        "error: the passphrase from `PULUMI_CONFIG_PASSPHRASE` is not the one that the state was encrypted with"
    )


def test_operations_without_an_end_are_said_with_what_to_do(shop: Path, ml: Any, sandbox: Any) -> None:
    applied(ml)
    file = next(path for path in states(sandbox) if "foundation" in str(path))
    state = json.loads(file.read_text())
    latest = state["checkpoint"]["latest"]
    resource = next(item for item in latest["resources"] if item["urn"].endswith("::lake-tls"))
    latest["pending_operations"] = [{"type": "updating", "resource": resource}]
    file.write_text(json.dumps(state))
    assert ml("plan", "-e", "dev").err.splitlines() == [
        (
            "foundation: updating `lake-tls` was begun, and nobody saw how it ended: "
            "`mlinfra apply` looks first, and says what to do where it cannot tell"
        )
    ]
    lock = {"username": "alice", "hostname": "ci", "pid": 42, "timestamp": "2026-07-01T10:00:00Z"}
    folder = sandbox.folder / "state" / ".pulumi" / "locks" / "organization" / "shop-foundation" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.json").write_text(json.dumps(lock))
    assert ml("plan", "-e", "dev").err.splitlines() == [
        "foundation: updating `lake-tls` was begun, and may still be in work: the layer is locked"
    ]
    assert document(ml)["state"]["pending"] == [
        {"layer": "foundation", "operation": "updating", "urn": resource["urn"]}
    ]


def test_a_name_that_is_still_taken_is_foretold_and_free_after_one_apply_without_it(shop: Path, ml: Any) -> None:
    applied(ml)
    shop.write_text(SHOP.replace("  own:", "  other:"))
    foretold = [
        f"`other-{child}` finds the name `{name}` taken: it is created before `own-{child}` of workloads goes; "
        "apply once without it, and then with it"
        for child, name in (("store", "dev-one"), ("key", "key"))
    ]
    assert ml("plan", "-e", "dev").err.splitlines() == foretold
    failed = ml("apply", "-e", "dev", "--yes")
    assert (failed.code, [line for line in failed.err.splitlines() if "finds the name" in line]) == (4, foretold)
    assert "already exists" in failed.out
    shop.write_text(SHOP.partition("  own:")[0])
    applied(ml)
    shop.write_text(SHOP.replace("  own:", "  other:"))
    applied(ml)
    assert document(ml)["steps"] == []


def test_a_gate_stops_an_apply_before_anything_and_allow_lets_it_through(shop: Path, ml: Any) -> None:
    applied(ml, "prod")
    things("two")
    shown = ml("plan", "-e", "prod")
    assert "          blocked: allow with `--allow replace:own`" in shown.out.splitlines()
    refused = ml("apply", "-e", "prod", "--yes")
    assert (refused.code, refused.out) == (1, "")
    assert [line for line in refused.err.splitlines() if "gate" in line or "replace:own`" in line][-3:] == [
        "error: a gate stops this plan, and nothing was changed",
        "  `replace:own`: " + GATE + "data loss: `bucket` cannot be changed in place, and the old one goes first;"
        " the objects in the bucket are gone, or the deletion stops because there are some",
        "hint: `--allow replace:own` lets it happen",
    ]
    assert ml("plan", "-e", "prod", "--detailed-exitcode").code == 2
    unknown = ml("apply", "-e", "prod", "--yes", "--allow", "replace:onw")
    assert (unknown.code, unknown.err.splitlines()) == (
        2,
        ["error: there is no gate `replace:onw`", "hint: there is `replace:own`"],
    )
    applied(ml, "prod", "--allow", "replace:own")
    assert ml("plan", "-e", "prod", "--detailed-exitcode", "--allow", "replace:own").code == 0


def test_what_is_protected_is_released_where_it_was_allowed_to_go(shop: Path, ml: Any) -> None:
    applied(ml, "prod")
    shop.write_text(SHOP.replace('  lake: {kind: bucket, expire_days: "${var.days}"}\n', ""))
    refused = ml("apply", "-e", "prod", "--yes")
    assert (refused.code, refused.err.splitlines()[-1]) == (1, "hint: `--allow keep:lake` lets it happen")
    applied(ml, "prod", "--allow", "keep:lake")
    assert ml("plan", "-e", "prod", "--detailed-exitcode").code == 0


def test_a_plan_in_a_file_is_applied_without_a_question_and_only_once(shop: Path, ml: Any) -> None:
    made = ml("plan", "-e", "dev", "--set", "variables.days=9", "--out", "plan.json")
    assert (made.code, made.err.splitlines()) == (0, ["`mlinfra apply plan.json` applies this plan"])
    first = ml("apply", "plan.json")
    assert (first.code, first.out.partition(" in ")[0]) == (0, "apply succeeded (simulated)"), first.err
    assert document(ml, "--set", "variables.days=9")["steps"] == []
    again = ml("apply", "plan.json")
    assert (again.code, again.err.splitlines()[-4:]) == (
        1,
        [
            "error: the plan is out of date, and nothing was changed",
            "  the state of layer foundation has changed",
            "  the state of layer workloads has changed",
            "hint: `mlinfra plan --out` makes it again",
        ],
    )


def test_a_plan_file_holds_what_was_allowed_and_no_secret(shop: Path, ml: Any) -> None:
    applied(ml, "prod")
    things("two", "second-secret-value")
    ml("plan", "-e", "prod", "--out", "stopped.json")
    assert ml("apply", "stopped.json").code == 1
    ml("plan", "-e", "prod", "--out", "plan.json", "--allow", "replace:own")
    text = Path("plan.json").read_text()
    found = json.loads(text)
    assert (found["mlinfra_plan_file"], found["environment"], found["sandbox"], found["allowed"]) == (
        1,
        "prod",
        True,
        ["replace:own"],
    )
    assert "secret-value" not in text
    assert Path("plan.json").stat().st_mode & 0o777 == 0o600
    assert ml("apply", "plan.json").code == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("blueprint", ["`shop.yaml` has changed"]),
        ("module", ["`things.py` has changed"]),
        ("state", ["the state of layer foundation has changed"]),
        ("place", ["the state is kept in another place", "the state of layer foundation has changed"]),
        ("package", ["mlinfra is 0.1.0, and was 0.0.9"]),
        (
            "variable",
            [
                (
                    "the same files make something else: a variable `MLINFRA_VAR_…`, the account of the credentials, "
                    "or a package has changed"
                )
            ],
        ),
    ],
)
def test_a_plan_that_is_out_of_date_is_refused(
    change: str, said: list[str], shop: Path, ml: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(ml)
    ml("plan", "-e", "dev", "--set", "tags.team=ml", "--out", "plan.json")
    if change == "blueprint":
        shop.write_text(SHOP + "# another\n")
    elif change == "module":
        things("two")
    elif change == "state":
        file = states(sandbox)[0]
        state = json.loads(file.read_text())
        state["checkpoint"]["latest"]["manifest"]["time"] = "2026-01-01T00:00:00Z"
        file.write_text(json.dumps(state))
    elif change == "place":
        monkeypatch.setenv("MLINFRA_SANDBOX", str(sandbox.folder.with_name("another")))
        said = said[:1]
    elif change == "package":
        text = Path("plan.json").read_text()
        Path("plan.json").write_text(text.replace('"version": "0.1.0"', '"version": "0.0.9"', 1))
    else:
        monkeypatch.setenv("MLINFRA_VAR_days", "11")
    result = ml("apply", "plan.json")
    assert (result.code, result.out) == (1, "")
    assert [line.strip() for line in result.err.splitlines()[-2 - len(said) :]] == [
        "error: the plan is out of date, and nothing was changed",
        *said,
        "hint: `mlinfra plan --out` makes it again",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("apply", "plan.json", "-e", "dev"), "`--environment` cannot be chosen for the plan in `plan.json`: it was made already"),
        (("apply", "plan.json", "--refresh"), "`--refresh` cannot be chosen for the plan in `plan.json`: it was made already"),
        (("plan", "--against", "environment:prod", "-e", "dev", "--out", "x"), "`--out` is for a blueprint against its own state: nothing else can be applied"),
        (("plan", "-e", "dev", "--out", "nowhere/plan.json"), "the plan cannot be written to `nowhere/plan.json`: No such file or directory"),
    ],
)  # fmt: skip
def test_what_plan_files_refuse(arguments: tuple[str, ...], message: str, shop: Path, ml: Any) -> None:
    ml("plan", "-e", "dev", "--out", "plan.json")
    result = ml(*arguments)
    assert (result.code, [line for line in result.err.splitlines() if line.startswith("error")]) == (
        2,
        [f"error: {message}"],
    )


def test_exported_states_of_all_layers_in_a_folder_are_one_state(shop: Path, ml: Any, sandbox: Any) -> None:
    applied(ml)
    folder = Path("exports")
    folder.mkdir()
    url = f"file://{sandbox.folder / 'state'}"
    for project in ("shop-foundation", "shop-workloads"):
        state = exported(url, project, "dev")
        assert state is not None
        stored = Backend(url).state(project, "dev")
        assert stored is not None
        assert state.deployment["resources"] == stored.deployment["resources"]
        (folder / f"{project}.json").write_text(json.dumps(state.document))
    found = document(ml, "--against", "exports")
    assert (found["against"], found["steps"]) == ("exports", [])
    things("two")
    assert changes(document(ml, "--against", "exports")) == [("replace", "own-store")]
    one = document(ml, "--against", "exports/shop-workloads.json")
    assert {operation for operation, name in changes(one) if name.startswith("lake")} == {"create"}


def test_a_stack_that_there_is_not_has_no_export(shop: Path, sandbox: Any) -> None:
    (sandbox.folder / "state").mkdir(parents=True)
    assert exported(f"file://{sandbox.folder / 'state'}", "shop-foundation", "dev") is None


def test_a_state_that_only_the_cli_reads_needs_it(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    alone = SHOP.replace("  own: {kind: python, module: things}\n", "")
    shop.write_text(alone.replace("dev: {region", "dev: {state: 'https://state.invalid', region"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop.parent))
    result = run(capsys, "plan", "-e", "dev")
    assert (result.code, result.err.splitlines()) == (
        4,
        [
            (
                "error: the state at `https://state.invalid` is read through the Pulumi CLI, and there is no Pulumi CLI on"
                " this machine"
            ),
            (
                "hint: `mlinfra engine install` installs one; or `--against` a folder with what `pulumi stack export` wrote"
                " of each layer"
            ),
        ],
    )
