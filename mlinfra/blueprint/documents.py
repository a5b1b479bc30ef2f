"""The files of a blueprint: the blueprint itself and ``environments/<name>.yaml`` beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from mlinfra.blueprint.credentials import credential_in
from mlinfra.blueprint.model import ENVIRONMENT_NAME
from mlinfra.blueprint.problems import Problems, close_to, listed
from mlinfra.blueprint.source import Node, decode, parse
from mlinfra.errors import BlueprintError, UsageError

FOLDER = "environments"
CHOICE = "MLINFRA_ENVIRONMENT"


@dataclass(frozen=True)
class Documents:
    """The blueprint's tree and the one of each environment file, by environment."""

    blueprint: Node
    file: str | None
    environments: Mapping[str, Node]

    @property
    def names(self) -> tuple[str, ...]:
        """The environments, those of the blueprint first."""
        inside = self.blueprint.items.get("environments")
        return tuple(dict.fromkeys([*(inside.items if inside else ()), *self.environments]))


def read(path: FilePath | str, problems: Problems) -> Documents:
    """Read a blueprint and the environment files beside it.

    Raises UsageError if there is no such file, BlueprintError if it is not YAML.
    """
    file = FilePath(path)
    texts: dict[str, str] = {}
    try:
        text = decode(_bytes(file), str(path))
        for beside in sorted((file.parent / FOLDER).glob("*.yaml")) if (file.parent / FOLDER).is_dir() else ():
            texts[str(beside)] = decode(_bytes(beside), str(beside))
    except OSError as error:
        raise UsageError(f"`{error.filename}` cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    return documents(text, str(path), texts, problems)


def _bytes(file: FilePath) -> bytes:
    return file.read_bytes()


def documents(text: str, file: str | None, texts: Mapping[str, str], problems: Problems) -> Documents:
    """Parse the texts of a blueprint and of its environment files (by file name)."""
    found: dict[str, Node] = {}
    blueprint: Node | None = None
    try:
        blueprint = parse(text, file)
        _no_credentials(blueprint, problems)
    except BlueprintError as error:
        problems.found.extend(error.diagnostics)
    for beside, content in texts.items():
        name = FilePath(beside).stem
        try:
            tree = parse(content, beside, f"{FOLDER}/{FilePath(beside).name}") if content.strip() else None
        except BlueprintError as error:
            problems.found.extend(error.diagnostics)
            continue
        if tree is not None:
            _no_credentials(tree, problems)
            found[name] = tree
            if not re.fullmatch(ENVIRONMENT_NAME, name):
                hint = "a letter, then lower-case letters and digits, at most 12 characters"
                problems.error(
                    "wrong-name", f"`{name}` is not a name of an environment", tree.span, (FOLDER, name), hint
                )
    if blueprint is None:
        raise BlueprintError(problems.found)
    return Documents(blueprint, file, found)


def _no_credentials(tree: Node, problems: Problems) -> None:
    """Refuse what looks like a credential, in values and in keys."""
    for path, node in tree.walk():
        for text, span in (
            (node.value if isinstance(node.value, str) else "", node.span),
            (path[-1] if path and node.key else "", node.named),
        ):
            words = credential_in(text) if len(text) >= 8 else None
            if words:
                problems.error(
                    "credential",
                    f"this looks like {words}; a blueprint names secrets, it never holds them",
                    span,
                    path,
                    "keep it in Secrets Manager and write `{secret: aws-secretsmanager://name#key}`; "
                    "what was pasted is known now: replace it",
                )


def choose(names: tuple[str, ...], wanted: str | None, environ: Mapping[str, str]) -> str:
    """The environment to work on: the one that is asked for, that of ``MLINFRA_ENVIRONMENT``, or the only one.

    Raises UsageError.
    """
    name = wanted or environ.get(CHOICE)
    if name is None:
        if len(names) == 1:
            return names[0]
        if not names:
            raise UsageError("the blueprint has no environment", hint="add `environments: {dev: {region: eu-west-1}}`")
        raise UsageError(f"which environment: {listed(names, last='or')}?", hint=f"`-e {names[0]}`, or set `{CHOICE}`")
    if name not in names:
        there = close_to(name, names) or f"environments: {listed(names)}"
        raise UsageError(f"there is no environment `{name}`", hint=there)
    return name
