"""IAM as kinds write it: what a statement refuses, and whom a role trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from building import DEV, granted

from mlinfra.components._grammar import Statement, policy, trust

PASSED = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


@pytest.mark.parametrize(
    ("actions", "resource", "conditions", "message"),
    [
        (("s3:*",), "arn:x", None, "actions are named one by one, without `*`"),
        (("s3:Get*",), "arn:x", None, "actions are named one by one, without `*`"),
        (("s3:GetObject",), "*", None, "resource `*` needs AWS's reason"),
        (("iam:PassRole",), "arn:role", None, "the service in the condition `iam:PassedToService`"),
    ],
)
def test_a_statement_refuses_what_is_too_wide(
    actions: tuple[str, ...], resource: str, conditions: Mapping[str, Mapping[str, Any]] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        Statement(actions, (resource,), conditions)


def test_no_reason_opens_the_passing_of_roles() -> None:
    with pytest.raises(ValueError, match="`iam:PassRole` names the role"):
        Statement(("iam:PassRole",), ("*",), PASSED, reason="convenient")


def test_a_role_is_passed_to_one_service() -> None:
    (statement,) = granted(lambda: policy([Statement(("iam:PassRole",), ("arn:role",), PASSED)]))
    assert statement == {"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": ["arn:role"], "Condition": PASSED}


def test_a_service_is_trusted_on_behalf_of_this_account() -> None:
    assert granted(lambda: trust("glue.amazonaws.com", DEV)) == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "glue.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}},
        }
    ]


def test_ec2_sends_no_source_account_and_is_not_locked_out() -> None:
    assert granted(lambda: trust("ec2.amazonaws.com", DEV)) == [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
