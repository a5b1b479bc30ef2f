"""Private ECR repositories: immutable tags, scanned images, an end for old ones that spares releases."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import (
    Component,
    Context,
    Deletion,
    Grant,
    Layer,
    Needs,
    Outputs,
    Range,
    Ref,
    Spec,
    Statement,
    by_environment,
    keys_of,
    policy,
    trust,
)
from mlinfra.components.registry._given import given
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

RepositoryName: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$", max_length=64, examples=["training", "feature-server"])
]
CacheName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$", max_length=11, examples=["public", "quay"])]
TagPattern: TypeAlias = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._*-]+$", max_length=128, examples=["latest", "cache-*"])
]
AccountId: TypeAlias = Annotated[str, Field(pattern=r"^\d{12}$", examples=["123456789012"])]
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer")
PUSH = ("ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart")
CACHE = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")
LOGIN = Statement(("ecr:GetAuthorizationToken",), ("*",), reason="the token is for the registry, which has no ARN")


class PullThrough(Spec):
    """A registry whose images are fetched on the first pull and kept here."""

    upstream: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]+\.[a-z]{2,}$", examples=["public.ecr.aws", "quay.io"])
    """Host of the registry."""
    upstream_prefix: str | None = Field(
        default=None, pattern=r"^[a-z0-9]+(?:[._/-][a-z0-9]+)*$", max_length=30, examples=["library", "org/images"]
    )
    """Only what is below this path there. Left out: all of it."""
    credential: Ref[str] | None = None
    """ARN of the secret with `username` and `accessToken`; its name starts with `ecr-pullthroughcache/`. Left out:
    pulled without a login, which some registries refuse."""


class Expected(Spec):
    """What the repositories will hold; for the estimate, never a limit."""

    stored_gib: Range = Range.of(2, 20, 100)
    """Compressed images in each repository, GiB. Left out: 2 to 100, expected 20: training images have 5 to 10."""


class ContainerRegistrySpec(Spec):
    """What a blueprint may say about a container registry."""

    repositories: tuple[RepositoryName, ...] = Field(min_length=1)
    """Names of the repositories."""
    mutable_tags: tuple[TagPattern, ...] = Field(default=(), max_length=5)
    """Tags that may be moved to another image, `*` stands for anything, for example `cache-*`. Left out: none."""
    release_tags: tuple[TagPattern, ...] = Field(default=("v*", "release-*"), min_length=1, max_length=4)
    """Tags of images that are never expired, `*` stands for anything. Left out: `v*` and `release-*`."""
    keep_images: int = Field(default=30, ge=1, le=10_000)
    """How many other images to keep in each repository, newest first. Left out: 30."""
    untagged_days: int = Field(default=7, ge=1, le=3650)
    """Days to keep images that have lost their last tag. Left out: 7."""
    shared_with: tuple[AccountId, ...] = ()
    """Accounts that may pull. Left out: none but this one."""
    pull_through: Mapping[CacheName, PullThrough] = {}
    """Registries to cache, by a name of ours: images are pulled under `<cache_prefix>/<name>/…`. Left out: none."""
    deletion: Deletion | None = by_environment(protected="retain", otherwise="delete")
    """What destroy does with images. Left out: retain in a protected environment, delete elsewhere."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a few large images."""

    @model_validator(mode="after")
    def _names_differ(self) -> ContainerRegistrySpec:
        twice = sorted({name for name in self.repositories if self.repositories.count(name) > 1})
        if twice:
            raise PydanticCustomError("twice", "`repositories` names {names} twice", {"names": ", ".join(twice)})
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerRegistryNeeds(Needs):
    """What a container registry can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt images with; it cannot be changed later. Without one ECR's own keys encrypt."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RepositoryOutputs(Outputs):
    """One repository. ``url`` is what stands before the tag when an image is pushed or pulled."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    url: pulumi.Output[str]

    def grant(self, level: Literal["pull", "push"]) -> Grant:
        """Pull from, or push to and pull from, this repository."""
        return repository_grant([self.arn], level)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerRegistryOutputs(Outputs):
    """What other components may use of a container registry. Prefix and ARN are of what is cached."""

    repositories: Mapping[str, RepositoryOutputs] = keys_of("repositories")
    cache_prefix: pulumi.Output[str] | None = None
    cache_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["pull", "push"]) -> Grant:
        """Pull from, or push to and pull from, all repositories; what is cached can be pulled."""
        own = repository_grant([repository.arn for repository in self.repositories.values()], level)
        if self.cache_arn is None:
            return own
        return Grant((*own.statements, Statement(PULL + CACHE, (self.cache_arn,))))


class ContainerRegistry(Component[ContainerRegistrySpec, ContainerRegistryNeeds, ContainerRegistryOutputs]):
    """Creates repositories with lifecycles, policies for other accounts, and caches of other registries."""

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: ContainerRegistrySpec, needs: ContainerRegistryNeeds) -> ContainerRegistryOutputs:
        key_arn = needs.key.arn if needs.key else None
        made = {part: self._repository(name, part, spec, key_arn) for part in spec.repositories}
        if not spec.pull_through:
            return ContainerRegistryOutputs(repositories=made)
        # A prefix is the account's and region's, hence a name that no other environment has; ECR takes 30 characters.
        own = f"{self.context.blueprint}-{self.context.environment}"
        prefix = self.fixed_name(name, limit=18) or own[:18].rstrip("-")
        cached = self.context.arn("ecr", f"repository/{prefix}/*")
        self._caches(name, prefix, cached, spec, key_arn)
        return ContainerRegistryOutputs(
            repositories=made, cache_prefix=pulumi.Output.from_input(prefix), cache_arn=cached
        )

    def _repository(
        self, name: str, part: str, spec: ContainerRegistrySpec, key_arn: pulumi.Output[str] | None
    ) -> RepositoryOutputs:
        repository = aws.ecr.Repository(
            f"{name}-{part}",
            name=self.fixed_name(name, part, limit=256),
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION" if spec.mutable_tags else "IMMUTABLE",
            image_tag_mutability_exclusion_filters=exclusions(spec.mutable_tags),
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[encryption(key_arn)],
            force_delete=spec.deletion == "delete",
            opts=self.child(deletion=spec.deletion),
        )
        self.expect(repository, stored_gib=spec.expected.stored_gib)
        aws.ecr.LifecyclePolicy(
            f"{name}-{part}-lifecycle",
            repository=repository.name,
            policy=lifecycle(spec.release_tags, spec.keep_images, spec.untagged_days),
            opts=self.child(deletion=spec.deletion, setting_of=repository),
        )
        if spec.shared_with:
            aws.ecr.RepositoryPolicy(
                f"{name}-{part}-policy",
                repository=repository.name,
                policy=pulumi.Output.json_dumps(sharing(spec.shared_with, self.context)),
                opts=self.child(deletion=spec.deletion, setting_of=repository),
            )
        return RepositoryOutputs(name=repository.name, arn=repository.arn, url=repository.repository_url)

    def _caches(
        self,
        name: str,
        base: str,
        cached: pulumi.Output[str],
        spec: ContainerRegistrySpec,
        key_arn: pulumi.Output[str] | None,
    ) -> None:
        role = aws.iam.Role(
            f"{name}-cache-role",
            assume_role_policy=trust("ecr.amazonaws.com", self.context),
            permissions_boundary=self.context.permissions_boundary,
            opts=self.child(),
        )
        allowed = [Statement(("ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"), (cached,))]
        if key_arn is not None:
            allowed.append(Statement(("kms:CreateGrant", "kms:RetireGrant", "kms:DescribeKey"), (key_arn,)))
        rights = aws.iam.RolePolicy(
            f"{name}-cache-role-policy", role=role.name, policy=policy(allowed), opts=self.child()
        )
        for part, upstream in spec.pull_through.items():
            prefix = f"{base}/{part}"
            template = aws.ecr.RepositoryCreationTemplate(
                f"{name}-cache-{part}-template",
                prefix=prefix,
                applied_fors=["PULL_THROUGH_CACHE"],
                # What is cached follows its source, where tags move.
                image_tag_mutability="MUTABLE",
                encryption_configurations=[{**encryption(key_arn)}],
                lifecycle_policy=lifecycle(spec.release_tags, spec.keep_images, spec.untagged_days),
                custom_role_arn=role.arn,
                resource_tags=self.context.tags,
                opts=self.child(depends_on=[rights]),
            )
            aws.ecr.PullThroughCacheRule(
                f"{name}-cache-{part}",
                ecr_repository_prefix=prefix,
                upstream_registry_url=upstream.upstream,
                upstream_repository_prefix=upstream.upstream_prefix,
                credential_arn=None if upstream.credential is None else given(upstream.credential),
                opts=self.child(depends_on=[template]),
            )


def exclusions(
    tags: Sequence[str],
) -> list[aws.ecr.RepositoryImageTagMutabilityExclusionFilterArgsDict] | None:
    """The tags that may be moved, as ECR writes them."""
    return [{"filter": tag, "filter_type": "WILDCARD"} for tag in tags] or None


def encryption(key_arn: pulumi.Output[str] | None) -> aws.ecr.RepositoryEncryptionConfigurationArgsDict:
    """KMS with the given key, or ECR's own keys."""
    return {"encryption_type": "AES256"} if key_arn is None else {"encryption_type": "KMS", "kms_key": key_arn}


def repository_grant(arns: Sequence[pulumi.Output[str]], level: Literal["pull", "push"]) -> Grant:
    """Pull from, or push to and pull from, these repositories. ECR uses the key itself, so it needs no grant."""
    return Grant((LOGIN, Statement(PULL if level == "pull" else PULL + PUSH, tuple(arns))))


def lifecycle(release_tags: Sequence[str], keep_images: int, untagged_days: int) -> str:
    """The rules by which images end, as ECR writes them.

    An image that matches a rule cannot be expired by a later one. So the first rule, which never comes to expire
    anything, spares releases from the last; without it an image that a live endpoint serves could go.
    """
    rules = [
        {
            "rulePriority": 1,
            "description": "spare releases",
            "selection": {
                "tagStatus": "tagged",
                "tagPatternList": list(release_tags),
                "countType": "imageCountMoreThan",
                "countNumber": 100_000,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": "untagged images",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": untagged_days,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 3,
            "description": "all but the newest of the rest",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep_images},
            "action": {"type": "expire"},
        },
    ]
    return json.dumps({"rules": rules})


def sharing(accounts: Sequence[str], context: Context) -> dict[str, Any]:
    """Let other accounts pull; whom they let is up to their own IAM."""
    who = [pulumi.Output.concat("arn:", context.partition, ":iam::", account, ":root") for account in accounts]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": who}, "Action": list(PULL)}],
    }
