"""Kubernetes objects as text and mappings: read, checked and named, without touching a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mlinfra.components._spec import Reference

LARGEST_FILE = 1024 * 1024
"""Bytes; etcd takes no larger object, and a file with more is not a manifest."""
FIRST = ("Namespace", "CustomResourceDefinition")
"""Kinds that the other objects of a manifest may stand in or be instances of."""


def read_objects(path: str) -> tuple[Mapping[str, Any], ...]:
    """The objects of a YAML file, of one or several documents. Raises ValueError if there is no such file or it is no
    YAML.
    """
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"there is no file `{path}`; a path is relative to where `mlinfra` runs")
    if file.stat().st_size > LARGEST_FILE:
        raise ValueError(f"`{path}` is larger than 1 MiB")
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"`{path}` is not YAML: {str(error).splitlines()[0]}") from None
    return tuple(document for document in documents if document is not None)


def check_objects(objects: Sequence[Any]) -> None:
    """Raise ValueError (which pydantic reports with its place) for what is not a Kubernetes object, for two of one
    name, and for secrets.
    """
    if not objects:
        raise ValueError("there is no object in it")
    seen: set[str] = set()
    for number, item in enumerate(objects, start=1):
        if not isinstance(item, Mapping):
            raise ValueError(f"object {number} is not a mapping with `apiVersion`, `kind` and `metadata`")  # noqa: TRY004 - pydantic
        metadata = item.get("metadata")
        for key in ("apiVersion", "kind"):
            if not isinstance(item.get(key), str):
                raise ValueError(f"object {number} has no `{key}`")  # noqa: TRY004 - pydantic
        if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str | Reference):
            raise ValueError(f"object {number}, a {item['kind']}, has no `metadata.name`")  # noqa: TRY004 - pydantic
        if str(item["kind"]).endswith("List"):
            raise ValueError(f"object {number} is a {item['kind']}; give its items one by one")
        if item["kind"] == "Secret" and item["apiVersion"] == "v1" and ("data" in item or "stringData" in item):
            raise ValueError(
                f"object {number} is a Secret with its value in it, which would stay in the state; "
                "use an ExternalSecret, which names where the value is kept"
            )
        identity = object_name("", item)
        if identity in seen:
            raise ValueError(f"object {number} repeats a {item['kind']} called {metadata['name']}")
        seen.add(identity)


def object_name(component: str, item: Mapping[str, Any]) -> str:
    """The logical name of an object: ``demo-deployment-web``, with the namespace where it says one.

    A reference counts as its own text here, so that a name does not wait for what it refers to.
    """
    metadata = item["metadata"]
    parts = (component, item["kind"], metadata.get("namespace"), metadata["name"])
    return "-".join(part.lower() for part in parts if isinstance(part, str) and part)


def type_token(item: Mapping[str, Any]) -> str:
    """The Pulumi type of an object: ``kubernetes:apps/v1:Deployment``, and ``core`` for the group without a name."""
    version = item["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{item['kind']}"


def labelled(item: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """The object with ``labels`` added; its own win."""
    metadata = item["metadata"]
    return {**item, "metadata": {**metadata, "labels": {**labels, **(metadata.get("labels") or {})}}}
