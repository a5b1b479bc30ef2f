"""The graph of a blueprint: every layer evaluated as it would be applied, or the stored result where nothing has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.graph.cache import Cache, fingerprint
from mlinfra.graph.model import ResourceGraph, Source

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment


def blueprint_graph(
    path: Path | str,
    *,
    environment: str | None = None,
    sets: tuple[str, ...] = (),
    environ: Mapping[str, str] | None = None,
    cache: bool = True,
) -> ResourceGraph:
    """The graph of a blueprint in one environment. Raises BlueprintError with all that is wrong, or ProgramError.

    A graph that was stored for the same blueprint, files, values and versions is read back; ``cache=False`` neither reads nor writes one.
    """
    where = Path(path)
    given = os.environ if environ is None else environ
    store = Cache.of_user(given) if cache else None
    key = fingerprint(where, environment, sets, given) if store else None
    if store is not None and key is not None:
        stored = store.load(key)
        if stored is not None:
            return stored
    from mlinfra.blueprint import load
    from mlinfra.graph.audit import watched

    with watched() as seen:
        graph = deployment_graph(load(where, environment=environment, sets=sets, environ=given))
    if store is not None and key is not None and seen.repeatable:
        store.save(key, graph, seen.files)
    return graph


def deployment_graph(deployment: Deployment) -> ResourceGraph:
    """The graph of a deployment, layer by layer. Raises ProgramError if a program fails."""
    from mlinfra.graph.evaluate import Layered, evaluate_stacks
    from mlinfra.graph.model import LAYERS
    from mlinfra.program import layer_program, project_name

    sources = {
        component.name: Source(component.source.file or "", component.source.line or 0) for component in deployment
    }
    stacks = [
        Layered(
            project=project_name(deployment.blueprint, layer),
            program=layer_program(deployment, layer),
            layer=LAYERS[layer - 1],
            sources=sources,
        )
        for layer in deployment.layers
    ]
    return evaluate_stacks(
        stacks,
        blueprint=deployment.blueprint,
        environment=deployment.environment,
        account=deployment.account,
        region=deployment.region,
    )
