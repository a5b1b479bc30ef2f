"""``mlinfra doctor``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra doctor"


def run(
    output: Annotated[Literal["text", "json"], typer.Option("--format", help="Form of the result.")] = "text",
) -> None:
    """Check this machine: Python, packages, Pulumi, AWS CLI, cache. Offline.

    Exits with 1 if something is missing that validate, plan and cost need.
    """
    import dataclasses

    from mlinfra.commands._machine import checks
    from mlinfra.render.tables import table

    found = list(checks())
    if output == "json":
        emit_json({"mlinfra_doctor": 1, "checks": [dataclasses.asdict(check) for check in found]})
    else:
        rows = [(check.status, check.name, check.found, check.hint or "") for check in found]
        emit(table(("", "WHAT", "FOUND", "HINT"), rows, whole=(0, 1), terminal=stdout()))
    if any(check.status == "missing" for check in found):
        raise typer.Exit(1)
