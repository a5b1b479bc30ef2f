"""A private, encrypted, versioned S3 bucket."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field

from mlinfra.components._grammar import (
    Component,
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
from mlinfra.components.security.encryption_key import DECRYPT, ENCRYPT, EncryptionKeyOutputs

LIST = ("s3:ListBucket", "s3:GetBucketLocation")
READ = ("s3:GetObject", "s3:GetObjectVersion")
WRITE = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:DeleteObject")


class Expected(Spec):
    """What the bucket will hold and do in a month; for the estimate, never a limit."""

    stored_gib: Range = Range.of(10, 100, 500)
    """Data in the standard class, GiB. Left out: 10 to 500, expected 100."""
    put_requests: Range = Range.of(10_000, 100_000, 1_000_000)
    """PUT, COPY, POST and LIST requests. Left out: 10,000 to 1,000,000, expected 100,000."""
    get_requests: Range = Range.of(100_000, 1_000_000, 10_000_000)
    """GET and other requests. Left out: 100,000 to 10,000,000, expected 1,000,000."""


class BucketSpec(Spec):
    """What a blueprint may say about a bucket."""

    deletion: Deletion | None = by_environment(protected="retain", otherwise="delete")
    """What destroy does with a bucket that holds data. Left out: retain in a protected environment, delete elsewhere."""
    noncurrent_days: int = Field(default=30, ge=1, le=3650)
    """Days to keep overwritten versions. Left out: 30. Without an end, versioning doubles storage unnoticed."""
    expire_days: int | None = Field(default=None, ge=1, le=36500)
    """Days after which objects are deleted. Left out: never."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a small working set."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BucketNeeds(Needs):
    """What a bucket can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt with. Without one S3's own keys encrypt, which no policy can restrict."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BucketOutputs(Outputs):
    """What other components may use of a bucket."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["read", "write"]) -> Grant:
        """Objects are granted apart from the listing, so that neither needs a wildcard; with the key, or S3 says no."""
        return bucket_grant(self.arn, self.key_arn, level)


class Bucket(Component[BucketSpec, BucketNeeds, BucketOutputs]):
    """Creates a bucket, its encryption, versioning, lifecycle, public-access block and TLS-only policy."""

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: BucketSpec, needs: BucketNeeds) -> BucketOutputs:
        key_arn = needs.key.arn if needs.key else None
        bucket = private_bucket(
            self,
            name,
            physical_name=self.fixed_name(name, limit=63),
            key_arn=key_arn,
            deletion=spec.deletion or "retain",
            lifecycle=lifecycle_rules(spec.noncurrent_days, spec.expire_days),
        )
        usage = spec.expected
        self.expect(
            bucket, stored_gib=usage.stored_gib, put_requests=usage.put_requests, get_requests=usage.get_requests
        )
        return BucketOutputs(name=bucket.bucket, arn=bucket.arn, key_arn=key_arn)


def private_bucket(
    component: Component[Any, Any, Any],
    name: str,
    *,
    physical_name: str | None,
    key_arn: pulumi.Output[str] | None,
    deletion: Deletion,
    lifecycle: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict],
    statements: Callable[[pulumi.Output[str]], Sequence[Mapping[str, Any]]] = lambda _: (),
) -> aws.s3.Bucket:
    """A bucket and its satellites as children of ``component``: every bucket that mlinfra makes is made here.

    S3 takes one policy for a bucket: ``statements`` gives, for the bucket's ARN, what it says beyond asking for TLS.
    """
    bucket = aws.s3.Bucket(
        name, bucket=physical_name, force_destroy=deletion == "delete", opts=component.child(deletion=deletion)
    )

    def setting(*depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return component.child(deletion=deletion, setting_of=bucket, depends_on=depends_on)

    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.id, rules=[encryption_rule(key_arn)], opts=setting()
    )
    versions = aws.s3.BucketVersioning(
        f"{name}-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=setting()
    )
    # S3 refuses rules on old versions until versioning is on.
    aws.s3.BucketLifecycleConfiguration(f"{name}-lifecycle", bucket=bucket.id, rules=lifecycle, opts=setting(versions))
    closed = aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=setting(),
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-owner",
        bucket=bucket.id,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=setting(),
    )
    # S3 refuses a policy while the block is being written, hence the dependency.
    aws.s3.BucketPolicy(
        f"{name}-tls",
        bucket=bucket.id,
        policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [tls_only(bucket.arn), *statements(bucket.arn)]}
        ),
        opts=setting(closed),
    )
    return bucket


def bucket_grant(
    arn: pulumi.Output[str], key_arn: pulumi.Output[str] | None, level: Literal["read", "write"], prefix: str = ""
) -> Grant:
    """Access to a bucket, or to the objects below ``prefix`` (``raw/``) of it."""
    actions, use = (READ, DECRYPT) if level == "read" else (READ + WRITE, DECRYPT + ENCRYPT)
    listing = Statement(LIST, (arn,))
    objects = Statement(actions, (pulumi.Output.concat(arn, "/", prefix, "*"),))
    return Grant((listing, objects) if key_arn is None else (listing, objects, Statement(use, (key_arn,))))


def encryption_rule(
    key_arn: pulumi.Output[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    """KMS with a bucket key (one KMS call per bucket and day instead of per object), or S3's own keys."""
    if key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
        "bucket_key_enabled": True,
    }


def lifecycle_rules(
    noncurrent_days: int, expire_days: int | None = None
) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Ends for what nobody looks at: old versions, uploads that never finished, and objects past their time."""
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "old-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ]
    if expire_days is not None:
        rules.append(
            {"id": "expiry", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": expire_days}}
        )
    return rules


def tls_only(arn: pulumi.Output[str]) -> dict[str, Any]:
    """Deny whatever does not come over TLS, whoever asks."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, pulumi.Output.concat(arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
