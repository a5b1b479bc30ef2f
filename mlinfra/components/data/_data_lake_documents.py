"""What S3, Glue, Athena and Lake Formation are told about a lake: documents without side effects."""

from __future__ import annotations

from typing import Literal

import pulumi
import pulumi_aws as aws

from mlinfra.components.data.bucket import lifecycle_rules


def zone_lifecycle(
    noncurrent_days: int, expire_days: int | None, moves: dict[int, str]
) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """The rules of any bucket, and the moves to colder classes: day to class."""
    rules = lifecycle_rules(noncurrent_days, expire_days)
    if moves:
        rules.append(
            {
                "id": "colder",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "transitions": [{"days": day, "storage_class": moves[day]} for day in sorted(moves)],
            }
        )
    return rules


def crawler_encryption(key_arn: pulumi.Output[str]) -> aws.glue.SecurityConfigurationEncryptionConfigurationArgsDict:
    """Logs, bookmarks and files of crawlers under the lake's key."""
    return {
        "cloudwatch_encryption": {"cloudwatch_encryption_mode": "SSE-KMS", "kms_key_arn": key_arn},
        "job_bookmarks_encryption": {"job_bookmarks_encryption_mode": "CSE-KMS", "kms_key_arn": key_arn},
        "s3_encryption": {"s3_encryption_mode": "SSE-KMS", "kms_key_arn": key_arn},
    }


def result_encryption(
    key_arn: pulumi.Output[str] | None,
) -> aws.athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgsDict:
    """Results of queries under the lake's key, or S3's."""
    if key_arn is None:
        return {"encryption_option": "SSE_S3"}
    return {"encryption_option": "SSE_KMS", "kms_key_arn": key_arn}


def lake_permissions(level: Literal["read", "write"]) -> tuple[list[str], list[str]]:
    """Lake Formation's permissions on a database and on its tables."""
    if level == "read":
        return ["DESCRIBE"], ["DESCRIBE", "SELECT"]
    return ["CREATE_TABLE", "DESCRIBE"], ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"]
