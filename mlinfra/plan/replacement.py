"""Which properties replace a resource when they change, whether it is deleted first, and what an update makes unknown.

The answers are those of the providers: pulumi-aws, a bridge over Terraform's AWS provider, and pulumi-kubernetes. They
come from the tables in ``data/``, each row with its source and date: ``replacement.csv`` is made by
``python -m mlinfra.plan._replacement_build`` and covers every type that a kind creates.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from mlinfra.graph.model import Value
from mlinfra.plan.model import PropertyChange, Side

Change = Literal["added", "changed", "removed"]
"""What happens to a property."""

OPTIONS = "options"
"""How the path of an option of the resource begins, which is nothing that a provider knows of."""

PART = re.compile(r'\[(?P<index>\d+)\]|\["(?P<key>(?:[^"\\]|\\.)*)"\]|(?P<name>[^.\[\]]+)')
KUBERNETES = "kubernetes:"
KUBERNETES_NAME = ("metadata.name", "metadata.namespace")
RELEASE = "kubernetes:helm.sh/v3:Release"


class _Rule(NamedTuple):
    """What a row says. ``only_when`` is empty where every change replaces."""

    forces: bool | None
    only_when: frozenset[str]

    def answer(self, change: Change | None) -> bool | None:
        if not self.forces or change is None or not self.only_when:
            return self.forces
        return change in self.only_when


def forces_replacement(type_: str, path: str, change: Change | None = None) -> bool | None:
    """Whether a change of ``path`` (``vpcConfig.subnetIds[0]``) replaces a resource of the type.

    The path is that of a ``PropertyChange``. A path to something that holds more (``launchTemplate``) answers for all
    of it. Some properties replace only as they are added, changed or removed; without ``change`` the answer is that
    for whichever replaces. None where the table does not know the type or the property.
    """
    rules = _table().get(type_)
    if rules is None:
        return _any_kubernetes_object(path) if type_.startswith(KUBERNETES) else None
    parts, whole = _parts(path)
    if not parts:
        return False
    own = ".".join(parts)
    inside = [rule.answer(change) for name, rule in rules.items() if name.startswith(f"{own}.")]
    if own in rules:
        # Another item in a list, or another key in a mapping, is a change of the list or the mapping.
        answers = [rules[own].answer(change if whole else None), *inside]
    else:
        above = next((rules[name] for name in _ancestors(parts) if name in rules), None)
        # The list for Kubernetes is whole: what it does not name replaces nothing.
        unlisted = False if type_.startswith(KUBERNETES) else None
        answers = [unlisted if above is None else above.forces, *inside]
    return True if True in answers else answers[0]


def replaces(type_: str, change: PropertyChange) -> bool | None:
    """Whether one change of a plan replaces a resource of the type; None where that is not known.

    More exact than ``forces_replacement``: of an object that comes or goes only what it holds is looked up.
    """
    if change.added or change.removed:
        kind: Change = "added" if change.added else "removed"
        value = change.after if change.added else change.before
        answers = [forces_replacement(type_, path, kind) for path in _leaves(change.path, value)]
        # The object itself may force what nothing in it does.
        answers.append(_own(type_, change.path, kind))
        return True if True in answers else False if False in answers else None
    return forces_replacement(type_, change.path, "changed")


def given_name(type_: str, inputs: Mapping[str, Value]) -> str | None:
    """The name that the program gives to what otherwise gets one from the provider; of an object of Kubernetes ``namespace/name``.

    None where it gives none, or where it is not known before.
    """
    if type_.startswith(KUBERNETES):
        metadata = inputs.get("metadata")
        parts = [metadata.get("namespace", "default"), metadata.get("name")] if isinstance(metadata, dict) else [None]
    else:
        parts = [inputs.get(_delete_first().get(type_, ("name", False))[0])]
    texts = [part for part in parts if isinstance(part, str) and "${{" not in part]
    return "/".join(texts) if len(texts) == len(parts) else None


def deletes_first(type_: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    """Whether the old resource is deleted before the new one is created, when it is replaced.

    pulumi-aws does so for a few types always, and for the others where the program gave the name that it would
    otherwise make up; pulumi-kubernetes where name and namespace stay as they are, for a Helm release never.
    """
    if type_ == RELEASE:
        return False
    if type_.startswith(KUBERNETES):
        old, new = before.get("metadata"), after.get("metadata")
        if not isinstance(old, dict) or not isinstance(new, dict):
            return False
        return new.get("name") is not None and all(old.get(key) == new.get(key) for key in ("name", "namespace"))
    if not type_.startswith("aws:"):
        return False
    named_by, always = _delete_first().get(type_, ("name", False))
    return always or (bool(named_by) and after.get(named_by) is not None)


def outputs_changed_by_update(type_: str) -> tuple[str, ...]:
    """The outputs of a resource of the type that are unknown while it is updated in place; mostly none."""
    return _updated_outputs().get(type_, ())


def _own(type_: str, path: str, kind: Change) -> bool | None:
    parts, whole = _parts(path)
    rule = _table().get(type_, {}).get(".".join(parts))
    return None if rule is None else rule.answer(kind if whole else None)


def _any_kubernetes_object(path: str) -> bool:
    """What holds for every object, and so for custom resources that no table lists."""
    name = ".".join(_parts(path)[0])
    return any(name == one or name.startswith(f"{one}.") for one in KUBERNETES_NAME)


def _leaves(path: str, value: Side) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    else:
        yield path


@lru_cache(maxsize=4096)
def _parts(path: str) -> tuple[tuple[str, ...], bool]:
    """The names on a path, and whether it ends with one: indexes are left out, as is what is inside of a text."""
    property_, _, inside = path.partition(" › ")
    if property_ == OPTIONS:
        return (), True
    parts = tuple(match["name"] or match["key"] for match in PART.finditer(property_) if match["index"] is None)
    return parts, not inside and not property_.endswith("]")


def _ancestors(parts: tuple[str, ...]) -> Iterator[str]:
    for length in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:length])


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, _Rule]]:
    table: dict[str, dict[str, _Rule]] = {}
    words = {"true": True, "false": False, "": None}
    for row in rows("replacement.csv"):
        rule = _Rule(words[row["forces_replacement"]], frozenset(row["only_when"].split()))
        table.setdefault(row["type"], {})[row["property"]] = rule
    return table


@lru_cache(maxsize=1)
def _delete_first() -> Mapping[str, tuple[str, bool]]:
    return {row["type"]: (row["named_by"], row["always"] == "true") for row in rows("delete_first.csv")}


@lru_cache(maxsize=1)
def _updated_outputs() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("updated_outputs.csv"):
        found[row["type"]] = (*found.get(row["type"], ()), row["output"])
    return found


def rows(table: str) -> Iterator[dict[str, str]]:
    """The rows of a table of this room."""
    text = (files("mlinfra.plan") / "data" / table).read_text("utf-8")
    yield from csv.DictReader(text.splitlines())
