"""Made-up declarations and states of a Terraform resource, from nothing but the provider's schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plugin_protocol import UNKNOWN

FALLBACKS = {"arn:": ("arn", "role", "principal", "resource", "target"), "{": ("policy", "policies", "definition")}

TEXTS: dict[str, tuple[str, str]] = {
    # attribute → a value before and after, where the provider computes with them while it plans
    "cidr_block": ("10.0.0.0/16", "10.1.0.0/16"),
    "cidr_ipv4": ("10.0.0.0/16", "10.1.0.0/16"),
    "cidr_ipv6": ("2001:db8::/56", "2001:db8:1::/56"),
    "destination_cidr_block": ("10.0.0.0/16", "10.1.0.0/16"),
    "destination_ipv6_cidr_block": ("2001:db8::/56", "2001:db8:1::/56"),
    "ipv6_cidr_block": ("2001:db8::/56", "2001:db8:1::/56"),
    "time_period_start": ("2026-01-01_00:00", "2026-02-01_00:00"),
    "time_period_end": ("2087-06-15_00:00", "2087-07-15_00:00"),
    "authentication_mode": ("CONFIG_MAP", "API_AND_CONFIG_MAP"),
    "version": ("1.33", "1.34"),
    "type": ("compaction", "retention"),
    "resource_type": ("DATABASE", "TABLE"),
    "storage_class": ("GLACIER", "STANDARD_IA"),
    "transition_default_minimum_object_size": ("all_storage_classes_128K", "varies_by_storage_class"),
    "logging_level": ("ERROR", "INFO"),
    "date": ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    "last_modified": ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
}

NEEDS: dict[str, dict[str, Any]] = {
    # attribute → what else has to be declared for the provider to take it
    "archive_policy": {"fifo_topic": True},
    "content_based_deduplication": {"fifo_topic": True, "fifo_queue": True},
    "fifo_throughput_scope": {"fifo_topic": True},
    "filter_policy_scope": {"filter_policy": "{}"},
    "metric_name": {"statistic": "Average"},
    "secondary_private_ip_address_count": {"connectivity_type": "private"},
}


def proposed(shape: Any, prior: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration, with what the provider computed before where nothing is declared."""
    made = {}
    for name, field in shape.fields.items():
        before, value = prior.get(name), declared.get(name)
        if value is None and field.computed:
            made[name] = before
        elif field.child is not None and field.kind != "attribute" and isinstance(value, list):
            items = before if isinstance(before, list) and len(before) == len(value) else [{}] * len(value)
            made[name] = [proposed(field.child, old, new) for old, new in zip(items, value, strict=True)]
        else:
            made[name] = value
    return made


def computed(field: Any) -> Any:
    """Something that AWS could have answered."""
    if field.child is None:
        return of_type(field.type, field.name, 0)
    return in_type(field.type, {name: computed(inner) for name, inner in field.child.fields.items()})


def known(shape: Any, state: Mapping[str, Any]) -> dict[str, Any]:
    """A planned state without anything unknown."""
    made = {}
    for name, field in shape.fields.items():
        value = state.get(name)
        if value is UNKNOWN:
            # Whoever may declare it and does not gets what the provider makes of it: nothing, but not null.
            made[name] = _settled(field) if field.optional or field.type is None else computed(field)
        elif isinstance(value, list) and field.child is not None:
            made[name] = [empty(field) if item is UNKNOWN else known(field.child, item) for item in value]
        elif isinstance(value, list):
            made[name] = [text(name, 0) if item is UNKNOWN else item for item in value]
        else:
            made[name] = value
    return made


def _settled(field: Any) -> Any:
    """What an optional attribute is after the creation of a resource for which nobody declared it."""
    return "" if field.computed and field.type == "string" else empty(field)


def filled(shape: Any, chain: tuple[Any, ...], variant: int) -> dict[str, Any]:
    """An object with its required fields and those of the chain; the last one of these has the variant's value."""
    made = {}
    for name, field in shape.fields.items():
        if chain and field is chain[0]:
            made[name] = wrapped(field, chain[1:], variant)
        elif field.required and field.settable:
            made[name] = wrapped(field, (), 0)
        else:
            made[name] = empty(field)
    return made


def wrapped(field: Any, rest: tuple[Any, ...], variant: int) -> Any:
    """A value of a field: what is inside of it, in as many lists and mappings as its type says."""
    if field.child is None:
        return of_type(field.type, field.name, variant)
    inner = filled(field.child, rest, variant)
    if field.kind == "attribute":
        return in_type(field.type, inner)
    return {"single": inner, "none": inner, "map": {"mlinfra": inner}}.get(field.nesting, [inner])


def in_type(cty: Any, inner: Any) -> Any:
    """An object in the lists and mappings of its type."""
    if isinstance(cty, list) and cty[0] in ("list", "set"):
        return [in_type(cty[1], inner)]
    if isinstance(cty, list) and cty[0] == "map":
        return {"mlinfra": in_type(cty[1], inner)}
    return inner


def empty(field: Any) -> Any:
    """What a field holds that nobody set: blocks are never null."""
    return (
        []
        if field.kind == "block" and field.nesting in ("list", "set")
        else {}
        if field.nesting == "map" and field.kind == "block"
        else None
    )


def of_type(cty: Any, name: str, variant: int) -> Any:
    """A plain value of a type."""
    if isinstance(cty, list):
        if cty[0] in ("list", "set"):
            return [of_type(cty[1], name, variant)]
        if cty[0] == "map":
            return {"mlinfra": of_type(cty[1], name, variant)}
        return dict.fromkeys(cty[1])
    if cty == "number":
        return 10 + variant
    if cty == "bool":
        return bool(variant)
    return text(name, variant)


def text(name: str, variant: int) -> str:
    """A plausible text for an attribute of this name."""
    if name in TEXTS:
        return TEXTS[name][variant]
    if any(word in name for word in FALLBACKS["{"]):
        statement = {"Sid": f"s{variant}", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1 + variant}
        rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement], "rules": [rule]})
    if any(word in name for word in FALLBACKS["arn:"]):
        return f"arn:aws:iam::123456789012:role/mlinfra-{variant}"
    return f"mlinfra-{variant}"
