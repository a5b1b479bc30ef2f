"""Errors, and what is said about them.

``failure_messages.csv`` says of each message whether its wording was read (``seen``, with other ids) and ``where``: in which public
thread or repository, or which version of the CLI, of the API server or of moto says it; moto copies AWS, not always to the word. The
others were written from memory in the providers' form: they prove that rows do not shadow each other, not that a provider says it in
these words. Every row has one that was seen.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlinfra.engine import failures
from mlinfra.engine.failures import Failure, explain_failure, quota_of

ROOT = Path(__file__).parent.parent.parent
TABLE = ROOT / "mlinfra" / "engine" / "data" / "failures.csv"
MESSAGES = Path(__file__).with_name("failure_messages.csv")


def table(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = table(TABLE)
SAID = [(row["code"], row["type"] or None, row["message"]) for row in table(MESSAGES)]


@pytest.mark.parametrize(
    ("code", "type_", "message"), SAID, ids=[f"{code}-{place}" for place, (code, _, _) in enumerate(SAID)]
)
def test_a_message_is_known_by_its_code(code: str, type_: str | None, message: str) -> None:
    found = explain_failure(message, type_)
    assert found is not None
    assert found.code == code


def test_every_row_is_reached_by_a_message() -> None:
    """A row that stands after one that matches all of its messages would never answer."""
    assert {row["code"] for row in ROWS} == {
        found.code for _, type_, said in SAID if (found := explain_failure(said, type_))
    }


def test_a_message_that_was_seen_says_where() -> None:
    messages = table(MESSAGES)
    assert {row["seen"] for row in messages} == {"yes", "no"}
    assert {row["code"] for row in ROWS} - {row["code"] for row in messages if row["seen"] == "yes"} == set()
    assert [row["message"] for row in messages if (row["seen"] == "yes") != bool(row["where"])] == []


def test_no_code_is_there_twice() -> None:
    codes = [row["code"] for row in ROWS]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("row", ROWS, ids=[row["code"] for row in ROWS])
def test_a_row_is_whole(row: Mapping[str, str]) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", row["code"])
    assert row["retry"] in ("yes", "after change", "no")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["as_of"])
    assert row["source"]
    assert re.fullmatch(r"|L-[0-9A-F]{8}|named|on-demand|spot", row["quota"])
    for sentence in (row["meaning"], row["advice"]):
        assert sentence.strip() == sentence
        assert sentence
        assert not sentence.endswith((".", "!"))
        assert "please" not in sentence.lower()
        assert sentence.count("`") % 2 == 0


@pytest.mark.parametrize("row", ROWS, ids=[row["code"] for row in ROWS])
def test_a_piece_that_is_used_is_known_from_somewhere(row: Mapping[str, str]) -> None:
    used = set(re.findall(r"\{(\w+)\}", row["meaning"] + row["advice"]))
    assert used - {*re.compile(row["pattern"]).groupindex, "region", "quota", "instance"} == set()


JUNK = {
    "letters": "a" * 100_000,
    "upper case": "A" * 100_000,
    "words": "resource x " * 9_000,
    "quotes": "'\"" * 50_000,
    "spaces": " \n" * 50_000,
    "digits": "0/1" * 33_000,
    "half-matches": "is not authorized to perform: a:b on resource: c " * 2_000,
    "releases": "Helm release " * 8_000,
    "failures": "failed pre-x MalformedPolicy: Exception Alias arn:x " * 2_000,
    "open quotes": "account-level service limit 'ml.x for " * 2_700,
    "admission": 'Unknown "x/y.z" alreadi EntityAlreadyExists: with name ' * 1_800,
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=list(JUNK))
def test_no_pattern_takes_long(junk: str) -> None:
    """100 kB of what nearly matches, each pattern by itself: a backtracking one would take minutes."""
    for row in ROWS:
        pattern = re.compile(row["pattern"])
        began = time.process_time()
        pattern.search(junk)
        assert time.process_time() - began < 1, row["code"]


def test_a_message_that_nobody_knows_has_no_explanation() -> None:
    assert explain_failure("the moon is in the wrong house") is None
    assert explain_failure("") is None


def test_the_pieces_of_a_message_are_in_the_advice() -> None:
    said = (
        "ResourceLimitExceeded: The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 1 Instances, with "
        "current utilization of 1 Instances and a request delta of 2 Instances."
    )
    assert explain_failure(said) == Failure(
        code="sagemaker-quota",
        meaning="the account's quota `ml.g5.2xlarge for endpoint usage` is `1`, with `1` in use",
        advice="raise it with `aws service-quotas request-service-quota-increase --service-code sagemaker "
        "--quota-code L-9614C779 --desired-value N`; an endpoint needs twice its instances while it is updated",
        retry="after change",
        quota="L-9614C779",
    )


def test_what_a_message_leaves_out_is_said_in_words() -> None:
    found = explain_failure("api error VcpuLimitExceeded: no")
    assert found is not None
    assert (found.quota, "--quota-code QUOTA --desired-value" in found.advice) == (None, True)
    assert explain_failure("api error InsufficientInstanceCapacity: no") == Failure(
        "ec2-capacity",
        "AWS has no free machines of this instance type in this zone now; the quota is not the cause",
        "allow more zones or instance types, reserve capacity or a capacity block, or run again later",
        "yes",
    )


def test_the_caller_completes_a_message() -> None:
    found = explain_failure("api error VcpuLimitExceeded: no", "aws:ec2/instance:Instance", instance_type="g5.xlarge")
    assert found is not None
    assert found.quota == "L-DB2E81BA"
    found = explain_failure("api error VpcLimitExceeded: x", region="eu-west-1")
    assert found is not None
    assert found.meaning == "the account has as many VPCs in `eu-west-1` as it may have"


def test_the_type_decides_between_two_clouds() -> None:
    said = "dial tcp 10.0.0.1:443: i/o timeout"
    webhook = f'failed calling webhook "pods.example.com": failed to call webhook: Post "https://x.svc:443/": {said}'
    found = explain_failure(webhook, "kubernetes:core/v1:Pod")
    assert found is not None
    assert found.code == "webhook"
    by_type = {
        type_: found.code
        for type_ in (
            "kubernetes:core/v1:Namespace",
            "pulumi:providers:kubernetes",
            "pulumi:providers:aws",
            "aws:s3/bucket:Bucket",
        )
        if (found := explain_failure(said, type_))
    }
    assert by_type == {
        "kubernetes:core/v1:Namespace": "api-no-answer",
        "pulumi:providers:kubernetes": "api-no-answer",
        "pulumi:providers:aws": "no-network",
        "aws:s3/bucket:Bucket": "no-network",
    }


@pytest.mark.parametrize(
    ("instance_type", "on_demand", "spot"),
    [
        ("m7i.large", "L-1216C47A", "L-34B43A08"),
        ("g6e.12xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("p4d.24xlarge", "L-417A185B", "L-7212CCBC"),
        ("p5en.48xlarge", "L-417A185B", "L-C4BD4855"),
        ("p6-b200.48xlarge", "L-417A185B", None),
        ("inf2.xlarge", "L-1945791B", "L-B5D1601B"),
        ("trn1.32xlarge", "L-2C3B7624", "L-6B0D517C"),
        ("u-6tb1.metal", "L-43DA4232", None),
        ("hpc7a.96xlarge", "L-F7808C92", None),
        ("", None, None),
        ("quantum1.large", None, None),
    ],
)
def test_the_quota_of_an_instance_type(instance_type: str, on_demand: str | None, spot: str | None) -> None:
    assert (quota_of(instance_type, "on-demand"), quota_of(instance_type, "spot")) == (on_demand, spot)


def test_pieces_cannot_break_out_of_a_command() -> None:
    found = explain_failure("EntityAlreadyExists: Role with name a-b already exists.\n\n")
    assert found is not None
    assert found.meaning == "IAM has `a-b` already: left from before, or of another stack"
    assert failures._filled("run `x {name}`, or {name}", {"name": "a`b"}) == "run `x a'b`, or `a'b`"
