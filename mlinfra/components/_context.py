"""Where a component is being built, and the names that follow from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Self

import pulumi


class Layer(IntEnum):
    """Which of a deployment's stacks a kind lives in. A kind may need its own layer and earlier ones."""

    FOUNDATION = 1
    CLUSTER = 2
    PLATFORM = 3
    WORKLOADS = 4

    @property
    def label(self) -> str:
        """The name in stacks and messages: ``foundation``."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where a component is being built.

    ``account`` and ``region`` are text in a blueprint, and outputs in a Pulumi program that does not say; physical names that need them are
    then left to Pulumi. ``tags`` go on everything; ``permissions_boundary`` is the ARN of a policy that bounds every role.
    """

    blueprint: str
    environment: str
    account: str | pulumi.Output[str]
    region: str | pulumi.Output[str]
    protected: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    permissions_boundary: str | pulumi.Output[str] | None = None

    @classmethod
    def of_program(cls) -> Self:
        """The context of a Pulumi program that does not give one: its project, its stack, its provider's account and region."""
        import pulumi_aws as aws

        return cls(
            blueprint=pulumi.get_project(),
            environment=pulumi.get_stack(),
            account=aws.get_caller_identity_output().account_id,
            region=aws.get_region_output().region,
        )

    def for_component(self, component: str, tags: Mapping[str, str] | None = None) -> Self:
        """The same place with the tags of one component."""
        own = {
            "mlinfra:blueprint": self.blueprint,
            "mlinfra:environment": self.environment,
            "mlinfra:component": component,
        }
        return replace(self, tags={**self.tags, **(tags or {}), **own})

    @property
    def partition(self) -> str | pulumi.Output[str]:
        """``aws``, or ``aws-cn`` and ``aws-us-gov`` in their regions."""
        return partition(self.region) if isinstance(self.region, str) else self.region.apply(partition)

    def arn(self, service: str, resource: str | pulumi.Output[str], *, regional: bool = True) -> pulumi.Output[str]:
        """``arn:aws:sagemaker:eu-west-1:111111111111:endpoint/x``; without region for global services."""
        region = self.region if regional else ""
        return pulumi.Output.concat("arn:", self.partition, ":", service, ":", region, ":", self.account, ":", resource)

    def physical_name(self, component: str, part: str = "", *, limit: int, separator: str = "-") -> str | None:
        """A fixed name: ``<blueprint>-<environment>-<component>[-part]-<hash>``, at most ``limit`` characters.

        The hash is of account, region and the unjoined parts, so that no two names collide, and what is cut is before it. None (auto-named
        by Pulumi) where account and region are not known before the deployment. ``separator="_"`` for services that refuse hyphens.
        """
        if not isinstance(self.account, str) or not isinstance(self.region, str):
            return None
        parts = [self.blueprint, self.environment, component, *([part] if part else [])]
        digest = hashlib.sha256("\0".join([self.account, self.region, *parts]).encode()).hexdigest()[:6]
        readable = "-".join(parts).replace("_", "-")[: limit - 7].rstrip("-")
        return f"{readable}-{digest}".replace("-", separator)


def partition(region: str) -> str:
    """The AWS partition that a region belongs to."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
