"""Laws over every IAM document: of shipped blueprints in every environment, and of every kind's full blueprint.

Actions that IAM cannot hold to a resource are rows of ``actions_without_resource.csv``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from contract.every_graph import GRAPHS, graph_of

from mlinfra.graph.model import Derived, Secret, Unknown, Value

DOCUMENTS = {"policy", "assumeRolePolicy", "resourcePolicy", "repositoryPolicy", "accessPolicies", "inlinePolicies"}
"""Properties that hold a document or are no document at all (the ARN of a policy that is attached)."""
SOURCES = {
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    # CloudWatch Logs asks KMS with the log group in the encryption context.
    "kms:EncryptionContext:aws:logs:arn",
}
CALLERS = {*SOURCES, "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "kms:CallerAccount"}
WITHOUT_SOURCE = {"ec2.amazonaws.com", "lambda.amazonaws.com", "pods.eks.amazonaws.com"}
"""Services that assume a role without saying for whom: only what this account itself started is given one."""
OWN_RESOURCE = {"aws:kms/key:Key", "aws:ecr/repositoryPolicy:RepositoryPolicy"}
"""Types whose document is about the resource that it is attached to: ``*`` is this key, and a repository is not named."""


class Found(NamedTuple):
    """One statement of a document, and where it stands."""

    type: str
    name: str
    statement: Mapping[str, Any]


@cache
def unrestrictable() -> Mapping[str, str]:
    """The condition key that an action needs instead of a resource, or nothing, by the action's pattern."""
    with (Path(__file__).parent / "actions_without_resource.csv").open(encoding="utf-8", newline="") as file:
        return {row["action"]: row["narrowed_by"] for row in csv.DictReader(file)}


def documents(value: Value) -> Iterator[Mapping[str, Any]]:
    """Every policy document in a value, written as JSON or as a mapping."""
    if isinstance(value, str) and '"Statement"' in value:
        yield json.loads(value)
    elif isinstance(value, dict):
        if "Statement" in value:
            yield value
        else:
            for item in value.values():
                yield from documents(item)
    elif isinstance(value, list):
        for item in value:
            yield from documents(item)


@cache
def statements(graph: str) -> tuple[Found, ...]:
    """Every statement of a graph."""
    return tuple(
        Found(node.type, node.name, statement)
        for node in graph_of(graph).resources
        for document in documents(dict(node.inputs))
        for statement in document["Statement"]
    )


def allowed(graph: str) -> Iterator[Found]:
    return (found for found in statements(graph) if found.statement["Effect"] == "Allow")


def several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def keys(statement: Mapping[str, Any]) -> set[str]:
    """The condition keys of a statement whose values narrow it. ``ForAllValues`` alone narrows nothing: it holds for a
    request without the key.
    """
    return {
        key
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
        if "*" not in several(values) and not operator.startswith("ForAllValues") and operator != "Null"
    }


def needs_any_resource(action: str, statement: Mapping[str, Any]) -> bool:
    for pattern, key in unrestrictable().items():
        if fnmatchcase(action, pattern):
            return not key or key in keys(statement)
    return False


def too_wide(found: Found) -> list[str]:
    """What is wrong with what a statement allows."""
    statement = found.statement
    wrong = [word for word in ("NotAction", "NotResource", "NotPrincipal") if word in statement]
    actions, resources = several(statement.get("Action", [])), several(statement.get("Resource", []))
    wrong += [f"{action} is not one action" for action in actions if "*" in action]
    if found.type not in OWN_RESOURCE and any(each == "*" or each.endswith((":*:*", ":::*")) for each in resources):
        wrong += [f"{action} on every resource" for action in actions if not needs_any_resource(action, statement)]
    if "iam:PassRole" in actions:
        if any("*" in each for each in resources):
            wrong.append("iam:PassRole of more than one role")
        if "iam:PassedToService" not in keys(statement):
            wrong.append("iam:PassRole to any service")
    return wrong


def too_open(found: Found) -> list[str]:
    """What is wrong with whom a statement lets in."""
    principal, narrowed = found.statement.get("Principal"), keys(found.statement)
    if principal is None:
        return []
    named = (
        {kind: several(given) for kind, given in principal.items()}
        if isinstance(principal, dict)
        else {"": [principal]}
    )
    wrong = []
    if any("*" in each for given in named.values() for each in given) and not narrowed & CALLERS:
        wrong.append("lets everybody in")
    for service in named.get("Service", []):
        if service not in WITHOUT_SOURCE and not narrowed & SOURCES:
            wrong.append(f"{service} on behalf of anybody")
        if service == "ec2.amazonaws.com" and narrowed & SOURCES:
            wrong.append("ec2.amazonaws.com sends no source, the condition locks it out")
    return wrong


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_document_can_be_read_before_anything_exists(graph: str) -> None:
    hidden = [
        f"{node.name}: {key}"
        for node in graph_of(graph).resources
        for key, value in node.inputs.items()
        if node.package == "aws" and key in DOCUMENTS and isinstance(value, Unknown | Secret | Derived)
    ]
    assert hidden == []


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_is_allowed_is_named(graph: str) -> None:
    assert [f"{found.name}: {wrong}" for found in allowed(graph) for wrong in too_wide(found)] == []


@pytest.mark.parametrize("graph", GRAPHS)
def test_whoever_is_let_in_is_named_and_asks_for_this_account(graph: str) -> None:
    assert [f"{found.name}: {wrong}" for found in allowed(graph) for wrong in too_open(found)] == []


def test_there_are_documents_of_every_sort() -> None:
    assert {found.type for graph in GRAPHS for found in statements(graph)} >= {
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:kms/key:Key",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sqs/queuePolicy:QueuePolicy",
    }


ROLE = "aws:iam/rolePolicy:RolePolicy"
PASSED = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
HERE = {"StringEquals": {"aws:SourceAccount": "111111111111"}}


@pytest.mark.parametrize(
    ("type_", "statement", "wrong"),
    [
        (ROLE, {"Action": "s3:*", "Resource": "arn:x"}, ["s3:* is not one action"]),
        (ROLE, {"Action": ["s3:Get*"], "Resource": ["arn:x"]}, ["s3:Get* is not one action"]),
        (ROLE, {"Action": ["s3:GetObject"], "Resource": ["*"]}, ["s3:GetObject on every resource"]),
        (ROLE, {"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::*"]}, ["s3:GetObject on every resource"]),
        (
            ROLE,
            {"Action": ["cloudwatch:PutMetricData"], "Resource": "*"},
            ["cloudwatch:PutMetricData on every resource"],
        ),
        (ROLE, {"Action": ["ecr:GetAuthorizationToken"], "Resource": "*"}, []),
        (ROLE, {"NotAction": ["s3:GetObject"], "Resource": "arn:x"}, ["NotAction"]),
        (ROLE, {"Action": ["s3:GetObject"], "NotResource": "arn:x"}, ["NotResource"]),
        (ROLE, {"Action": "iam:PassRole", "Resource": "arn:role/a"}, ["iam:PassRole to any service"]),
        (
            ROLE,
            {"Action": "iam:PassRole", "Resource": "arn:role/*", "Condition": PASSED},
            ["iam:PassRole of more than one role"],
        ),
        (ROLE, {"Action": "iam:PassRole", "Resource": "arn:role/a", "Condition": PASSED}, []),
        (ROLE, {"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:x"}, ["lets everybody in"]),
        (ROLE, {"Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "arn:x", "Condition": HERE}, []),
        (
            ROLE,
            {"Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"},
            ["glue.amazonaws.com on behalf of anybody"],
        ),
        (ROLE, {"Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": HERE}, []),
        (
            ROLE,
            {"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": HERE},
            ["ec2.amazonaws.com sends no source, the condition locks it out"],
        ),
    ],
)
def test_the_laws_can_be_broken(type_: str, statement: dict[str, Any], wrong: list[str]) -> None:
    found = Found(type_, "it", {"Effect": "Allow", **statement})
    assert too_wide(found) + too_open(found) == wrong
