"""``mlinfra state lock``."""

from __future__ import annotations

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at, moment
from mlinfra.commands._output import emit, emit_json
from mlinfra.errors import EngineError

EXAMPLE = "mlinfra state lock minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Lock the stacks of a deployment, so that nobody changes it: no apply, no destroy, no plain `pulumi up`.

    It stays locked until `mlinfra state unlock`. Refused while an operation is at work.
    """
    from mlinfra.components._context import Layer
    from mlinfra.program import project_name

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    projects = {layer: project_name(deployment.blueprint, layer) for layer in Layer}
    for layer, project in projects.items():
        for lock in backend.locks(project, deployment.environment):
            raise EngineError(
                f"layer {layer.label} is locked by {lock.holder} since {moment(lock.since)}",
                hint="`mlinfra status` shows all locks, `mlinfra state unlock` takes them away",
            )
    for project in projects.values():
        backend.lock(project, deployment.environment)
    if output == "json":
        emit_json({"mlinfra_lock": 1, "layers": [layer.label for layer in projects]})
    else:
        emit(f"locked: {', '.join(layer.label for layer in projects)}; `mlinfra state unlock` takes it back")
