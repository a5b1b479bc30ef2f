"""What the verbs that read a deployment's states share: which deployment, where its states are, and how moments are written."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.commands._inputs import blueprint_file
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment
    from mlinfra.engine.backend import Backend


def deployment_at(
    blueprint: str | None, environment: str | None, sets: Sequence[str] | None, *, sandbox: bool
) -> tuple[Deployment, Backend]:
    """The deployment that was asked for, and the backend that holds its states."""
    from mlinfra.blueprint import load
    from mlinfra.engine.backend import backend_of

    deployment = load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ()))
    return deployment, backend_of(deployment, os.environ, sandbox=sandbox)


def blueprint_and_word(words: Sequence[str] | None, what: str) -> tuple[str | None, str | None]:
    """``[BLUEPRINT] [WORD]`` in any order, both optional: a blueprint is told by its ending, or because it is a folder.

    Raises UsageError for more than one of a sort; ``what`` is what the word is called.
    """
    given = list(words or ())
    blueprints = [word for word in given if word.endswith((".yaml", ".yml")) or Path(word).is_dir()]
    others = [word for word in given if word not in blueprints]
    if len(blueprints) > 1 or len(others) > 1:
        raise UsageError(
            f"{', '.join(f'`{word}`' for word in given)}: that is more than a blueprint and a {what}",
            hint=f"one blueprint, and one {what}",
        )
    return next(iter(blueprints), None), next(iter(others), None)


def moment(when: datetime.datetime | None) -> str:
    """``2026-07-31 14:05 UTC``, a hyphen where nobody knows."""
    return "-" if when is None else f"{when.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"


def stamp(when: datetime.datetime | None) -> str | None:
    """The same for documents: ISO 8601, seconds."""
    return None if when is None else when.astimezone(datetime.UTC).isoformat(timespec="seconds")
