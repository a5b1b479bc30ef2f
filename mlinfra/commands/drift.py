"""``mlinfra drift``."""

from __future__ import annotations

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra drift minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
    endpoint: _options.Endpoint = None,  # noqa: ARG001 - its callback has done it
    parallel: _options.Parallel = None,
    output: _options.TextOrJson = "text",
) -> None:
    """Show what somebody changed or deleted by hand since the last apply. Nothing is changed.

    Exits with 1 if there is any. `mlinfra apply --refresh` puts it right.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._apply import in_place
    from mlinfra.engine.drift import drift
    from mlinfra.engine.session import Options, Session
    from mlinfra.plan.document import step_document
    from mlinfra.render.drift_text import drift_text

    deployment = in_place(
        load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ())), sandbox=sandbox
    )
    with Session(deployment, Options(sandbox=sandbox, parallel=parallel)) as session:
        found = drift(session)
    if output == "json":
        steps = [step_document(step) for step in found.steps]
        emit_json(
            {
                "mlinfra_drift": 1,
                "blueprint": deployment.blueprint,
                "environment": deployment.environment,
                "resources": found.looked_at,
                "steps": steps,
            }
        )
    else:
        emit(drift_text(found.steps, found.looked_at, terminal=stdout()))
    if found.steps:
        raise typer.Exit(1)
