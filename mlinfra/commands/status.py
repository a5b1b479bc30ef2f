"""``mlinfra status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at, moment, stamp
from mlinfra.commands._output import emit, emit_json, stdout

if TYPE_CHECKING:
    from mlinfra.engine.status import LayerStatus

EXAMPLE = "mlinfra status minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Show how each layer stands: resources, last operation, what was left unfinished, who holds the lock.

    Read from the state, without the engine. `mlinfra plan` says what would change.
    """
    from mlinfra.engine.status import status

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    layers = status(deployment, backend)
    if output == "json":
        emit_json(
            {
                "mlinfra_status": 1,
                "blueprint": deployment.blueprint,
                "environment": deployment.environment,
                "backend": backend.url,
                "layers": [_document(one) for one in layers],
            }
        )
    elif not layers:
        emit("nothing is deployed")
    else:
        emit(_text(layers))


def _document(one: LayerStatus) -> dict[str, object]:
    last = one.last
    return {
        "layer": one.layer.label,
        "resources": one.resources,
        "modified": stamp(one.modified),
        "last": None
        if last is None
        else {
            "number": last.number,
            "kind": last.kind,
            "result": last.result,
            "began": stamp(last.began),
            "ended": stamp(last.ended),
            "changes": dict(last.changes),
            "message": last.message,
        },
        "pending": [{"operation": each.operation, "urn": each.urn} for each in one.pending],
        "locks": [
            {"user": lock.user, "host": lock.host, "process": lock.pid, "since": stamp(lock.since)}
            for lock in one.locks
        ],
        "problem": one.problem,
    }


def _text(layers: tuple[LayerStatus, ...]) -> str:
    from mlinfra.render.tables import table

    rows = [
        (
            one.layer.label,
            "?" if one.problem else str(one.resources),
            "-" if one.last is None else f"{one.last.kind} {one.last.result}",
            moment(one.last.ended if one.last else one.modified),
        )
        for one in layers
    ]
    lines = [table(("LAYER", "RESOURCES", "LAST", "WHEN"), rows, right=(1,), whole=(0, 2, 3), terminal=stdout())]
    for one in layers:
        if one.problem:
            lines.append(f"{one.layer.label}: {one.problem}; `mlinfra state repair` shows what can be done")
        lines += [
            f"{one.layer.label}: {each.operation} {each.name} ({each.type}) was begun, and "
            + (
                "may still be in work: the layer is locked"
                if one.locks
                else "nobody knows how it ended; `mlinfra state repair` shows what can be done"
            )
            for each in one.pending
        ]
        lines += [f"{one.layer.label}: locked by {lock.holder} since {moment(lock.since)}" for lock in one.locks]
    return "\n".join(lines)
