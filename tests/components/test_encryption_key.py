"""encryption_key: what it creates, who may use it, what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from building import DEV, PROD, granted, made, recorded
from pydantic import ValidationError

from mlinfra.components._grammar import Context, Range, expectations, policy
from mlinfra.components.security.encryption_key import (
    ADMINISTER,
    EncryptionKey,
    EncryptionKeyNeeds,
    EncryptionKeyOutputs,
    EncryptionKeySpec,
    key_policy,
)

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1, protected: true}
components:
  key:
    kind: encryption_key
    rotation_days: 180
    deletion: retain
    deletion_window_days: 14
    multi_region: true
    expected: {requests: {min: 1000, expected: 5000, max: 90000}}
"""

KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"
USE = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
]


def build(spec: EncryptionKeySpec | None = None, context: Context = DEV) -> EncryptionKey:
    return EncryptionKey("key", spec or EncryptionKeySpec(), EncryptionKeyNeeds(), context=context)


def test_creates_exactly_these_children() -> None:
    children = made(build)
    children["key"].pop("policy")
    assert children == {
        "key": {
            "description": "shop dev key",
            "enableKeyRotation": True,
            "rotationPeriodInDays": 365,
            "deletionWindowInDays": 30,
            "multiRegion": False,
        },
        "key-alias": {"name": f"alias/{DEV.physical_name('key', limit=200)}"},
    }


def test_what_is_said_reaches_the_key() -> None:
    spec = EncryptionKeySpec(rotation_days=180, deletion_window_days=14, multi_region=True)
    key = made(lambda: build(spec, PROD))["key"]
    key.pop("policy")
    assert key == {
        "description": "shop prod key",
        "enableKeyRotation": True,
        "rotationPeriodInDays": 180,
        "deletionWindowInDays": 14,
        "multiRegion": True,
    }


def test_the_policy_names_no_role_and_each_service_is_held_to_this_account() -> None:
    statements = json.loads(made(build)["key"]["policy"])["Statement"]
    assert statements == [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": sorted([*USE, *ADMINISTER]),
            "Resource": "*",
        },
        {
            "Sid": "Services",
            "Effect": "Allow",
            "Principal": {
                "Service": [
                    "budgets.amazonaws.com",
                    "cloudwatch.amazonaws.com",
                    "costalerts.amazonaws.com",
                    "events.amazonaws.com",
                    "s3.amazonaws.com",
                    "sns.amazonaws.com",
                ]
            },
            "Action": USE,
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}},
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
            "Action": USE,
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111111111111:*"}},
        },
        {
            "Sid": "Volumes",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": sorted([*USE, "kms:CreateGrant"]),
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "kms:CallerAccount": "111111111111",
                    "kms:ViaService": "ec2.eu-west-1.amazonaws.com",
                }
            },
        },
    ]


def test_the_policy_is_that_of_the_partition() -> None:
    china = Context(blueprint="shop", environment="dev", account="111111111111", region="cn-north-1")
    seen: list[str] = []
    recorded(lambda: pulumi.Output.json_dumps(key_policy(china)).apply(seen.append))
    statements = {statement["Sid"]: statement for statement in json.loads(seen[0])["Statement"]}
    assert statements["Account"]["Principal"] == {"AWS": "arn:aws-cn:iam::111111111111:root"}
    assert statements["Logs"]["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws-cn:logs:cn-north-1:111111111111:*"}
    }


@pytest.mark.parametrize(("level", "actions"), [("decrypt", USE[:2]), ("encrypt", USE)])
def test_a_grant_names_this_key_only(level: Any, actions: list[str]) -> None:
    (statement,) = granted(lambda: policy([EncryptionKeyOutputs.of(arn=KEY).grant(level)]))
    assert statement == {"Effect": "Allow", "Action": actions, "Resource": [KEY]}


def test_two_keys_do_not_collide() -> None:
    def program() -> None:
        for name in ("one", "two"):
            EncryptionKey(name, EncryptionKeySpec(), EncryptionKeyNeeds(), context=DEV)

    children = made(program)
    assert children["one-alias"]["name"] != children["two-alias"]["name"]


def test_without_account_and_region_the_alias_is_named_by_pulumi() -> None:
    def program() -> None:
        place = pulumi.Output.from_input("eu-west-1")
        build(context=Context(blueprint="shop", environment="dev", account=place, region=place))

    assert "name" not in made(program)["key-alias"]


@pytest.mark.parametrize(
    ("deletion", "context", "kept"),
    [(None, DEV, None), (None, PROD, True), ("retain", DEV, True), ("delete", PROD, None)],
)
def test_a_key_stays_where_it_should(deletion: Any, context: Context, kept: bool | None) -> None:
    seen: list[bool | None] = []

    def program() -> None:
        key = build(EncryptionKeySpec(deletion=deletion), context)
        options = key.child(deletion=EncryptionKeySpec(deletion=deletion).filled(context).deletion)
        seen.append(options.retain_on_delete)

    recorded(program)
    assert seen == [kept]


def test_what_to_reckon_with_reaches_the_key() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        recorded(lambda: build(EncryptionKeySpec.model_validate({"expected": {"requests": 7}})))
    finally:
        expectations.reset(token)
    assert found == {("aws:kms/key:Key", "key"): {"requests": Range.of(7)}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"rotation_days": 89},
        {"rotation_days": 2561},
        {"deletion_window_days": 6},
        {"deletion_window_days": 31},
        {"deletion": "maybe"},
        {"multi_regional": True},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EncryptionKeySpec.model_validate(wrong)
