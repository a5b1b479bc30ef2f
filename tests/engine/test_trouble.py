"""Ctrl-C, two at once, a state that cannot be written, a cloud that refuses: what is said, and that running again continues."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands.running import ROOT
from engine.platforms import Platform

from mlinfra.engine.sandbox import Fault
from mlinfra.engine.sandbox.cloud import Operation

pytestmark = pytest.mark.usefixtures("cli")
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


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path, SMALL)


@contextmanager
def started(platform: Platform, verb: str, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The command line in a process of its own."""
    words = [sys.executable, str(ROOT / "cli.py"), verb, str(platform.file), "-e", "dev", "--sandbox", "--yes", *more]
    with subprocess.Popen(
        words, env=dict(platform.environ), cwd=platform.folder, stdout=-1, stderr=-1, stdin=-3, text=True
    ) as one:
        try:
            yield one
        finally:
            if one.poll() is None:
                one.kill()


def ended(one: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = one.communicate(timeout=PATIENCE_SECONDS)
    return one.returncode, " ".join((out + err).split())


def until(happened: Callable[[], object]) -> None:
    """Wait for another process."""
    last = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.01)


def goes_on(platform: Platform) -> None:
    """Running it again completes, and nothing is lost."""
    platform.cloud.heal()
    again = platform.apply()
    assert (again.outcome.status, again.outcome.error) == ("succeeded", None)
    assert platform.held() == platform.existing()
    assert all(len(ids) == 1 for ids in platform.existing().values())
    assert platform.plan().plan.changes == ()


def slowed(platform: Platform, seconds: float) -> None:
    platform.cloud.inject(Fault("delay", "*", "create", str(seconds), remaining=1000))


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_stops_and_says_how_to_go_on(platform: Platform, times: int) -> None:
    slowed(platform, 1)
    with started(platform, "apply") as one:
        until(lambda: len(platform.cloud.faults()) and platform.cloud.faults()[0].remaining < 1000)
        for _ in range(times):
            one.send_signal(signal.SIGINT)
            time.sleep(0.2)
        code, said = ended(one)
    assert code == 130, said
    assert "stopping after what is in flight" in said
    assert ("cancelling what is in flight" in said) == (times == 2)
    assert "`mlinfra apply` again continues" in said
    assert len(platform.existing()) < 9
    goes_on(platform)


def test_an_apply_whose_time_is_up_stops_and_goes_on(platform: Platform) -> None:
    slowed(platform, 2)
    with started(platform, "apply", "--timeout", "5s") as one:
        code, said = ended(one)
    assert code == 130, said
    assert "the time is up; stopping after what is in flight" in said
    assert "`mlinfra apply` again continues" in said
    assert len(platform.existing()) < 9
    goes_on(platform)


def test_the_second_of_two_at_once_is_told_who_works(platform: Platform) -> None:
    slowed(platform, 1)
    with started(platform, "apply") as one:
        until(lambda: len(platform.cloud.faults()) and platform.cloud.faults()[0].remaining < 1000)
        with started(platform, "apply") as other:
            code, said = ended(other)
        assert code == 4, said
        assert "layer foundation is locked by" in said
        assert "`mlinfra state unlock` takes the lock away" in said
        code, said = ended(one)
        assert code == 0, said
    goes_on(platform)


@pytest.mark.parametrize(
    ("operation", "name", "words"),
    [
        ("create", "lake", "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded"),
        ("create", "key", "LimitExceededException: too many keys"),
        ("update", "key", "ThrottlingException: Rate exceeded"),
        ("delete", "lake-lifecycle", "AccessDenied: User is not authorized to perform s3:PutLifecycleConfiguration"),
    ],
)
def test_what_the_cloud_refuses_is_said_and_goes_on(
    platform: Platform, operation: Operation, name: str, words: str
) -> None:
    if operation != "create":
        assert platform.apply().outcome.status == "succeeded"
        platform.say(
            SMALL.replace("kind: encryption_key}", "kind: encryption_key, tags: {a: b}}")
            if operation == "update"
            else SMALL
        )
    platform.cloud.inject(Fault("fail", f"*::{name}", operation, words))
    with started(platform, "destroy" if operation == "delete" else "apply") as one:
        code, said = ended(one)
    assert code == 4, said
    assert words.partition(":")[0] in said
    assert f"`mlinfra {'destroy' if operation == 'delete' else 'apply'}` again continues" in said
    if operation == "delete":
        assert platform.destroy().outcome.status == "succeeded"
        assert platform.existing() == {}
    else:
        goes_on(platform)


SECRET = "hunter2-correct-horse"
HOLDER = f"""\
import pulumi
import pulumi_aws as aws

def make(name, *, context, opts):
    secret = pulumi.Output.secret("{SECRET}")
    aws.ssm.Parameter(name + "-token", type="SecureString", value=secret, opts=opts)
    aws.ssm.Parameter(name + "-wrong", type="String", value=secret, opts=opts)
"""


def test_a_secret_is_only_where_pulumi_encrypts_it(platform: Platform) -> None:
    (platform.folder / "holder.py").write_text(HOLDER)
    platform.say(f"{SMALL}  own: {{kind: python, module: holder}}\n")
    platform.cloud.inject(Fault("fail", "*::own-wrong", "create", f"ValidationException: value {SECRET} is not valid"))
    environ = {**platform.environ, "PYTHONPATH": f"{platform.folder}{os.pathsep}{ROOT}"}
    said = []
    for verb in ("apply", "apply", "plan", "drift", "outputs", "history"):
        extra = ["--yes"] if verb == "apply" else []
        words = [sys.executable, str(ROOT / "cli.py"), verb, str(platform.file), "-e", "dev", "--sandbox", *extra]
        done = subprocess.run(words, env=environ, cwd=platform.folder, capture_output=True, text=True, check=False)
        said.append((verb, done.returncode, done.stdout + done.stderr))
    assert [code for _, code, _ in said] == [4, 0, 0, 0, 0, 0], said
    assert [verb for verb, _, text in said if SECRET in text] == []
    cloud = platform.cloud.file  # which was told what to say
    files = (path for path in platform.folder.rglob("*") if path.is_file() and path != cloud)
    holding = [path for path in files if SECRET.encode() in path.read_bytes()]
    assert [path.name for path in holding if "__pycache__" not in path.parts] == ["holder.py"]
    states = (platform.folder / "sandbox/state/.pulumi/stacks").rglob("dev.json")
    assert sum(state.read_text().count('"ciphertext"') for state in states) >= 2


def test_plain_pulumi_lists_previews_and_destroys_it(platform: Platform, cli: object) -> None:
    assert platform.apply().outcome.status == "succeeded"
    state = platform.folder / "sandbox/state"
    (secret,) = (path for path in state.parent.rglob("*passphrase*") if path.is_file())
    path = f"{platform.folder / 'sandbox/bin'}{os.pathsep}{platform.environ['PATH']}"
    environ = {
        **platform.environ,
        "PATH": path,
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(secret),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    project = platform.folder / "plain"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: small-foundation\nruntime: python\n")

    def pulumi(*words: str) -> str:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *words],
            env=environ,
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    (listed,) = json.loads(pulumi("stack", "ls", "--all", "--json"))
    assert listed["name"] == "dev"
    name = ("--stack", "organization/small-foundation/dev")
    document = json.loads(pulumi("stack", "export", *name))
    assert {one["urn"] for one in document["deployment"]["resources"]} >= platform.held().keys()
    platform.cloud.lose("aws:s3/bucketPolicy:BucketPolicy::*")
    assert [step.operation for step in platform.drift().steps] == ["delete"]
    pulumi("refresh", "--yes", "--skip-preview", *name)
    assert platform.drift().steps == ()
    assert [(step.operation, step.type) for step in platform.plan().plan.changes] == [
        ("create", "aws:s3/bucketPolicy:BucketPolicy")
    ]
    pulumi("destroy", "--yes", "--skip-preview", *name)
    assert platform.existing() == {}
    assert platform.plan().plan.summary.create == 9
