"""Tags on every child that can carry them, as explicit inputs: provider-wide defaults would be invisible to the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

OTHER_SHAPES: Mapping[str, Callable[[Mapping[str, str]], Any]] = {
    "aws:autoscaling/group:Group": lambda tags: [
        {"key": key, "value": value, "propagate_at_launch": True} for key, value in sorted(tags.items())
    ],
}
"""Types whose ``tags`` are not a mapping, and how they write them."""


def tag_children(tags: Mapping[str, str]) -> pulumi.ResourceTransformation:
    """A transformation that adds ``tags`` to each AWS resource whose constructor takes them; tags that a child sets itself win."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("aws:") or not _takes_tags(type(args.resource)):
            return None
        given = args.props.get("tags")
        shape = OTHER_SHAPES.get(args.type_)
        if shape is not None:
            own = given if isinstance(given, list) else []
            return pulumi.ResourceTransformationResult({**args.props, "tags": [*shape(tags), *own]}, args.opts)
        merged: Any = {**tags, **given} if isinstance(given, Mapping) else dict(tags)
        if isinstance(given, pulumi.Output):
            merged = given.apply(lambda own: {**tags, **own})
        return pulumi.ResourceTransformationResult({**args.props, "tags": merged}, args.opts)

    return transform


def _takes_tags(resource: type[pulumi.Resource]) -> bool:
    code = getattr(getattr(resource, "_internal_init", None), "__code__", None)
    return code is not None and "tags" in code.co_varnames[: code.co_argcount]
