"""What a destroy does between its layers: the steps of the clean-up that the deployment's kinds name."""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.blueprint.model import Deployment
from mlinfra.components._registry import find, names
from mlinfra.engine.works import Errand, Pass
from mlinfra.graph.model import ResourceGraph
from mlinfra.graph.of_blueprint import deployment_graph

CLUSTER = "aws:eks/cluster:Cluster"


def with_errands(passes: tuple[Pass, ...], errands: tuple[Errand, ...]) -> tuple[Pass | Errand, ...]:
    """The runs of the engine from last layer to first, each after the errands that have to precede it."""
    waiting = list(errands)
    todo: list[Pass | Errand] = []
    for one in passes:
        todo += [errand for errand in waiting if errand.layer >= one.layer]
        waiting = [errand for errand in waiting if errand.layer < one.layer]
        todo.append(one)
    return (*todo, *waiting)


def errands_of(deployment: Deployment, before: ResourceGraph, *, sandbox: bool = False) -> tuple[Errand, ...]:
    """The steps for what ``before`` holds, and for what the blueprint says where a destroy was cut off after a layer had gone."""
    kinds = {node.kind for node in before.nodes} | {part.kind.name for part in deployment if part.existing is None}
    wanted = {step for kind in kinds & set(names()) if kind for step in find(kind).component.cleanup}
    if not wanted:
        return ()
    if sandbox:
        return (Errand(min(deployment.layers), "clean-up", _skipped),)
    clusters = _clusters(before) or _clusters(deployment_graph(deployment))
    if not clusters:
        return ()
    from mlinfra.engine.cleanup._place import steps

    found = sorted((step for step in steps() if step.name in wanted), key=lambda step: -step.before)
    keep = deployment.protected or any(getattr(part.spec, "deletion", None) == "retain" for part in deployment)
    return tuple(
        Errand(step.before, step.name, _Work(deployment, clusters, step.name, keep_data=keep)) for step in found
    )


class _Work:
    """One step at work."""

    def __init__(self, deployment: Deployment, clusters: tuple[str, ...], name: str, *, keep_data: bool) -> None:
        self._deployment, self._clusters, self._name, self._keep_data = deployment, clusters, name, keep_data

    def __call__(self, tell: Callable[[str], None], stopped: Callable[[], object]) -> None:
        from mlinfra.engine.aws import answering, clients
        from mlinfra.engine.cleanup._place import Place, steps

        (step,) = (one for one in steps() if one.name == self._name)
        place = Place(
            blueprint=self._deployment.blueprint,
            environment=self._deployment.environment,
            clusters=self._clusters,
            keep_data=self._keep_data,
            client=clients(self._deployment),
            tell=tell,
            stopped=stopped,
            limit=step.limit,
        )
        with answering(f"clean up {step.name.replace('_', ' ')}"):
            step.clean(place)


def _skipped(tell: Callable[[str], None], stopped: Callable[[], object]) -> None:  # noqa: ARG001 - the form of every errand
    tell("skipped: no controller runs in the simulated cloud, so none left anything behind")


def _clusters(graph: ResourceGraph) -> tuple[str, ...]:
    made = (node.inputs.get("name") for node in graph.resources if node.type == CLUSTER)
    return tuple(sorted(name for name in made if isinstance(name, str)))
