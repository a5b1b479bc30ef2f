"""``mlinfra eject``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at
from mlinfra.commands._output import emit, emit_json, note

EXAMPLE = "mlinfra eject stacks minimal.yaml -e dev --sandbox"


def run(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where the projects go; nothing in it is overwritten.")],
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Write a deployment as ordinary Pulumi projects, one folder per layer, on the same state.

    From then on `pulumi up` in each folder, in order, does what apply did.
    """
    from mlinfra.commands._apply import with_account
    from mlinfra.engine.eject import eject

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    deployment = with_account(deployment, sandbox=sandbox)
    written = eject(Path(folder), deployment, backend, os.environ)
    if output == "json":
        emit_json({"mlinfra_eject": 1, "files": [str(path) for path in written]})
        return
    emit("\n".join(map(str, written)))
    first = Path(folder) / next(iter(deployment.layers)).label
    note(f"next: `cd {first}`, `pulumi preview --stack {deployment.environment}`; then the other layers in order")
