"""``mlinfra ci``: pipelines that are right, and whose commands do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands.pipelines import read, wrong_in_gitlab, wrong_in_workflow
from commands.running import ROOT, run

from mlinfra.engine.installed import candidates
from mlinfra.render.pipeline import Stage

STATE = 'state: "s3://states/fraud?region=eu-west-1"'
FRAUD = f"""\
mlinfra: 1
name: fraud
variables:
  days: {{type: integer}}
environments:
  prod: {{region: eu-west-1, protected: true, account: "111111111111", {STATE}, secrets: "awskms://alias/state?region=eu-west-1"}}
  dev: {{region: eu-west-1, {STATE}}}
  lab: {{region: eu-west-1}}
components:
  lake: {{kind: bucket, expire_days: "${{var.days}}"}}
"""
WORKFLOW = Path(".github/workflows/fraud.yml")
ROLES = Path(".github/workflows/fraud-roles.md")


@pytest.fixture
def fraud(monkeypatch: pytest.MonkeyPatch) -> Path:
    path = Path("fraud.yaml")
    path.write_text(FRAUD)
    monkeypatch.setenv("MLINFRA_VAR_days", "7")
    return path


def written(capsys: pytest.CaptureFixture[str], platform: str, *arguments: str) -> tuple[dict[str, Any], str]:
    """The pipeline and the page about its roles."""
    result = run(capsys, "ci", platform, "fraud.yaml", "--repository", "acme/platform", *arguments)
    assert result.code == 0, result.err
    pipeline, roles = (Path(line) for line in result.out.splitlines())
    return read(pipeline.read_text()), roles.read_text()


def test_a_workflow_is_right(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workflow, _ = written(capsys, "github")
    assert list(wrong_in_workflow(workflow)) == []
    assert list(workflow["jobs"]) == ["plan", "comment", "plan-dev", "apply-dev", "plan-prod", "apply-prod"]
    assert [
        workflow["jobs"][name].get("needs", []) for name in ("plan-dev", "apply-dev", "plan-prod", "apply-prod")
    ] == [
        [],
        ["plan-dev"],
        ["apply-dev"],
        ["plan-prod"],
    ]
    apply = workflow["jobs"]["apply-prod"]
    assert (apply["environment"], apply["concurrency"]) == (
        "fraud-prod",
        {"group": "fraud-prod", "cancel-in-progress": False},
    )
    assert workflow["on"] == {
        "pull_request": {"branches": ["main"]},
        "push": {"branches": ["main"]},
        "workflow_dispatch": workflow["on"]["workflow_dispatch"],
    }
    assert workflow["env"]["MLINFRA_VAR_days"] == "${{ vars.MLINFRA_VAR_DAYS }}"
    assert workflow["jobs"]["plan"]["strategy"]["matrix"]["include"] == [
        {
            "environment": "dev",
            "region": "eu-west-1",
            "role": "arn:aws:iam::${{ vars.AWS_ACCOUNT_DEV }}:role/fraud-dev-plan",
        },
        {"environment": "lab", "region": "eu-west-1", "role": ""},
        {"environment": "prod", "region": "eu-west-1", "role": "arn:aws:iam::111111111111:role/fraud-prod-plan"},
    ]


def test_a_gitlab_pipeline_is_right(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline, _ = written(capsys, "gitlab", "--branch", "trunk")
    assert list(wrong_in_gitlab(pipeline)) == []
    prod = pipeline["apply prod"]
    assert (prod["needs"], prod["resource_group"], prod["rules"]) == (
        ["plan to apply prod"],
        "fraud-prod",
        [{"if": '$CI_COMMIT_BRANCH == "trunk"', "when": "manual", "allow_failure": False}],
    )
    assert pipeline["plan to apply prod"]["needs"] == ["apply dev"]
    assert pipeline["apply dev"]["rules"] == [{"if": '$CI_COMMIT_BRANCH == "trunk"'}]
    assert "apply lab" not in pipeline
    assert pipeline["plan lab"]["extends"] == ".mlinfra"


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "blueprints").glob("*.yaml")))
def test_the_pipelines_of_shipped_blueprints_are_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "blueprints" / f"{name}.yaml", "fraud.yaml")
    assert list(wrong_in_workflow(written(capsys, "github")[0])) == []
    assert list(wrong_in_gitlab(written(capsys, "gitlab")[0])) == []


def policies(page: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]


def test_a_role_trusts_only_what_it_is_for(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = policies(written(capsys, "github")[1])
    issuer = "token.actions.githubusercontent.com"
    trusted = [one["Statement"][0] for one in found[::2]]
    assert [one["Condition"] for one in trusted] == [
        {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subjects}}
        for subjects in (
            ["repo:acme/platform:pull_request", "repo:acme/platform:ref:refs/heads/main"],
            ["repo:acme/platform:environment:fraud-dev"],
            ["repo:acme/platform:pull_request", "repo:acme/platform:ref:refs/heads/main"],
            ["repo:acme/platform:environment:fraud-prod"],
        )
    ]
    assert trusted[2]["Principal"] == {"Federated": f"arn:aws:iam::111111111111:oidc-provider/{issuer}"}
    reading = found[5]["Statement"]
    assert [one["Action"] for one in reading] == [["s3:ListBucket"], ["s3:GetObject"], ["kms:Decrypt"]]
    assert reading[1]["Resource"] == "arn:aws:s3:::states/fraud/*"
    assert reading[2]["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/state"]}}


def test_roles_of_gitlab_trust_a_branch(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".git").mkdir()
    Path(".git/config").write_text(
        '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@git.acme.example:ml/platform.git\n'
    )
    assert run(capsys, "ci", "gitlab").code == 0
    page = Path("fraud-roles.md").read_text()
    assert [one["Statement"][0]["Condition"] for one in policies(page)[:3:2]] == [
        {
            "StringEquals": {"git.acme.example:aud": "https://git.acme.example"},
            "StringLike": {"git.acme.example:sub": ["project_path:ml/platform:ref_type:branch:ref:*"]},
        },
        {
            "StringEquals": {
                "git.acme.example:aud": "https://git.acme.example",
                "git.acme.example:sub": ["project_path:ml/platform:ref_type:branch:ref:main"],
            }
        },
    ]


def test_nothing_is_overwritten_unasked(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "ci", "github", "--repository", "acme/platform")
    assert (result.code, result.out, result.err) == (
        0,
        f"{WORKFLOW}\n{ROLES}\n",
        (
            f"there is no git repository here: the pipeline is read from the root of one, `{WORKFLOW}`\n"
            "`lab` is planned and not applied: its state is not in a bucket (`state: s3://…`)\n"
        ),
    )
    WORKFLOW.write_text("mine")
    ROLES.unlink()
    refused = run(capsys, "ci", "github", "--repository", "acme/platform")
    assert (refused.code, refused.err) == (
        2,
        f"error: `{WORKFLOW}` exists, and nothing is overwritten\nhint: `--force` overwrites it; `--output FILE` writes another\n",
    )
    assert (WORKFLOW.read_text(), ROLES.exists()) == ("mine", False)
    assert run(capsys, "ci", "github", "--repository", "acme/platform", "--force").code == 0
    assert WORKFLOW.read_text() != "mine"
    assert run(capsys, "ci", "github", "--repository", "acme/platform", "-o", "other/p.yml").out == (
        "other/p.yml\nother/fraud-roles.md\n"
    )


def test_a_repository_without_a_remote_has_to_be_named(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = run(capsys, "ci", "github")
    assert (refused.code, refused.out, refused.err) == (
        2,
        "",
        "error: the repository has no git remote `origin`\nhint: `--repository OWNER/NAME` says what it is called\n",
    )


def test_the_blueprint_is_named_from_the_root_of_the_repository(
    fraud: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (".git", "platform"):
        Path(folder).mkdir()
    fraud.rename("platform/fraud.yaml")
    monkeypatch.chdir("platform")
    workflow, _ = written(capsys, "github")
    assert workflow["env"]["BLUEPRINT"] == "platform/fraud.yaml"
    assert Path("..", WORKFLOW).is_file()


@pytest.mark.parametrize(
    ("state", "secrets", "expected"),
    [
        ("s3://b/p/q?region=x", None, ("b", "p/q", None)),
        ("s3://b", "passphrase", ("b", "", None)),
        ("s3://b", "awskms://1234-5?region=x", ("b", "", "1234-5")),
        ("s3://b", "awskms:///arn:aws:kms:r:1:key/1?region=x", ("b", "", "arn:aws:kms:r:1:key/1")),
        ("file:///somewhere", None, (None, "somewhere", None)),
        (None, None, (None, "", None)),
    ],
)
def test_where_the_state_is(
    state: str | None, secrets: str | None, expected: tuple[str | None, str, str | None]
) -> None:
    from dataclasses import replace

    from mlinfra.blueprint import load_text

    text = "mlinfra: 1\nname: fraud\nenvironments: {dev: {region: eu-west-1}}\ncomponents: {lake: {kind: bucket}}\n"
    stage = Stage.of(replace(load_text(text, environment="dev"), state=state, secrets=secrets))
    assert (stage.bucket, stage.prefix, stage.key) == expected


def bash(script: str, **environ: str) -> str:
    """Run a step as a runner would, with the simulated cloud in the place of the real one."""
    program = Path("bin/mlinfra")
    if not program.exists():
        program.parent.mkdir()
        program.write_text(
            f'#!/bin/bash\ncase "$1" in plan|apply) extra=--sandbox;; esac\nexec "{sys.executable}" "{ROOT / "cli.py"}" "$@" $extra\n'
        )
        program.chmod(0o755)
    env = {**os.environ, "PATH": f"{program.parent.absolute()}:{os.environ['PATH']}", **environ}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def scripts(job: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


@pytest.mark.parametrize("merged", [False, True])
def test_the_commands_of_a_pull_request_work(
    merged: bool, fraud: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    workflow, _ = written(capsys, "github")
    git = "git -c user.name=a -c user.email=a@example.com"
    bash(f"{git} init -q -b main && {git} add .github && {git} commit -qm first")
    if merged:
        bash(f"{git} add fraud.yaml && {git} commit -qm second")
    bash("git update-ref refs/remotes/origin/main main")
    steps = scripts(workflow["jobs"]["plan"])
    bash(steps["Validate"], BLUEPRINT="fraud.yaml", ENVIRONMENT="lab")
    summary = tmp_path / "summary"
    bash(
        steps["Plan"], BLUEPRINT="fraud.yaml", ENVIRONMENT="lab", ROLE="", BASE="main", GITHUB_STEP_SUMMARY=str(summary)
    )
    assert Path("results/lab.md").read_text() == summary.read_text()
    assert ("git:origin/main" in summary.read_text()) == merged
    assert json.loads(Path("results/lab-cost.json").read_text())["mlinfra_cost"] >= 1


def test_the_comment_is_written_once_and_then_changed(fraud: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workflow, _ = written(capsys, "github")
    Path("dev.md").write_text("the plan\n")
    Path("bin").mkdir()
    Path("bin/gh").write_text('#!/bin/sh\necho "$*" >> calls\ncase "$*" in *--paginate*) cat own;; esac\n')
    Path("bin/gh").chmod(0o755)
    script = f'export PATH="$PWD/bin:$PATH"\n{scripts(workflow["jobs"]["comment"])["Comment"]}'
    for own in ("", "12\n34\n"):
        Path("own").write_text(own)
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            env={**os.environ, "GITHUB_REPOSITORY": "acme/platform", "REQUEST": "5"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert Path("comment.txt").read_text() == "<!-- mlinfra fraud -->\nthe plan\n"
    assert [line for line in Path("calls").read_text().splitlines() if "--paginate" not in line] == [
        "api --silent --method POST repos/acme/platform/issues/5/comments -F body=@comment.txt",
        "api --silent --method PATCH repos/acme/platform/issues/comments/12 -F body=@comment.txt",
    ]


@pytest.mark.skipif(not candidates(os.environ), reason="there is no Pulumi CLI; `mlinfra engine install` gets one")
@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_the_commands_after_a_merge_apply_what_was_planned(
    platform: str, fraud: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pipeline, _ = written(capsys, platform)
    given = {
        "BLUEPRINT": "fraud.yaml",
        "ALLOW": "",
        "MLINFRA_ALLOW": "",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "PULUMI_CONFIG_PASSPHRASE": "for the test",
    }
    if platform == "github":
        jobs = pipeline["jobs"]
        plan, apply = scripts(jobs["plan-dev"])["Plan"], scripts(jobs["apply-dev"])["Apply"]
    else:
        plan = "\n".join(pipeline["plan to apply dev"]["script"])
        apply = "\n".join(line for line in pipeline["apply dev"]["script"] if "engine install" not in line)
    bash(plan, **given)
    assert "apply succeeded (simulated)" in bash(apply, **given)
    assert Path("apply.jsonl").read_text().count("\n") > 5
