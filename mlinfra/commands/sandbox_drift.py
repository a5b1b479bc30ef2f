"""``mlinfra sandbox drift``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mlinfra.commands._output import emit

EXAMPLE = "mlinfra sandbox drift lake-raw forceDestroy=false"


def run(
    resource: Annotated[str, typer.Argument(help="TYPE::NAME, or a name alone.")],
    values: Annotated[list[str] | None, typer.Argument(help="PROPERTY=VALUE, the value as JSON or text.")] = None,
    *,
    delete: Annotated[bool, typer.Option("--delete", help="Delete it behind the engine's back.")] = False,
) -> None:
    """Change or delete something in the simulated cloud as somebody with the console would."""
    import json

    from mlinfra.engine.places import sandbox_folder
    from mlinfra.engine.sandbox import Cloud
    from mlinfra.errors import UsageError

    cloud = Cloud(sandbox_folder(os.environ) / "cloud.db")
    if delete == bool(values):
        raise UsageError("nothing to change", hint="`PROPERTY=VALUE …`, or `--delete`")
    changes: dict[str, object] = {}
    for item in values or ():
        name, mark, text = item.partition("=")
        if not mark:
            raise UsageError(f"`{item}` is not `PROPERTY=VALUE`")
        try:
            changes[name] = json.loads(text)
        except ValueError:
            changes[name] = text
    found = cloud.lose(resource) if delete else cloud.change(resource, changes)
    if found is None:
        raise UsageError(f"the simulated cloud has no `{resource}`", hint="`mlinfra sandbox --format json` lists all")
    emit(f"{'deleted' if delete else 'changed'} {found.type} {found.id}")
