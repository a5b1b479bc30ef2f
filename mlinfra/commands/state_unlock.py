"""``mlinfra state unlock``."""

from __future__ import annotations

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at, moment, stamp
from mlinfra.commands._output import emit, emit_json, note

EXAMPLE = "mlinfra state unlock minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    yes: _options.Yes = False,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Take away the locks of `state lock`, or of an operation that is known to be dead, on this deployment's stacks alone.

    Two operations at once on one stack lose what the other one did: ask the holder first.
    """
    from mlinfra.commands._apply import confirmed
    from mlinfra.components._context import Layer
    from mlinfra.program import project_name

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    held = [
        (layer, lock)
        for layer in Layer
        for lock in backend.locks(project_name(deployment.blueprint, layer), deployment.environment)
    ]
    for layer, lock in held:
        note(f"{layer.label}: locked by {lock.holder} since {moment(lock.since)}")
    if held:
        confirmed(f"take {'this lock' if len(held) == 1 else 'these locks'} away", yes=yes, sandbox=sandbox)
        for _, lock in held:
            backend.unlock(lock)
    if output == "json":
        removed = [
            {
                "layer": layer.label,
                "user": lock.user,
                "host": lock.host,
                "process": lock.pid,
                "since": stamp(lock.since),
            }
            for layer, lock in held
        ]
        emit_json({"mlinfra_unlock": 1, "removed": removed})
    elif held:
        emit(f"unlocked: {', '.join(layer.label for layer, _ in held)}; `mlinfra status` says what was left unfinished")
    else:
        emit("nothing is locked")
