"""container_registry: repositories, the end of images, and who may pull."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import DEV, PROD, granted, made
from pydantic import ValidationError

from mlinfra.components._grammar import Range, expectations, policy
from mlinfra.components.registry.container_registry import (
    ContainerRegistry,
    ContainerRegistryNeeds,
    ContainerRegistryOutputs,
    ContainerRegistrySpec,
    lifecycle,
)
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

# Without `mutable_tags`: the provider that judges full blueprints is older than exclusions from immutable tags.
FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  key: {kind: encryption_key}
  images:
    kind: container_registry
    key: key
    repositories: [train, serve]
    release_tags: ["v*"]
    keep_images: 50
    untagged_days: 3
    shared_with: ["333333333333"]
    pull_through:
      public: {upstream: public.ecr.aws}
      private:
        upstream: 444444444444.dkr.ecr.eu-west-1.amazonaws.com
        upstream_prefix: base
        credential: arn:aws:secretsmanager:eu-west-1:111111111111:secret:ecr-pullthroughcache/private-AbCdEf
    deletion: delete
    expected: {stored_gib: {min: 1, expected: 5, max: 20}}
"""
KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"


def built(spec: dict[str, Any], key: str | None = None, context: Any = DEV) -> dict[str, dict[str, Any]]:
    needs = ContainerRegistryNeeds(key=EncryptionKeyOutputs.of(arn=key) if key else None)
    return made(lambda: ContainerRegistry("images", ContainerRegistrySpec.model_validate(spec), needs, context=context))


def test_a_repository_is_immutable_scanned_encrypted_and_ends_old_images() -> None:
    name = DEV.physical_name("images", "serve", limit=256)
    assert built({"repositories": ["serve"]}) == {
        "images-serve": {
            "name": name,
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "AES256"}],
            "forceDelete": True,
        },
        "images-serve-lifecycle": {"repository": name, "policy": lifecycle(("v*", "release-*"), 30, 7)},
    }


def test_a_key_movable_tags_and_other_accounts() -> None:
    children = built(
        {"repositories": ["serve"], "mutable_tags": ["cache-*", "latest"], "shared_with": ["333333333333"]}, KEY, PROD
    )
    repository = children["images-serve"]
    assert repository["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]
    assert repository["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert repository["imageTagMutabilityExclusionFilters"] == [
        {"filter": "cache-*", "filterType": "WILDCARD"},
        {"filter": "latest", "filterType": "WILDCARD"},
    ]
    assert repository["forceDelete"] is False
    (statement,) = json.loads(children["images-serve-policy"]["policy"])["Statement"]
    assert statement == {
        "Sid": "Pull",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::333333333333:root"]},
        "Action": [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:DescribeImages",
            "ecr:GetDownloadUrlForLayer",
        ],
    }


def test_a_cache_has_a_prefix_of_its_own_and_a_role_that_makes_its_repositories() -> None:
    children = built(
        {
            "repositories": ["serve"],
            "pull_through": {"hub": {"upstream": "public.ecr.aws", "upstream_prefix": "docker", "credential": "arn:s"}},
        },
        KEY,
    )
    prefix = f"{DEV.physical_name('images', limit=18)}/hub"
    assert len(prefix) <= 30
    assert children["images-cache-hub"] == {
        "ecrRepositoryPrefix": prefix,
        "upstreamRegistryUrl": "public.ecr.aws",
        "upstreamRepositoryPrefix": "docker",
        "credentialArn": "arn:s",
    }
    template = children["images-cache-hub-template"]
    assert template["prefix"] == prefix
    assert template["imageTagMutability"] == "MUTABLE"
    assert template["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]
    assert template["resourceTags"]["mlinfra:component"] == "it"
    own, key = json.loads(children["images-cache-role-policy"]["policy"])["Statement"]
    assert own["Resource"] == [
        f"arn:aws:ecr:eu-west-1:111111111111:repository/{DEV.physical_name('images', limit=18)}/*"
    ]
    assert key["Resource"] == [KEY]


def test_releases_are_spared_before_anything_is_expired() -> None:
    rules = json.loads(lifecycle(("v*",), 5, 2))["rules"]
    assert [rule["selection"] for rule in rules] == [
        {"tagStatus": "tagged", "tagPatternList": ["v*"], "countType": "imageCountMoreThan", "countNumber": 100_000},
        {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 2},
        {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
    ]
    assert [rule["rulePriority"] for rule in rules] == [1, 2, 3]


@pytest.mark.parametrize("level", ["pull", "push"])
def test_a_grant_names_the_repositories_and_what_is_cached(level: Any) -> None:
    def program() -> Any:
        repository = {"name": "n", "arn": "arn:r", "url": "u"}
        outputs = ContainerRegistryOutputs.of(repositories={"serve": repository}, cache_prefix="c", cache_arn="arn:c/*")
        return policy([outputs.grant(level)])

    login, own, cached = granted(program)
    assert (login["Action"], login["Resource"]) == (["ecr:GetAuthorizationToken"], ["*"])
    assert own["Resource"] == ["arn:r"]
    assert ("ecr:PutImage" in own["Action"]) is (level == "push")
    assert cached["Resource"] == ["arn:c/*"]
    assert "ecr:BatchImportUpstreamImage" in cached["Action"]
    assert "ecr:PutImage" not in cached["Action"]


def test_one_repository_can_be_granted() -> None:
    def program() -> Any:
        repositories = {name: {"name": name, "arn": f"arn:{name}", "url": "u"} for name in ("train", "serve")}
        outputs = ContainerRegistryOutputs.of(repositories=repositories)
        return policy([outputs.repositories["serve"].grant("pull")])

    assert [statement["Resource"] for statement in granted(program)] == [["*"], ["arn:serve"]]


def test_each_repository_is_reckoned_with() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        built({"repositories": ["train", "serve"], "expected": {"stored_gib": 3}})
    finally:
        expectations.reset(token)
    kind = "aws:ecr/repository:Repository"
    assert found == {(kind, f"images-{name}"): {"stored_gib": Range.of(3)} for name in ("train", "serve")}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"repositories": []},
        {"repositories": ["Serve"]},
        {"repositories": ["serve", "serve"]},
        {"repositories": ["serve"], "shared_with": ["123"]},
        {"repositories": ["serve"], "mutable_tags": ["a", "b", "c", "d", "e", "f"]},
        {"repositories": ["serve"], "release_tags": []},
        {"repositories": ["serve"], "pull_through": {"averylongname": {"upstream": "public.ecr.aws"}}},
        {"repositories": ["serve"], "pull_through": {"hub": {"upstream": "https://public.ecr.aws"}}},
        {"repositories": ["serve"], "keep_images": 0},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ContainerRegistrySpec.model_validate(wrong)
