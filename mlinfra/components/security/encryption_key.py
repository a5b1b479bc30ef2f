"""A KMS key that the account's IAM controls, with an alias, rotation, and the AWS services that may use it."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field

from mlinfra.components._grammar import (
    Component,
    Context,
    Deletion,
    Grant,
    Layer,
    Needs,
    Outputs,
    Range,
    Spec,
    Statement,
    by_environment,
)

DECRYPT = ("kms:Decrypt", "kms:DescribeKey")
ENCRYPT = (
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
)
"""What else can be done with a symmetric key whose material KMS makes (Service Authorization Reference, AWS KMS,
2026-10)."""
SERVICES = ("budgets", "cloudwatch", "costalerts", "events", "s3", "sns")
"""Services that encrypt with the key on their own, without a role of ours, because they publish to topics and queues
that it
protects (Amazon SNS developer guide, "Enable compatibility between event sources and encrypted topics", 2026-11)."""


class Expected(Spec):
    """What the key will do in a month; for the estimate, never a limit."""

    requests: Range = Range.of(10_000, 200_000, 2_000_000)
    """Cryptographic requests. Left out: 10,000 to 2,000,000, expected 200,000: bucket keys keep S3 out of the count."""


class EncryptionKeySpec(Spec):
    """What a blueprint may say about a key."""

    rotation_days: int = Field(default=365, ge=90, le=2560)
    """Days between rotations of the key material. Left out: 365."""
    deletion: Deletion | None = by_environment(protected="retain", otherwise="delete")
    """What destroy does with the key; data that it encrypted is lost with it. Left out: retain in a protected
    environment, delete elsewhere."""
    deletion_window_days: int = Field(default=30, ge=7, le=30)
    """Days in which a scheduled deletion can be undone. Left out: 30."""
    multi_region: bool = False
    """Make a multi-Region primary key, which can be replicated later; this cannot be changed. Left out: false."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a platform of moderate use."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncryptionKeyNeeds(Needs):
    """A key needs nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncryptionKeyOutputs(Outputs):
    """What other components may use of a key."""

    arn: pulumi.Output[str]

    def grant(self, level: Literal["decrypt", "encrypt"]) -> Grant:
        """Use of the key: ``decrypt`` to read, ``encrypt`` to read and write what it protects."""
        return Grant((Statement(DECRYPT if level == "decrypt" else DECRYPT + ENCRYPT, (self.arn,)),))


class EncryptionKey(Component[EncryptionKeySpec, EncryptionKeyNeeds, EncryptionKeyOutputs]):
    """Creates a key and its alias."""

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: EncryptionKeySpec, needs: EncryptionKeyNeeds) -> EncryptionKeyOutputs:
        key = aws.kms.Key(
            name,
            description=f"{self.context.blueprint} {self.context.environment} {name}",
            enable_key_rotation=True,
            rotation_period_in_days=spec.rotation_days,
            deletion_window_in_days=spec.deletion_window_days,
            multi_region=spec.multi_region,
            policy=pulumi.Output.json_dumps(key_policy(self.context)),
            opts=self.child(deletion=spec.deletion),
        )
        self.expect(key, requests=spec.expected.requests)
        alias = self.fixed_name(name, limit=200)
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{alias}" if alias else None,
            target_key_id=key.key_id,
            opts=self.child(deletion=spec.deletion, setting_of=key),
        )
        return EncryptionKeyOutputs(arn=key.arn)


def key_policy(context: Context) -> dict[str, Any]:
    """Delegate to the account's IAM, and let AWS services use the key for this account.

    No role is ever named: a key that names roles which need the key cannot be created. The account's own line is KMS's
    required one (without it nobody could administer the key), with its actions by name, so that none joins by itself;
    ``kms:PutKeyPolicy`` lets one in. ``*`` is the only resource that a key policy can name: it means this key.
    """
    account = pulumi.Output.concat("arn:", context.partition, ":iam::", context.account, ":root")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": account},
                "Action": sorted((*DECRYPT, *ENCRYPT, *ADMINISTER)),
                "Resource": "*",
            },
            _allow(
                "Services",
                {"Service": [f"{service}.amazonaws.com" for service in SERVICES]},
                {"StringEquals": {"aws:SourceAccount": context.account}},
            ),
            # CloudWatch Logs has a principal of its own in each region, and says for which log group it asks in the
            # encryption context rather than in aws:SourceAccount (CloudWatch Logs user guide, "Encrypt log data").
            _allow(
                "Logs",
                {"Service": pulumi.Output.concat("logs.", context.region, ".amazonaws.com")},
                {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": context.arn("logs", "*")}},
            ),
            # Auto Scaling launches nodes with a service-linked role, to which no policy of ours can be attached and
            # which may not exist yet. KMS's own key for volumes solves it the same way: whoever in this account may
            # use EC2 may use the key, through EC2 only.
            _allow(
                "Volumes",
                {"AWS": "*"},
                {
                    "StringEquals": {
                        "kms:CallerAccount": context.account,
                        "kms:ViaService": pulumi.Output.concat("ec2.", context.region, ".amazonaws.com"),
                    }
                },
                "kms:CreateGrant",
            ),
        ],
    }


def _allow(sid: str, principal: dict[str, Any], condition: dict[str, Any], *more: str) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": sorted((*DECRYPT, *ENCRYPT, *more)),
        "Resource": "*",
        "Condition": condition,
    }
