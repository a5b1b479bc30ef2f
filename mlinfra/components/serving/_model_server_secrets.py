"""Secrets of a model server: fetched inside the cluster, so that no value passes through a plan or a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from mlinfra.components._charts import MANAGED_BY
from mlinfra.components._grammar import Component, Context, Statement, policy
from mlinfra.components.serving._model_server_fields import SecretReference

READ_SECRET = ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")


def fetched_secrets(
    component: Component[Any, Any, Any],
    name: str,
    *,
    secrets: Mapping[str, SecretReference],
    secret_name: str,
    namespace: pulumi.Input[str],
    fetcher_arn: pulumi.Output[str],
    role_path: pulumi.Output[str],
    region: pulumi.Output[str],
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """An ExternalSecret with one key for each variable, read with a role that may read just these."""
    role = aws.iam.Role(
        f"{name}-secrets-role",
        path=role_path,
        assume_role_policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": fetcher_arn},
                        "Action": ["sts:AssumeRole", "sts:TagSession"],
                    }
                ],
            }
        ),
        permissions_boundary=component.context.permissions_boundary,
        opts=component.child(),
    )
    rights = aws.iam.RolePolicy(
        f"{name}-secrets-policy",
        role=role.name,
        policy=policy(_statements(secrets, component.context)),
        opts=component.child(),
    )
    store = kubernetes.apiextensions.CustomResource(
        f"{name}-secret-store",
        api_version="external-secrets.io/v1",
        kind="SecretStore",
        metadata={"name": secret_name, "namespace": namespace, "labels": MANAGED_BY},
        spec={"provider": {"aws": {"service": "SecretsManager", "region": region, "role": role.arn}}},
        opts=component.child(depends_on=[rights, *depends_on]),
    )
    return kubernetes.apiextensions.CustomResource(
        f"{name}-secrets",
        api_version="external-secrets.io/v1",
        kind="ExternalSecret",
        metadata={"name": secret_name, "namespace": namespace, "labels": MANAGED_BY},
        spec={
            "refreshInterval": "1h",
            "secretStoreRef": {"name": secret_name, "kind": "SecretStore"},
            "target": {"name": secret_name, "creationPolicy": "Owner"},
            "data": [_entry(variable, secret) for variable, secret in sorted(secrets.items())],
        },
        opts=component.child(depends_on=[store]),
    )


def _statements(secrets: Mapping[str, SecretReference], context: Context) -> list[Statement]:
    found = [Statement(READ_SECRET, tuple(_arn(secret, context) for secret in secrets.values()))]
    keys = tuple(_text(secret.key_arn) for secret in secrets.values() if secret.key_arn is not None)
    return [*found, Statement(("kms:Decrypt",), keys)] if keys else found


def _arn(secret: SecretReference, context: Context) -> pulumi.Output[str]:
    named = secret.managed
    if named is None:
        return _text(secret.arn)
    # AWS ends the ARN of a secret with a hyphen and six characters, which its name does not tell.
    return (
        _text(named.name)
        if named.name.startswith("arn:")
        else context.arn("secretsmanager", f"secret:{named.name}-??????")
    )


def _entry(variable: str, secret: SecretReference) -> dict[str, Any]:
    named = secret.managed
    remote: dict[str, Any] = {"key": _text(named.name if named else secret.arn)}
    key = named.key if named else secret.key
    if key is not None:
        remote["property"] = key
    return {"secretKey": variable, "remoteRef": remote}


def _text(value: Any) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value).apply(str)
