"""An IAM role for the pods of one service account, by EKS Pod Identity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component, Grant, Statement, pod_trust, policy


def pod_role(
    component: Component[Any, Any, Any],
    name: str,
    *,
    cluster: pulumi.Output[str],
    namespace: pulumi.Input[str],
    service_account: pulumi.Input[str],
    allowed: Iterable[Statement | Grant],
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """The role, and what pods wait for: only those that start after the association get its credentials."""
    allowed = list(allowed)
    role = aws.iam.Role(
        f"{name}-role",
        assume_role_policy=pod_trust(),
        permissions_boundary=component.context.permissions_boundary,
        opts=component.child(),
    )
    rights = (
        [aws.iam.RolePolicy(f"{name}-policy", role=role.name, policy=policy(allowed), opts=component.child())]
        if allowed
        else []
    )
    association = aws.eks.PodIdentityAssociation(
        f"{name}-identity",
        cluster_name=cluster,
        namespace=namespace,
        service_account=service_account,
        role_arn=role.arn,
        opts=component.child(),
    )
    return role, [*rights, association]
