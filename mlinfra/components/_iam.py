"""IAM as kinds write it: statements, grants, and the two documents that a role needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pulumi

if TYPE_CHECKING:
    from mlinfra.components._grammar import Context

Text: TypeAlias = "str | pulumi.Output[str]"
WITHOUT_SOURCE = frozenset({"ec2.amazonaws.com"})
"""Services that send no source account with `sts:AssumeRole`, so that a condition on it would lock them out: EC2 takes
the role for an instance that the account itself started with it (IAM user guide, "Instance profiles").
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that is allowed: as few actions on as few resources as the work takes.

    A resource ``"*"`` is for actions that IAM cannot restrict to a resource; ``reason`` then says so and is required.
    ``iam:PassRole`` needs the role, and the condition ``iam:PassedToService``. Raises ValueError for anything wider.
    """

    actions: tuple[str, ...]
    resources: tuple[Text, ...]
    conditions: Mapping[str, Mapping[str, Any]] | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if any("*" in action for action in self.actions):
            raise ValueError(f"actions are named one by one, without `*`: {self.actions}")
        if "*" in self.resources and not self.reason:
            raise ValueError(f"resource `*` needs AWS's reason: {self.actions}")
        passed_to = any("iam:PassedToService" in keys for keys in (self.conditions or {}).values())
        if "iam:PassRole" in self.actions and ("*" in self.resources or not passed_to):
            raise ValueError("`iam:PassRole` names the role, and the service in the condition `iam:PassedToService`")

    def document(self) -> dict[str, Any]:
        """The statement as IAM writes it."""
        found: dict[str, Any] = {"Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        if self.conditions:
            found["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return found


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port to open towards the holder of a grant."""

    security_group_id: Text
    port: int


@dataclass(frozen=True, slots=True)
class Grant:
    """All that a level of access takes: IAM statements, with the key of what is encrypted, and ports to open."""

    statements: tuple[Statement, ...] = ()
    ports: tuple[Port, ...] = ()


def policy(allowed: Iterable[Statement | Grant]) -> pulumi.Output[str]:
    """The JSON policy document that allows what is given and nothing else."""
    statements = [s for item in allowed for s in (item.statements if isinstance(item, Grant) else (item,))]
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [s.document() for s in statements]})


def trust(service: str, context: Context) -> pulumi.Output[str]:
    """The document that lets one AWS service assume a role, on behalf of this account only (no confused deputy) where
    the service says on whose behalf it asks.
    """
    allowed: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if service not in WITHOUT_SOURCE:
        allowed["Condition"] = {"StringEquals": {"aws:SourceAccount": context.account}}
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [allowed]})


def pod_trust() -> pulumi.Output[str]:
    """The document that lets EKS Pod Identity assume a role for the pods of an association."""
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                }
            ],
        }
    )


def as_list(values: Sequence[Text] | Text) -> list[Text]:
    """One value or several, as a list."""
    return [values] if isinstance(values, str | pulumi.Output) else list(values)
