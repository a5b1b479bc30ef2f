"""alerts: who is told what, and who may tell it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import DEV, granted, made, recorded
from pydantic import ValidationError

from mlinfra.components._grammar import Range, expectations, policy
from mlinfra.components.monitoring.alerts import Alerts, AlertsNeeds, AlertsOutputs, AlertsSpec, addresses
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  key: {kind: encryption_key}
  watch:
    kind: alerts
    key: key
    email: [team@example.com, lead@example.com]
    slack: {workspace_id: T0123ABCD, channel_id: C0123ABCD}
    critical:
      email: pager@example.com
      slack: {workspace_id: T0123ABCD, channel_id: C9876DCBA}
    expected: {notifications: {min: 1, expected: 20, max: 300}}
"""
KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"
FULL: dict[str, Any] = {
    "email": ["team@example.com", "lead@example.com"],
    "slack": {"workspace_id": "T0123ABCD", "channel_id": "C0123ABCD"},
    "critical": {"email": "pager@example.com", "slack": {"workspace_id": "T0123ABCD", "channel_id": "C9876DCBA"}},
}


def built(spec: dict[str, Any], key: str | None = None) -> dict[str, dict[str, Any]]:
    needs = AlertsNeeds(key=EncryptionKeyOutputs.of(arn=key) if key else None)
    return made(lambda: Alerts("watch", AlertsSpec.model_validate(spec), needs, context=DEV))


def test_one_address_makes_a_topic_its_policy_and_a_subscription() -> None:
    children = built({"email": "team@example.com"})
    document = json.loads(children["watch-policy"].pop("policy"))
    arn = children["watch-policy"]["arn"]
    assert children == {
        "watch": {"displayName": "shop dev", "signatureVersion": 2},
        "watch-policy": {"arn": arn},
        "watch-email-team@example.com": {"topic": arn, "protocol": "email", "endpoint": "team@example.com"},
    }
    assert document["Statement"] == [
        {
            "Sid": "Services",
            "Effect": "Allow",
            "Principal": {
                "Service": [
                    "budgets.amazonaws.com",
                    "cloudwatch.amazonaws.com",
                    "costalerts.amazonaws.com",
                    "events.amazonaws.com",
                ]
            },
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def test_what_is_critical_is_told_to_everybody_and_to_more() -> None:
    children = built(FULL, KEY)
    assert {name for name in children if "email" in name} == {
        "watch-email-team@example.com",
        "watch-email-lead@example.com",
        "watch-critical-email-team@example.com",
        "watch-critical-email-lead@example.com",
        "watch-critical-email-pager@example.com",
    }
    assert {children[name]["kmsMasterKeyId"] for name in ("watch", "watch-critical")} == {KEY}
    general, critical = children["watch-policy"]["arn"], children["watch-critical-policy"]["arn"]
    assert children["watch-slack"]["snsTopicArns"] == [general, critical]
    assert children["watch-critical-slack"]["snsTopicArns"] == [critical]


def test_a_channel_may_only_read_and_is_not_an_administrator() -> None:
    children = built({"slack": FULL["slack"]})
    assert children["watch-slack"] == {
        "configurationName": DEV.physical_name("watch", "slack", limit=128),
        "slackTeamId": "T0123ABCD",
        "slackChannelId": "C0123ABCD",
        "snsTopicArns": [children["watch-policy"]["arn"]],
        "iamRoleArn": children["watch-slack"]["iamRoleArn"],
        "guardrailPolicyArns": ["arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"],
        "loggingLevel": "ERROR",
    }
    assert json.loads(children["watch-slack-role-policy"]["policy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["cloudwatch:DescribeAlarms"],
            "Resource": ["arn:aws:cloudwatch:eu-west-1:111111111111:alarm:*"],
        },
        {"Effect": "Allow", "Action": ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], "Resource": ["*"]},
    ]
    trusted = json.loads(children["watch-slack-role"]["assumeRolePolicy"])["Statement"][0]
    assert trusted["Principal"] == {"Service": "chatbot.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}


def test_each_address_counts_in_the_estimate() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        built({**FULL, "slack": None, "critical": {"email": "pager@example.com"}, "expected": {"notifications": 10}})
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:sns/topic:Topic", "watch"): {"requests": Range.of(10), "notifications": Range.of(20)},
        ("aws:sns/topic:Topic", "watch-critical"): {"requests": Range.of(10), "notifications": Range.of(30)},
    }


def test_a_channel_alone_counts_what_it_is_sent() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        built({"slack": FULL["slack"], "expected": {"notifications": 10}})
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:sns/topic:Topic", "watch"): {"requests": Range.of(10)},
        ("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "watch-slack"): {
            "notifications": Range.of(10)
        },
    }


@pytest.mark.parametrize(
    ("values", "warning", "critical"),
    [({"topic_arn": "t"}, "t", "t"), ({"topic_arn": "t", "critical_topic_arn": "c"}, "t", "c")],
)
def test_severity_chooses_the_topic(values: dict[str, str], warning: str, critical: str) -> None:
    seen: list[str] = []

    def look() -> None:
        outputs = AlertsOutputs.of(**values)
        outputs.topic("warning").apply(seen.append)
        outputs.topic("critical").apply(seen.append)

    recorded(look)
    assert sorted(seen) == sorted([warning, critical])


@pytest.mark.parametrize("key", [None, KEY])
def test_publishing_takes_the_topics_and_the_key(key: str | None) -> None:
    values = {"topic_arn": "t", "critical_topic_arn": "c", **({"key_arn": key} if key else {})}
    statements = granted(lambda: policy([AlertsOutputs.of(**values).grant("publish")]))
    publish = {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": ["t", "c"]}
    use = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": [KEY]}
    assert statements == ([publish, use] if key else [publish])


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"email": []},
        {"email": "nobody"},
        {"email": "team@example.com", "critical": {}},
        {"slack": {"workspace_id": "0123", "channel_id": "C0123ABCD"}},
        {"slack": {"workspace_id": "T0123ABCD", "channel_id": "general"}},
        {"email": "team@example.com", "sms": "+1"},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertsSpec.model_validate(wrong)


def test_an_address_is_told_once() -> None:
    assert addresses(("a@b.c", "d@e.f", "a@b.c")) == ("a@b.c", "d@e.f")
    assert addresses("a@b.c") == ("a@b.c",)
