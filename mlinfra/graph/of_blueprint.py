"""The graph of a blueprint: every layer evaluated as it would be applied, or the stored result where nothing has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.graph.cache import Cache, fingerprint
from mlinfra.graph.model import ResourceGraph, Source

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment
    from mlinfra.graph.audit import Seen
    from mlinfra.graph.known import Known


@dataclass(frozen=True, kw_only=True)
class BlueprintSource:
    """A blueprint in one environment, loaded once and only when it is needed.

    With ``cache`` a graph that was stored for the same blueprint, files, values, versions and state is read back.
    """

    path: Path
    environment: str | None = None
    sets: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    cache: bool = True

    @property
    def deployment(self) -> Deployment:
        """The blueprint, checked. Raises BlueprintError with all that is wrong."""
        return self._loaded[0]

    @cached_property
    def _loaded(self) -> tuple[Deployment, Seen]:
        """What was loaded, and what was read for it."""
        from mlinfra.blueprint import load
        from mlinfra.graph.audit import watched

        with watched() as seen:
            deployment = load(self.path, environment=self.environment, sets=self.sets, environ=self.environ)
        return deployment, seen

    def graph(
        self, known: Known | None = None, *, state: str | None = None, deployment: Deployment | None = None
    ) -> ResourceGraph:
        """The graph, against the resources that are ``known`` from the state whose digest is ``state``.

        ``deployment`` is evaluated in place of what was loaded: the same in its account. Raises BlueprintError or
        ProgramError. A graph against a state that holds a secret is never stored: without the secret it says less.
        """
        store = Cache.of_user(self.environ) if self.cache else None
        moved = deployment is not None and deployment.account != self.deployment.account
        account = deployment.account if deployment is not None and moved else None
        key = fingerprint(self.path, self.environment, self.sets, self.environ, state, account) if store else None
        if store is not None and key is not None:
            stored = store.load(key)
            if stored is not None:
                return stored
        from mlinfra.graph.audit import watched

        loaded, reading = self._loaded
        with watched() as seen:
            graph = deployment_graph(deployment or loaded, known)
        repeatable = reading.repeatable and seen.repeatable and (known is None or not _holds_secret(graph))
        if store is not None and key is not None and repeatable:
            store.save(key, graph, reading.files | seen.files)
        return graph


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
    given = os.environ if environ is None else environ
    return BlueprintSource(path=Path(path), environment=environment, sets=sets, environ=given, cache=cache).graph()


def deployment_graph(deployment: Deployment, known: Known | None = None) -> ResourceGraph:
    """The graph of a deployment, layer by layer, against the resources that are ``known``. Raises ProgramError if a program fails."""
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
        known=known,
    )


def _holds_secret(graph: ResourceGraph) -> bool:
    from mlinfra.graph._standins import holds_unknown
    from mlinfra.graph.model import Secret

    return any(holds_unknown(dict(node.inputs), Secret) for node in graph.nodes) or holds_unknown(
        {name: dict(values) for name, values in graph.outputs.items()}, Secret
    )
