"""Where models are registered, approved and promoted: package groups, and a bucket for their artifacts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

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
    keys_of,
)
from mlinfra.components.data.bucket import bucket_grant, lifecycle_rules, private_bucket
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.components.registry._model_registry_sharing import bucket_sharing, group_sharing
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

GroupName: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$", max_length=40, examples=["fraud", "churn-by-month"])
]
AccountId: TypeAlias = Annotated[str, Field(pattern=r"^\d{12}$", examples=["123456789012"])]
Change: TypeAlias = Literal["registered", "approved", "rejected"]
STATUS: Mapping[Change, str] = {
    "registered": "PendingManualApproval",
    "approved": "Approved",
    "rejected": "Rejected",
}
"""Our words for the approval status that SageMaker reports."""
READ_GROUP = ("sagemaker:DescribeModelPackageGroup", "sagemaker:ListTags")
READ_PACKAGE = ("sagemaker:DescribeModelPackage",)
WRITE_GROUP = ("sagemaker:CreateModelPackage", "sagemaker:AddTags")
WRITE_PACKAGE = ("sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage", "sagemaker:AddTags")
LIST = Statement(
    ("sagemaker:ListModelPackages",), ("*",), reason="SageMaker cannot restrict the listing to a package group"
)


class Expected(Spec):
    """What the bucket will hold and do in a month; for the estimate, never a limit."""

    stored_gib: Range = Range.of(1, 50, 500)
    """Artifacts, GiB. Left out: 1 to 500, expected 50."""
    put_requests: Range = Range.of(100, 2_000, 20_000)
    """Requests that write. Left out: 100 to 20,000, expected 2,000."""
    get_requests: Range = Range.of(1_000, 20_000, 200_000)
    """Requests that read. Left out: 1,000 to 200,000, expected 20,000."""


class ModelRegistrySpec(Spec):
    """What a blueprint may say about a model registry."""

    groups: tuple[GroupName, ...] = Field(min_length=1, max_length=100)
    """Names of the model package groups: one for each model that is versioned."""
    tell: tuple[Change, ...] = ("approved", "rejected")
    """Changes of a version that are told to `alerts`. Left out: approved and rejected."""
    shared_with: tuple[AccountId, ...] = ()
    """Accounts that may read versions and artifacts, and decrypt them. Left out: none but this one."""
    noncurrent_days: int = Field(default=90, ge=1, le=3650)
    """Days to keep overwritten artifacts. Left out: 90."""
    deletion: Deletion | None = by_environment(protected="retain", otherwise="delete")
    """What destroy does with groups and artifacts; a group that has versions refuses to go. Left out: retain in a
    protected environment, delete elsewhere."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a few models of moderate size."""

    @model_validator(mode="after")
    def _names_differ(self) -> ModelRegistrySpec:
        twice = sorted({name for name in self.groups if self.groups.count(name) > 1})
        if twice:
            raise PydanticCustomError("twice", "`groups` names {names} twice", {"names": ", ".join(twice)})
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRegistryNeeds(Needs):
    """What a model registry can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt artifacts with. Without one S3's own keys encrypt."""
    alerts: AlertsOutputs | None = None
    """Where changes of versions are told."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelGroupOutputs(Outputs):
    """One model package group."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    versions_arn: pulumi.Output[str] | None = None

    def versions(self) -> pulumi.Output[str]:
        """What stands before ``/<version>`` in the ARN of a version."""
        return self.arn.apply(packages_of) if self.versions_arn is None else self.versions_arn


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRegistryOutputs(Outputs):
    """What other components may use of a model registry."""

    groups: Mapping[str, ModelGroupOutputs] = keys_of("groups")
    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["read", "write"]) -> Grant:
        """Read versions and artifacts, or register versions and set their approval too."""
        groups = tuple(group.arn for group in self.groups.values())
        packages = tuple(pulumi.Output.concat(group.versions(), "/*") for group in self.groups.values())
        artifacts = bucket_grant(self.bucket_arn, self.key_arn, level)
        writing = level == "write"
        return Grant(
            (
                LIST,
                Statement(READ_GROUP + (WRITE_GROUP if writing else ()), groups),
                Statement(READ_PACKAGE + (WRITE_PACKAGE if writing else ()), packages),
                *artifacts.statements,
            )
        )


class ModelRegistry(Component[ModelRegistrySpec, ModelRegistryNeeds, ModelRegistryOutputs]):
    """Creates package groups, the artifact bucket, a rule that tells promotions, and policies for other accounts."""

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: ModelRegistrySpec, needs: ModelRegistryNeeds) -> ModelRegistryOutputs:
        key_arn = needs.key.arn if needs.key else None
        bucket = private_bucket(
            self,
            f"{name}-artifacts",
            physical_name=self.fixed_name(name, "artifacts", limit=63),
            key_arn=key_arn,
            deletion=spec.deletion or "retain",
            lifecycle=lifecycle_rules(spec.noncurrent_days),
            statements=lambda arn: bucket_sharing(arn, spec.shared_with, self.context),
        )
        usage = spec.expected
        self.expect(
            bucket, stored_gib=usage.stored_gib, put_requests=usage.put_requests, get_requests=usage.get_requests
        )
        groups = {part: self._group(name, part, spec) for part in spec.groups}
        if key_arn is not None:
            for account in spec.shared_with:
                # The key that is forgotten. A KMS grant, because the key's policy belongs to the key.
                aws.kms.Grant(
                    f"{name}-key-{account}",
                    key_id=key_arn,
                    grantee_principal=pulumi.Output.concat("arn:", self.context.partition, ":iam::", account, ":root"),
                    operations=["Decrypt", "DescribeKey"],
                    opts=self.child(),
                )
        if needs.alerts and spec.tell:
            self._tell(name, spec.tell, list(groups.values()), needs.alerts)
        return ModelRegistryOutputs(
            groups={
                part: ModelGroupOutputs(
                    name=group.model_package_group_name, arn=group.arn, versions_arn=self._versions(group)
                )
                for part, group in groups.items()
            },
            bucket_name=bucket.bucket,
            bucket_arn=bucket.arn,
            key_arn=key_arn,
        )

    def _group(self, name: str, part: str, spec: ModelRegistrySpec) -> aws.sagemaker.ModelPackageGroup:
        context = self.context
        group = aws.sagemaker.ModelPackageGroup(
            f"{name}-{part}",
            model_package_group_name=self.fixed_name(name, part, limit=63)
            or f"{context.blueprint}-{context.environment}-{name}-{part}".replace("_", "-")[:63].rstrip("-"),
            model_package_group_description=f"Versions of {part}: {context.blueprint}, {context.environment}",
            opts=self.child(deletion=spec.deletion),
        )
        if spec.shared_with:
            aws.sagemaker.ModelPackageGroupPolicy(
                f"{name}-{part}-policy",
                model_package_group_name=group.model_package_group_name,
                resource_policy=pulumi.Output.json_dumps(
                    group_sharing(group.arn, self._versions(group), spec.shared_with, context)
                ),
                opts=self.child(deletion=spec.deletion, setting_of=group),
            )
        return group

    def _versions(self, group: aws.sagemaker.ModelPackageGroup) -> pulumi.Output[str]:
        # Not made from the ARN: a plan can show a name inside of text, but not what becomes of an unknown ARN.
        return self.context.arn("sagemaker", pulumi.Output.concat("model-package/", group.model_package_group_name))

    def _tell(
        self,
        name: str,
        changes: Sequence[Change],
        groups: Sequence[aws.sagemaker.ModelPackageGroup],
        alerts: AlertsOutputs,
    ) -> None:
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {
                "ModelPackageGroupName": [group.model_package_group_name for group in groups],
                "ModelApprovalStatus": [STATUS[change] for change in changes],
            },
        }
        rule = aws.cloudwatch.EventRule(
            f"{name}-promotions",
            description="Versions of models that are registered, approved or rejected",
            event_pattern=pulumi.Output.json_dumps(pattern),
            opts=self.child(),
        )
        aws.cloudwatch.EventTarget(
            f"{name}-promotions-target",
            rule=rule.name,
            arn=alerts.topic("warning"),
            input_transformer={
                "input_paths": {
                    "group": "$.detail.ModelPackageGroupName",
                    "version": "$.detail.ModelPackageVersion",
                    "status": "$.detail.ModelApprovalStatus",
                },
                "input_template": '"Model <group>, version <version>: <status>"',
            },
            opts=self.child(),
        )


def packages_of(group_arn: str) -> str:
    """``arn:…:model-package/fraud`` of ``arn:…:model-package-group/fraud``: versions have ARNs below it."""
    return group_arn.replace(":model-package-group/", ":model-package/", 1)
