"""``mlinfra state export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at
from mlinfra.commands._output import emit, emit_json
from mlinfra.errors import UsageError

EXAMPLE = "mlinfra state export - minimal.yaml -e dev --sandbox"


def run(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER|-", help="A file for all layers, a folder for one file each, `-` for stdout."
        ),
    ],
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
) -> None:
    """Write the states of all layers; secrets stay encrypted. Nothing is overwritten.

    Each layer is in the form that `pulumi stack import` reads.
    """
    from mlinfra.engine.copies import state_document

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    document = state_document(deployment, backend)
    if file == "-":
        emit_json(document)
        return
    target = Path(file)
    texts = {target: document}
    if target.is_dir():
        texts = {
            target / f"{one['project']}.{one['stack']}.json": {key: one[key] for key in ("version", "deployment")}
            for one in document["layers"].values()
        }
    if there := [path for path in texts if path.exists()]:
        raise UsageError(f"`{there[0]}` exists, and nothing is overwritten", hint="choose another name")
    for path, content in texts.items():
        _write(path, f"{json.dumps(content, indent=2)}\n")
    emit("\n".join(map(str, texts)) if texts else "nothing is deployed")


def _write(path: Path, text: str) -> None:
    import os

    try:
        # Even encrypted, a state says a lot about a platform.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown reason').lower()}") from None
