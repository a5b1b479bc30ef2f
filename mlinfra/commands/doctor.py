"""``mlinfra doctor``."""

from __future__ import annotations

import typer

from mlinfra.commands import _options
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra doctor"


def run(
    output: _options.TextOrJson = "text",
) -> None:
    """Check this machine: Python, packages, engine, state, AWS CLI, cache. Offline.

    Exits with 1 if something is missing that validate, plan and cost need.
    """
    import dataclasses

    from mlinfra.commands._machine import checks
    from mlinfra.render.tables import table

    found = list(checks())
    if output == "json":
        emit_json({"mlinfra_doctor": 1, "checks": [dataclasses.asdict(check) for check in found]})
    else:
        emit(table(("", "WHAT", "FOUND"), [(one.status, one.name, one.found) for one in found], terminal=stdout()))
        # Below, and not in a column: addresses and commands are copied from here.
        if hints := "\n".join(f"{one.name}: {one.hint}" for one in found if one.hint):
            emit(f"\n{hints}")
    if any(check.status == "missing" for check in found):
        raise typer.Exit(1)
