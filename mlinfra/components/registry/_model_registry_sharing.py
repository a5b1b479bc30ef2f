"""What lets other accounts read versions of models and their artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from mlinfra.components._grammar import Context
from mlinfra.components.data.bucket import LIST, READ


def principals(accounts: Sequence[str], context: Context) -> list[pulumi.Output[str]]:
    """The accounts, as policies name them; whom they let is up to their own IAM."""
    return [pulumi.Output.concat("arn:", context.partition, ":iam::", account, ":root") for account in accounts]


def bucket_sharing(arn: pulumi.Output[str], accounts: Sequence[str], context: Context) -> list[dict[str, Any]]:
    """Statements that let other accounts list a bucket and read its objects; none where there are none."""
    if not accounts:
        return []
    who, objects = {"AWS": principals(accounts, context)}, pulumi.Output.concat(arn, "/*")
    return [
        {"Sid": "ListElsewhere", "Effect": "Allow", "Principal": who, "Action": list(LIST), "Resource": arn},
        {"Sid": "ReadElsewhere", "Effect": "Allow", "Principal": who, "Action": list(READ), "Resource": objects},
    ]


def group_sharing(
    group_arn: pulumi.Output[str], versions_arn: pulumi.Output[str], accounts: Sequence[str], context: Context
) -> dict[str, Any]:
    """Let other accounts read a package group, and deploy its versions."""
    who = {"AWS": principals(accounts, context)}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Group",
                "Effect": "Allow",
                "Principal": who,
                "Action": ["sagemaker:DescribeModelPackageGroup"],
                "Resource": group_arn,
            },
            {
                "Sid": "Versions",
                "Effect": "Allow",
                "Principal": who,
                "Action": ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages", "sagemaker:CreateModel"],
                "Resource": pulumi.Output.concat(versions_arn, "/*"),
            },
        ],
    }
