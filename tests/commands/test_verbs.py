"""What each verb writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commands.running import SMALL, run

from mlinfra.blueprint.schema import schema as blueprint_schema
from mlinfra.commands import _machine
from mlinfra.commands._inputs import Request, blueprints_in, find_source
from mlinfra.errors import UsageError

WRONG = SMALL.replace("kind: bucket", "kind: bucket, expire_day: 3")


@pytest.fixture
def shop() -> Path:
    path = Path("shop.yaml")
    path.write_text(SMALL)
    return path


def schema(capsys: pytest.CaptureFixture[str], document: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(run(capsys, "schema", document).out)
    return made


def test_validate_says_that_all_environments_are_fine(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "validate")
    assert (result.code, result.out) == (0, "shop.yaml: fine (1 component; dev, prod)\n")


def test_validate_shows_each_mistake_once_with_its_place(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_text(WRONG)
    result = run(capsys, "validate")
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert lines[1:6] == [
        " --> shop.yaml:7:24   components.lake.expire_day",
        "  |",
        "7 |   lake: {kind: bucket, expire_day: 3}",
        "  |                        ^^^^^^^^^^",
        "hint: did you mean `expire_days`?",
    ]
    assert len([line for line in lines if line.startswith("error")]) == 1


def test_validate_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_text(WRONG)
    result = run(capsys, "validate", "--format", "json")
    document = json.loads(result.out)
    assert (result.code, result.err, document["mlinfra_diagnostics"], document["warnings"]) == (2, "", 1, [])
    (error,) = document["errors"]
    assert (error["file"], error["line"], error["column"]) == ("shop.yaml", 7, 24)


def test_validate_print_is_yaml_with_origins(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "validate", "-e", "dev", "--print", "--set", "components.lake.expire_days=9")
    assert result.out == (
        "# shop · dev · eu-west-1\n"
        "components:\n"
        "  lake:\n"
        '    kind: "bucket"  # shop.yaml:7\n'
        "    expire_days: 9  # --set components.lake.expire_days\n"
    )


def test_validate_print_names_the_file_of_the_environment(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("environments").mkdir()
    Path("environments/dev.yaml").write_text("components:\n  lake: {expire_days: 9}\n")
    assert run(capsys, "validate", "-e", "dev", "--print").out.splitlines()[-1].split("  # ") == [
        "    expire_days: 9",
        "environments/dev.yaml:2",
    ]


def test_validate_explain_shows_inferred_wiring(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_text(SMALL + "  key: {kind: encryption_key}\n")
    rows = run(capsys, "validate", "-e", "dev", "--explain").out.splitlines()[3:]
    assert [row.split() for row in rows] == [
        ["foundation", "key", "encryption_key"],
        ["foundation", "lake", "bucket", "key:", "key", "inferred"],
    ]


def test_plan_against_nothing_and_as_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(capsys, "plan", "-e", "dev")
    assert (text.code, text.err) == (0, "")
    assert text.out.splitlines()[-2 if text.out.splitlines()[-1].startswith(" ") else -1].startswith("Cost: ")
    document = json.loads(run(capsys, "plan", "-e", "dev", "--format", "json").out)
    jsonschema.validate(document, schema(capsys, "plan"))
    assert document["summary"]["create"] == len(document["steps"]) == 7
    assert document["against"] is None


def test_plan_against_another_environment(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan", "-e", "prod", "--against", "environment:dev")
    assert (result.code, result.out.splitlines()[0].endswith("against environment:dev")) == (0, True)
    assert "          options › protect  false → true" in result.out.splitlines()


def test_plan_against_a_graph_without_changes(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.json").write_text(run(capsys, "graph", "-e", "dev").out)
    same = run(capsys, "plan", "-e", "dev", "--against", "old.json", "--detailed-exitcode")
    assert (same.code, "  No changes." in same.out.splitlines()) == (0, True)
    changed = run(
        capsys,
        "plan",
        "-e",
        "dev",
        "--against",
        "old.json",
        "--detailed-exitcode",
        "--set",
        "components.lake.noncurrent_days=9",
    )
    assert changed.code == 2
    assert "noncurrentDays  30 → 9" in changed.out


def test_plan_against_a_git_reference(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init")
    git("add", "shop.yaml")
    git("commit", "-m", "first")
    shop.write_text(SMALL + "  more: {kind: bucket}\n")
    result = run(capsys, "plan", "-e", "dev", "--against", "git:HEAD")
    assert (result.code, result.err) == (0, "")
    assert "Plan: 7 to create, 0 to update, 0 to replace, 0 to delete, 7 unchanged" in result.out.splitlines()
    missing = run(capsys, "plan", "-e", "dev", "--against", "git:nowhere")
    assert (missing.code, missing.err.startswith("error: git has nothing at `nowhere` for ")) == (2, True)


@pytest.mark.parametrize("what", ["git:", "environment:", "git:--output=x", "nofile.json"])
def test_plan_refuses_what_names_nothing(what: str, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan", "-e", "dev", "--against", what)
    assert (result.code, result.out, result.err.startswith("error: ")) == (2, "", True)


def test_plan_with_changes_exits_with_2_only_when_asked(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "plan", "-e", "dev").code == 0
    assert run(capsys, "plan", "-e", "dev", "--detailed-exitcode").code == 2


def test_with_detailed_exit_codes_a_mistake_is_not_taken_for_changes(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write_text(WRONG)
    assert run(capsys, "plan", "-e", "dev", "--detailed-exitcode").code == 1
    assert run(capsys, "plan", "-e", "dev").code == 2


def test_an_environment_must_be_named_where_there_are_several(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan")
    assert (result.code, "dev" in result.err, "prod" in result.err) == (2, True, True)


def test_the_environment_can_come_from_a_variable(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLINFRA_ENVIRONMENT", "prod")
    assert run(capsys, "cost").out.splitlines()[0] == "shop · prod · eu-west-1"


def test_cost_in_three_forms(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "cost", "-e", "dev").out.startswith("shop · dev · eu-west-1\n\nCOMPONENT")
    assert run(capsys, "cost", "-e", "dev", "--format", "markdown").out.startswith("### shop · dev · eu-west-1\n")
    document = json.loads(run(capsys, "cost", "-e", "dev", "--format", "json").out)
    jsonschema.validate(document, schema(capsys, "cost"))
    assert [part["name"] for part in document["components"]] == ["lake"]


def test_cost_explain(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "cost", "explain", "lake", "-e", "dev").out.startswith("shop · dev · eu-west-1 · lake\n")
    document = json.loads(run(capsys, "cost", "explain", "lake", "-e", "dev", "--format", "json").out)
    assert [part["name"] for part in document["components"]] == ["lake"]
    wrong = run(capsys, "cost", "explain", "lak", "-e", "dev")
    assert wrong.err == "error: there is no component `lak`\nhint: did you mean `lake`?\n"


def test_cost_usage_lists_the_keys_and_a_usage_file_changes_them(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "cost", "usage", "-e", "dev").out.splitlines()[1].split() == [
        *["lake", "lake", "stored_gib", "10", "to", "500,", "expected", "100"]
    ]
    Path("use.yaml").write_text("mlinfra_usage: 1\nresources:\n  lake: {stored_gib: 7}\n")
    changed = run(capsys, "cost", "usage", "-e", "dev", "--usage", "use.yaml", "--format", "json")
    keys = json.loads(changed.out)["keys"]
    assert keys[0] == {"component": "lake", "resource": "lake", "key": "stored_gib", "value": "7"}


def test_graph_in_three_forms(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, "graph", "-e", "dev").out)
    jsonschema.validate(document, schema(capsys, "graph"))
    assert run(capsys, "graph", "-e", "dev", "--format", "mermaid").out == 'flowchart LR\n  c0["lake: bucket"]\n'
    assert run(capsys, "graph", "-e", "dev", "--format", "dot").out.startswith('digraph "shop" {\n')


def test_a_graph_is_a_source_like_a_blueprint(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.json").write_text(run(capsys, "graph", "-e", "dev").out)
    assert run(capsys, "cost", "shop.json").out == run(capsys, "cost", "shop.yaml", "-e", "dev").out
    refused = run(capsys, "cost", "shop.json", "-e", "dev")
    assert refused.err == "error: `--environment` is for blueprints, and `shop.json` is a graph\n"


def test_a_pulumi_program_is_a_source_too(capsys: pytest.CaptureFixture[str]) -> None:
    Path("program").mkdir()
    Path("program/Pulumi.yaml").write_text("name: theirs\nruntime: python\n")
    Path("program/__main__.py").write_text("import pulumi_aws as aws\naws.sqs.Queue('jobs')\n")
    document = json.loads(run(capsys, "plan", "program", "--format", "json").out)
    assert [step["urn"] for step in document["steps"]] == ["urn:pulumi:dev::theirs::aws:sqs/queue:Queue::jobs"]


def test_the_schema_knows_kinds_of_other_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlinfra.components import _registry

    point = EntryPoint("their_bucket", "mlinfra.components.data.bucket", _registry.GROUP)
    monkeypatch.setattr("mlinfra.commands._kinds.entry_points", lambda group: (point,))
    monkeypatch.setattr(_registry, "third_party", lambda: {point.name: point})
    theirs, shipped = schema(capsys, "blueprint"), blueprint_schema(_registry.files())
    _registry.find.cache_clear()
    assert theirs["$defs"].keys() - shipped["$defs"].keys() >= {"kind.their_bucket"}
    assert theirs["$defs"]["component"]["properties"]["kind"]["enum"] == sorted(
        [*shipped["$defs"]["component"]["properties"]["kind"]["enum"], "their_bucket"]
    )


def test_init_copies_a_blueprint_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "init", "minimal", "--name", "fraud")
    assert (result.code, result.out) == (0, "fraud.yaml\n")
    assert Path("fraud.yaml").read_text().count("name: fraud") == 1
    assert json.loads(Path("mlinfra.schema.json").read_text()) == schema(capsys, "blueprint")
    assert run(capsys, "validate", "fraud.yaml").code == 0


def test_init_never_overwrites_and_never_asks_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    Path("minimal.yaml").write_text("mine")
    refused = run(capsys, "init", "minimal")
    assert (refused.code, Path("minimal.yaml").read_text()) == (2, "mine")
    assert (
        refused.err
        == "error: `minimal.yaml` exists, and nothing is overwritten\nhint: choose another with `--output FILE`\n"
    )
    assert run(capsys, "init").err.startswith(
        "error: a template is needed where nobody can be asked\nhint: there are `"
    )
    assert run(capsys, "init", "minimal", "--name", "No").err.startswith(
        "error: `No` cannot be the name of a platform\n"
    )


def test_explain_a_kind_a_field_a_page_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert "| `expire_days` | a whole number, 1 to 36500 | none |" in run(capsys, "explain", "bucket").out
    assert run(capsys, "explain", "bucket.expire_days").out == (
        "bucket.expire_days\n\ntakes    a whole number, 1 to 36500\ndefault  none\n\n"
        "Days after which objects are deleted. Left out: never.\n"
    )
    assert run(capsys, "explain", "architecture").out.startswith("# ")
    assert run(capsys, "explain", "duplicate-key").out == "duplicate-key: a key is given twice\n"
    assert "architecture" in run(capsys, "explain").out


def test_kinds_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, "kinds", "--layer", "foundation", "--format", "json").out)
    assert {kind["layer"] for kind in document["kinds"]} == {"foundation"}
    assert "bucket" in {kind["name"] for kind in document["kinds"]}


def test_doctor_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "doctor", "--format", "json")
    found = {check["name"]: check["status"] for check in json.loads(result.out)["checks"]}
    assert (result.code, found["Python"], found["pulumi-aws"], found["cache"]) == (0, "ok", "ok", "ok")


def test_doctor_says_below_the_table_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(capsys, "doctor")
    table, _, hints = result.out.partition("\n\n")
    assert (result.code, max(map(len, table.splitlines())) <= 80) == (0, True)
    assert hints.splitlines() == [
        "Pulumi CLI: `mlinfra engine install` gets it; planning works without, deploying does not",
        "aws plugin: `mlinfra engine install` gets it; only the simulated cloud works without",
        "kubernetes plugin: `mlinfra engine install` gets it; only the simulated cloud works without",
        "AWS CLI: clusters need it for their tokens when they are deployed: https://aws.amazon.com/cli",
        "git: `plan --against git:…` needs it",
    ]


def test_doctor_sees_what_is_missing_or_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _machine.python((3, 10)).status == "missing"
    assert _machine.package("pulumi", "3.272.0", ">=3.272,<4").status == "ok"
    assert _machine.package("pulumi", "3.100.0", ">=3.272,<4").status == "missing"
    assert _machine.package("pulumi", "4.0.0", ">=3.272,<4").hint == "`pip install 'pulumi>=3.272,<4'`"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _machine.program("Pulumi CLI", "pulumi", "why") == _machine.Check(
        "Pulumi CLI", "absent", "not on PATH", "why"
    )
    assert _machine.cache({}).status == "absent"
    assert _machine.state({}).status == "absent"
    own = _machine.state({"HOME": str(tmp_path)})
    assert (own.status, own.found) == ("ok", str(tmp_path / ".local/share/mlinfra/state"))
    shared = _machine.state({"PULUMI_BACKEND_URL": "s3://states?region=eu-west-1"})
    assert (shared.status, shared.found) == ("ok", "s3://states?region=eu-west-1 (not asked)")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert _machine.cache({"HOME": str(tmp_path)}).status == "absent"
    assert _machine.state({"HOME": str(tmp_path)}).status == "absent"


def test_doctor_sees_an_engine_that_was_installed_into_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "mlinfra" / "engine"
    for version, program in (("3.100.0", "3.100.0"), ("3.250.0", "3.250.0")):
        cli = folder / version / "bin" / "pulumi"
        cli.parent.mkdir(parents=True)
        cli.write_text(f"#!/bin/sh\necho v{program}\n")
        cli.chmod(0o755)
    environ = {"XDG_CACHE_HOME": str(tmp_path), "PULUMI_HOME": str(tmp_path / "home"), "PATH": ""}
    first = next(_machine.engine(environ))
    assert (first.status, first.found) == ("ok", f"3.250.0 ({folder}/3.250.0/bin/pulumi)")
    shutil.rmtree(folder / "3.250.0")
    first = next(_machine.engine(environ))
    assert (first.status, first.found) == ("absent", f"3.100.0 ({folder}/3.100.0/bin/pulumi) is too old")


def test_blueprints_are_told_from_other_yaml() -> None:
    Path("b.yaml").write_text("# comment\n\ufeffx: 1\nmlinfra: 1\n")
    Path("a.yml").write_bytes(b"\xef\xbb\xbfmlinfra: 1\n")
    Path("other.yaml").write_text("services:\n  mlinfra: 1\n")
    assert [path.name for path in blueprints_in(Path())] == ["a.yml", "b.yaml"]
    with pytest.raises(UsageError, match=r"there are 2 blueprints in this folder: `a\.yml`, `b\.yaml`"):
        find_source(None)


def test_a_missing_git_is_said(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="needs git, and there is none on PATH"):
        Request(shop, "dev").against("git:HEAD")


@pytest.mark.parametrize("text", ["5x", "m", "0m", "-1m", "1.5h", ""])
def test_a_timeout_is_a_length_of_time(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "apply", "small.yaml", "--timeout", text)
    assert (result.code, result.err.splitlines()) == (
        2,
        [f"error: `--timeout {text}` is not a length of time", "hint: for example `90s`, `30m` or `2h`"],
    )


def test_an_endpoint_is_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan", "small.yaml", "--endpoint", "localhost:5000")
    assert (result.code, result.err.splitlines()) == (
        2,
        ["error: `--endpoint localhost:5000` is not a URL", "hint: for example `http://127.0.0.1:5000`"],
    )
