"""The JSON Schemas that ship: of what people write, and of every document that mlinfra writes, beside what makes it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

from mlinfra.errors import UsageError

PACKAGE = Path(__file__).parent.parent
ENDING = ".schema.json"
ENVIRONMENT = "environment"
"""The file of an environment: what it may hold is made from the models, and is in no file."""


@functools.cache
def files() -> Mapping[str, Path]:
    """The file of each by name, sorted: ``outcome.schema.json`` is ``outcome``, and describes what says ``mlinfra_outcome``."""
    return {
        path.name.removesuffix(ENDING): path for path in sorted(PACKAGE.rglob(f"*{ENDING}"), key=lambda one: one.name)
    }


def names() -> tuple[str, ...]:
    """What there is a schema of, sorted."""
    return tuple(sorted({ENVIRONMENT, *files()}))


def schema_text(name: str) -> str:
    """The JSON Schema of one. Raises UsageError with all names."""
    if name == ENVIRONMENT:
        from mlinfra.blueprint.schema import environment_schema

        return json.dumps(environment_schema(), indent=2, ensure_ascii=False)
    if name == "blueprint":
        from mlinfra.commands._kinds import blueprint_schema_text

        return blueprint_schema_text()
    if name not in files():
        raise UsageError(
            f"there is no schema of `{name}`", hint=f"there are {', '.join(f'`{one}`' for one in names())}"
        )
    return files()[name].read_text("utf-8")
