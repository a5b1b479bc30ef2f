"""Destroy on the real CLI over the simulated cloud: what stays, what a failure says, how it goes on, what was left over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands.running import run

from mlinfra.engine.sandbox import Cloud
from mlinfra.engine.sandbox.cloud import Fault, Held

BLUEPRINT = """\
mlinfra: 1
name: shop
environments:
  dev: {region: us-east-1}
  prod: {region: us-east-1, protected: true}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, key: key}
  crawl: {kind: bucket, deletion: delete}
"""
SETTINGS = ["encryption", "lifecycle", "owner", "private", "tls", "versions"]
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/k8s-1/5"
pytestmark = pytest.mark.usefixtures("cli", "sandbox")


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    Path("shop.yaml").write_text(BLUEPRINT)
    return Cloud(tmp_path / "sandbox" / "cloud.db")


def ended(capsys: pytest.CaptureFixture[str], verb: str, environment: str, *more: str, code: int = 0) -> str:
    result = run(capsys, verb, "shop.yaml", "-e", environment, "--sandbox", "--yes", *more)
    assert result.code == code, result.err + result.out
    return result.out


def names(cloud: Cloud) -> list[str]:
    return sorted(held.urn.rpartition("::")[2] for held in cloud.resources())


def test_what_is_kept_keeps_its_guards(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    ended(capsys, "apply", "prod")

    document = json.loads(ended(capsys, "destroy", "prod", "--allow", "destroy", "--format", "json"))

    assert names(cloud) == sorted(["key", "key-alias", "lake", *(f"lake-{part}" for part in SETTINGS)])
    assert document["done"] == {"delete": 7, "keep": 9}
    assert sorted((one["name"], one["monthly_usd"]) for one in document["kept"]) == [
        ("key", "1.600000"),
        ("lake", "3.2000000"),
    ]
    assert document["leftovers"] == []


def test_a_protected_environment_is_not_purged_by_accident(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "destroy", "shop.yaml", "-e", "prod", "--sandbox", "--yes", "--purge")
    assert (result.code, result.out) == (1, "")
    unknown = run(capsys, "destroy", "shop.yaml", "-e", "prod", "--sandbox", "--yes", "--allow", "destory")
    assert (unknown.code, unknown.err.splitlines()) == (
        2,
        ["error: there is no gate `destory`", "hint: there is `destroy`"],
    )
    assert "environment `prod` is protected" in result.err


def test_a_failure_in_the_middle_says_what_to_do_and_again_continues(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(capsys, "apply", "dev")
    said = (
        "deleting S3 Bucket (lake): operation error S3: DeleteBucket, https response error StatusCode: 409, RequestID: "
        "1A, HostID: b=, api error BucketNotEmpty: The bucket you tried to delete is not empty"
    )
    cloud.inject(Fault("fail", "*::lake", "delete", said))

    out = ended(capsys, "destroy", "dev", code=4)

    assert "✗ deleting `lake` (s3 bucket) of `lake` failed\n" in out
    assert "StatusCode" not in out
    assert "RequestID" not in out
    assert "api error BucketNotEmpty" in " ".join(out.split())
    assert "\n    means:  " in out
    assert "\n    do:     " in out
    assert out.endswith("what is done stays done; `mlinfra destroy` again continues from there\n")
    assert "lake" in names(cloud)

    out = ended(capsys, "destroy", "dev")

    assert names(cloud) == []
    assert out.endswith("nothing else carries the deployment's tags\n")


def test_what_was_left_is_listed_with_its_price_and_purged(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    ended(capsys, "apply", "dev")
    tags = {"mlinfra:blueprint": "shop", "mlinfra:environment": "dev"}
    for environment in ("dev", "prod"):
        cloud.put(
            Held(
                "aws:lb/loadBalancer:LoadBalancer",
                f"k8s-{environment}",
                f"urn:pulumi:x::y::aws:lb/loadBalancer:LoadBalancer::{environment}",
                {"tags": {**tags, "mlinfra:environment": environment}, "loadBalancerType": "application"},
                {"arn": BALANCER.replace("k8s-1", f"k8s-{environment}")},
            ),
            "create",
        )

    out = ended(capsys, "destroy", "dev")

    arn = BALANCER.replace("k8s-1", "k8s-dev")
    assert out.partition("\n\n")[2] == (
        "left over, 1 (`mlinfra destroy --purge` deletes them after asking):\n"
        "  load balancer, $16.43 a month\n"
        f"    {arn}\n"
    )
    assert json.loads(ended(capsys, "destroy", "dev", "--purge", "--format", "json")) == {
        "mlinfra_outcome": 1,
        "operation": "destroy",
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
        "kept": [],
        "leftovers": [
            {
                "arn": arn,
                "type": "load balancer",
                "component": None,
                "monthly_usd": "16.4250",
                "deleted": True,
                "reason": None,
            }
        ],
    }
    assert names(cloud) == ["prod"]
    assert ended(capsys, "destroy", "dev") == "nothing is deployed\n"


def test_what_was_kept_is_no_leftover_after_a_failed_apply(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    ended(capsys, "apply", "prod")
    out = ended(capsys, "destroy", "prod", "--allow", "destroy")
    lake = next(held.id for held in cloud.resources() if held.urn.endswith("::lake"))
    key = next(held.id for held in cloud.resources() if held.urn.endswith("::key"))
    assert out.partition("\n\n")[2].splitlines() == [
        "kept on purpose, $4.80 a month:",
        f"  key  kms key  {key}",
        f"  lake  s3 bucket  {lake}",
        f"before the next apply: `mlinfra import key.key {key}`, and likewise the others",
        "nothing else carries the deployment's tags",
    ]
    there = names(cloud)
    said = " ".join(ended(capsys, "apply", "prod", code=4).split())
    assert "`mlinfra import lake.lake ID`" in said

    document = json.loads(ended(capsys, "destroy", "prod", "--allow", "destroy", "--purge", "--format", "json"))

    assert {one["component"] for one in document["leftovers"]} <= {"crawl"}
    assert set(there) <= set(names(cloud))


def test_the_cost_of_a_destroy_is_that_of_use_and_what_stays_is_in_it(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(capsys, "apply", "prod")
    result = run(capsys, "destroy", "shop.yaml", "-e", "prod", "--sandbox", "--yes")
    lines = result.err.splitlines()
    assert lines[0].split() == ["shop", "·", "prod", "·", "us-east-1", "·", "simulated", "state:", "just", "written"]
    assert [line for line in lines if line.startswith("Cost: ")] == [
        "Cost: $8.00 → $4.80 a month expected (min $1.35, max $29.50) · 2 lines with an old price"
    ]
    assert "no longer declared" not in result.err


def test_another_account_or_region_is_refused(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    ended(capsys, "apply", "dev")
    for other, message in {
        BLUEPRINT.replace("dev: {", 'dev: {account: "111111111111", '): "account 123456789012, and not in 111111111111",
        BLUEPRINT.replace("us-east-1", "eu-west-1"): "us-east-1, and not in eu-west-1",
    }.items():
        Path("shop.yaml").write_text(other)
        for verb in ("plan", "apply", "destroy"):
            result = run(capsys, verb, "shop.yaml", "-e", "dev", "--sandbox")
            assert (result.code, result.err.splitlines()[0]) == (1, f"error: `dev` is deployed in {message}")


def test_another_encryption_is_refused_though_nothing_changes(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    ended(capsys, "apply", "dev")
    Path("shop.yaml").write_text(BLUEPRINT.replace("dev: {", 'dev: {secrets: "awskms://alias/other", '))
    result = run(capsys, "apply", "shop.yaml", "-e", "dev", "--sandbox", "--yes")
    assert (result.code, result.out, result.err.splitlines()) == (
        4,
        "",
        [
            "error: the state is encrypted with `passphrase`, and the blueprint says `secrets: awskms://alias/other`",
            "hint: `mlinfra state change-secrets awskms://alias/other` encrypts it anew; or set `secrets: passphrase`",
        ],
    )


def test_without_the_sweep_nothing_is_looked_for(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    ended(capsys, "apply", "dev")
    document = json.loads(ended(capsys, "destroy", "dev", "--no-sweep", "--format", "json"))
    assert "leftovers" not in document
    assert document["status"] == "succeeded"
