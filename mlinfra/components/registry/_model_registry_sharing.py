"""What lets other accounts read versions of models and their artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component, Context, Deletion
from mlinfra.components.data.bucket import LIST, READ, private_bucket


class _Shared:
    """Stands in for a component while its bucket is made: the bucket's one policy then also lets ``accounts`` read."""

    def __init__(self, component: Component[Any, Any, Any], name: str, accounts: Sequence[str]) -> None:
        self._component, self._name, self._accounts = component, name, accounts
        self._bucket: aws.s3.Bucket | None = None

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options for a child of the component, which add the readers to the policy."""
        return self._component.child(transformations=[self._transform], **options)

    def _transform(self, args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if isinstance(args.resource, aws.s3.Bucket):
            self._bucket = args.resource
        if args.name != f"{self._name}-tls" or self._bucket is None:
            return None
        document = bucket_sharing(self._bucket.arn, self._accounts, self._component.context)
        return pulumi.ResourceTransformationResult(
            {**args.props, "policy": pulumi.Output.json_dumps(document)}, args.opts
        )


def shared_bucket(
    component: Component[Any, Any, Any],
    name: str,
    *,
    physical_name: str | None,
    key_arn: pulumi.Output[str] | None,
    deletion: Deletion,
    lifecycle: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict],
    accounts: Sequence[str],
) -> aws.s3.Bucket:
    """A private bucket that ``accounts`` may read: S3 takes one policy for a bucket, so that one is extended."""
    owner: Any = _Shared(component, name, accounts) if accounts else component
    return private_bucket(
        owner, name, physical_name=physical_name, key_arn=key_arn, deletion=deletion, lifecycle=lifecycle
    )


def principals(accounts: Sequence[str], context: Context) -> list[pulumi.Output[str]]:
    """The accounts, as policies name them; whom they let is up to their own IAM."""
    return [pulumi.Output.concat("arn:", context.partition, ":iam::", account, ":root") for account in accounts]


def bucket_sharing(arn: pulumi.Output[str], accounts: Sequence[str], context: Context) -> dict[str, Any]:
    """Let other accounts list a bucket and read its objects; deny whatever does not come over TLS, as everywhere."""
    who, objects = {"AWS": principals(accounts, context)}, pulumi.Output.concat(arn, "/*")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, objects],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {"Sid": "ListElsewhere", "Effect": "Allow", "Principal": who, "Action": list(LIST), "Resource": arn},
            {"Sid": "ReadElsewhere", "Effect": "Allow", "Principal": who, "Action": list(READ), "Resource": objects},
        ],
    }


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
