"""Which input properties a resource type has, read from the provider's own Python classes.

For the scripts and tests that make and hold the tables of this room; a plan never needs it.
"""

from __future__ import annotations

import importlib
import keyword
import typing
from collections.abc import Iterator, Mapping, Sequence

DEEPEST = 6
"""Nested types may contain themselves; nothing that matters is deeper."""


def input_paths(type_: str) -> tuple[str, ...]:
    """Every input of a type by its path without indexes, ``scalingConfig.maxSize``, in the order of the provider.

    Empty for a type that no class describes: the custom resources of Kubernetes.
    """
    arguments = _arguments_class(type_)
    return () if arguments is None else tuple(_paths(arguments, "", 1))


def documentation(type_: str) -> Mapping[str, str]:
    """What the provider says about each input, by path; inputs without a word are left out."""
    arguments = _arguments_class(type_)
    return {} if arguments is None else dict(_documented(arguments, "", 1))


def _arguments_class(type_: str) -> type | None:
    """``aws:s3/bucket:Bucket`` → ``pulumi_aws.s3.BucketArgs``; ``kubernetes:apps/v1:Deployment`` → its ``InitArgs``."""
    package, module, name = type_.split(":")
    group, _, rest = module.partition("/")
    if package == "kubernetes":
        if "." in group and group != "helm.sh" and not group.endswith(".k8s.io"):
            return None  # a custom resource
        folder = f"{group.partition('.')[0]}.{rest}"
    else:
        folder = group
    # The folder of AWS Lambda cannot be called `lambda`.
    folder = f"{folder}_" if keyword.iskeyword(folder) else folder
    try:
        loaded = importlib.import_module(f"pulumi_{package}.{folder}")
    except ModuleNotFoundError:
        return None
    found = getattr(loaded, f"{name}InitArgs", None) or getattr(loaded, f"{name}Args", None)
    return found if isinstance(found, type) else None


def _paths(arguments: type, prefix: str, depth: int) -> Iterator[str]:
    for name, inner in _properties(arguments):
        yield prefix + name
        if inner is not None and depth < DEEPEST:
            yield from _paths(inner, f"{prefix}{name}.", depth + 1)


def _documented(arguments: type, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    from pulumi._types import input_type_py_to_pulumi_names

    python_names = {pulumi: python for python, pulumi in input_type_py_to_pulumi_names(arguments).items()}
    for name, inner in _properties(arguments):
        getter = getattr(arguments, python_names[name], None)
        text = getattr(getter, "__doc__", None)
        if text:
            yield prefix + name, text
        if inner is not None and depth < DEEPEST:
            yield from _documented(inner, f"{prefix}{name}.", depth + 1)


def _properties(arguments: type) -> Iterator[tuple[str, type | None]]:
    """Each property and the class of what it holds, or of the items that it holds."""
    from pulumi._types import input_type_types

    for name, annotation in input_type_types(arguments).items():
        yield name, _nested(annotation)


def _nested(annotation: object) -> type | None:
    from pulumi._types import is_input_type

    if isinstance(annotation, type) and is_input_type(annotation):
        return annotation
    origin = typing.get_origin(annotation)
    # The values of a mapping have keys of the user's, which no table can name.
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return None
    if origin is typing.Union or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return next((found for part in typing.get_args(annotation) if (found := _nested(part)) is not None), None)
    return None
