"""Which steps let in more: the public, or a role that gains rights. For gates; it judges the change, not the result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from mlinfra.graph.model import Value
from mlinfra.plan.model import PropertyChange, Side, Step
from mlinfra.plan.values import INSIDE

EVERYONE = ("0.0.0.0/0", "::/0")
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
PUBLIC_FLAGS = ("publiclyAccessible", "mapPublicIpOnLaunch", "vpcConfig.endpointPublicAccess")
"""Properties that open a resource to the internet when they become true."""

PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
ATTACHMENTS = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/policyAttachment:PolicyAttachment")
POWERFUL = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
EGRESS = ("SecurityGroupEgressRule",)
POLICY = re.compile(r"(?:^|\.)\w*polic(?:y|ies|yDocument)$", re.IGNORECASE)
STATEMENT = re.compile(r"^Statement(?:\[\d+\])?")
ALLOWS = ("Action", "NotAction", "Resource", "NotResource", "NotPrincipal")


def widens(step: Step) -> str | None:
    """Why a step gives access that was not there before; None where it does not.

    Told are: public access blocks that go, a policy that allows everyone, a network rule that lets everyone in, an
    address on the internet, a policy of what exists already that allows more, and the widest managed policies. What a
    new resource grants to whom it names is its purpose and no widening; what it grants to everyone is one.
    """
    if step.operation == "delete":
        return _gone(step)
    if step.operation not in ("create", "update", "replace"):
        return None
    return next((reason for change in step.properties for reason in _reasons(step, change)), None)


def _gone(step: Step) -> str | None:
    if step.type == PUBLIC_ACCESS_BLOCK:
        return "the bucket's public access is no longer blocked"
    return "traffic that the network policy stops is let through" if step.type == NETWORK_POLICY else None


def _reasons(step: Step, change: PropertyChange) -> Iterator[str]:
    path, after = change.path, change.after
    if step.type == PUBLIC_ACCESS_BLOCK and path in BLOCKS and change.before is True and after is not True:
        yield f"`{path}` is turned off: the bucket may become public"
    if path in PUBLIC_FLAGS and after is True:
        yield f"`{path}` is turned on: it can be reached from the internet"
    if step.type in ATTACHMENTS and path == "policyArn" and isinstance(after, str) and after.endswith(POWERFUL):
        yield f"`{after.rpartition('/')[2]}` is attached"
    if not step.type.endswith(EGRESS) and not path.startswith("egress") and _lets_in(path, after):
        yield f"`{path}` lets in everyone"
    property_, inside, rest = path.partition(INSIDE)
    if POLICY.search(property_):
        yield from _policy_reasons(step, change, property_, rest if inside else None)


def _lets_in(path: str, after: Side) -> bool:
    """A range of all addresses, in a property that names ranges."""
    if isinstance(after, dict):
        return not path.startswith("egress") and any(_lets_in(f"{path}.{key}", inner) for key, inner in after.items())
    if isinstance(after, list):
        return any(_lets_in(path, inner) for inner in after)
    # A route to everywhere is a way out, not a way in.
    return after in EVERYONE and "cidr" in path.lower() and "destination" not in path.lower()


def _policy_reasons(step: Step, change: PropertyChange, property_: str, inside: str | None) -> Iterator[str]:
    if inside is None or not STATEMENT.match(inside):
        before, after = _statements(change.before), _statements(change.after)
        gained = [statement for statement in after if statement not in before]
    else:
        field = STATEMENT.sub("", inside).lstrip(".")
        if field:
            yield from _field_reasons(step, change, property_, field)
            return
        gained = _mappings(change.after)
        if change.removed and any(_denies(statement) for statement in _mappings(change.before)):
            yield f"a statement of `{property_}` that denies is removed"
    for statement in gained:
        if _denies(statement):
            continue
        if _everyone(statement.get("Principal")) and not statement.get("Condition"):
            yield f"`{property_}` allows everyone"
        elif step.operation != "create":
            yield f"`{property_}` allows more"


def _field_reasons(step: Step, change: PropertyChange, property_: str, field: str) -> Iterator[str]:
    name = re.split(r"[.\[]", field)[0]
    if name == "Principal" and _everyone(change.after):
        yield f"`{property_}` allows everyone"
    elif step.operation == "create":
        return
    elif name in (*ALLOWS, "Principal") and not change.removed:
        yield f"`{property_}` allows more: `{name}` gains {_shown(change.after)}"
    elif name == "Effect" and change.after == "Allow":
        yield f"`{property_}` allows what it denied"
    elif name == "Condition" and not change.added:
        yield f"a condition of `{property_}` is changed or removed"


def _statements(policy: Side) -> list[Mapping[str, Value]]:
    """The statements of a policy, given as text or as an object."""
    if isinstance(policy, str):
        try:
            policy = cast("Value", json.loads(policy))
        except ValueError:
            return []
    return _mappings(policy.get("Statement")) if isinstance(policy, dict) else []


def _mappings(found: Side) -> list[Mapping[str, Value]]:
    """One statement, or several in a list."""
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]


def _denies(statement: Mapping[str, Value]) -> bool:
    return statement.get("Effect") == "Deny"


def _everyone(principal: Side) -> bool:
    if isinstance(principal, dict):
        return any(_everyone(inner) for inner in principal.values())
    if isinstance(principal, list):
        return any(_everyone(inner) for inner in principal)
    return principal == "*"


def _shown(value: Side) -> str:
    return f"`{value}`" if isinstance(value, str) else "more"
