"""``mlinfra history``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at, moment, stamp
from mlinfra.commands._output import emit, emit_json, note, stdout

if TYPE_CHECKING:
    from mlinfra.engine.history import Operation

EXAMPLE = "mlinfra history minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.", metavar="N")] = 20,
    output: _options.TextOrJson = "text",
) -> None:
    """Show what was done to a deployment, over all its layers, newest first.

    `mlinfra rollback NUMBER` goes back to the blueprint of one of them.
    """
    from mlinfra.engine.history import history

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    done = history(deployment, backend)
    shown = done[:limit]
    if output == "json":
        emit_json(
            {
                "mlinfra_history": 1,
                "blueprint": deployment.blueprint,
                "environment": deployment.environment,
                "total": len(done),
                "operations": [_document(one) for one in shown],
            }
        )
        return
    emit(_text(shown) if shown else "nothing was done yet")
    if len(done) > len(shown):
        note(f"{len(done) - len(shown)} older; `--limit {len(done)}` shows all")


def _document(one: Operation) -> dict[str, object]:
    run = one.run
    return {
        "number": one.number,
        "operation": one.name,
        "result": one.result,
        "began": stamp(one.began),
        "ended": stamp(one.ended),
        "changes": dict(one.changes),
        "id": run.id if run else None,
        "version": run.version if run else None,
        "user": run.user if run else None,
        "commit": run.commit if run else None,
        "updates": [
            {
                "layer": layer.label,
                "number": update.number,
                "kind": update.kind,
                "result": update.result,
                "began": stamp(update.began),
                "ended": stamp(update.ended),
                "changes": dict(update.changes),
                "message": update.message,
            }
            for layer, update in one.updates
        ],
    }


def _text(shown: Sequence[Operation]) -> str:
    from mlinfra.render.progress import counts_text
    from mlinfra.render.tables import table

    rows = [
        (
            str(one.number),
            moment(one.began).removesuffix(" UTC"),
            one.name,
            one.result,
            counts_text(one.changes),
            one.run.user if one.run else "",
            (one.run.commit or "") if one.run else "",
        )
        for one in shown
    ]
    headings = ("NUMBER", "WHEN (UTC)", "WHAT", "RESULT", "CHANGES", "BY", "COMMIT")
    return table(headings, rows, right=(0,), whole=(1, 2, 3, 5, 6), terminal=stdout())
