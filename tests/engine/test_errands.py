"""Which steps of the clean-up a destroy takes, when, and for which clusters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlinfra.blueprint import load_text
from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine import aws
from mlinfra.engine.cleanup._place import Place, steps
from mlinfra.engine.errands import errands_of
from mlinfra.errors import EngineError
from mlinfra.graph.model import ResourceGraph
from mlinfra.graph.of_blueprint import deployment_graph

TEXT = (Path(__file__).parent.parent.parent / "blueprints" / "llm-serving.yaml").read_text("utf-8")
STEPS = [
    (Layer.CLUSTER, "karpenter_nodes"),
    (Layer.CLUSTER, "load_balancers"),
    (Layer.FOUNDATION, "interfaces"),
    (Layer.FOUNDATION, "volumes"),
]


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return load_text(TEXT, environment="dev", environ={})


@pytest.fixture(scope="module")
def graph(deployment: Deployment) -> ResourceGraph:
    return deployment_graph(deployment)


def test_what_the_kinds_name_in_the_order_of_the_layers(deployment: Deployment, graph: ResourceGraph) -> None:
    assert [(errand.layer, errand.name) for errand in errands_of(deployment, graph)] == STEPS


def test_a_destroy_that_was_cut_off_after_the_cluster_had_gone_still_finds_it(
    deployment: Deployment, graph: ResourceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = replace(graph, nodes=tuple(node for node in graph.nodes if node.layer == "foundation"))
    (name,) = (node.inputs["name"] for node in graph.nodes if node.type == "aws:eks/cluster:Cluster")
    seen: list[Place] = []
    step = next(one for one in steps() if one.name == "volumes")
    monkeypatch.setattr("mlinfra.engine.cleanup._place.steps", lambda: (replace(step, clean=seen.append),))
    monkeypatch.setattr(aws, "clients", lambda _deployment: str)

    (errand,) = errands_of(deployment, left)
    errand.work(print, lambda: False)

    (place,) = seen
    assert (place.blueprint, place.environment, place.clusters) == ("llm-serving", "dev", (name,))
    assert (place.keep_data, place.limit) == (False, 3600.0)


def test_what_aws_refuses_is_said_in_its_words(
    deployment: Deployment, graph: ResourceGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    def refused(_place: Place) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}, "TerminateInstances")

    step = next(one for one in steps() if one.name == "karpenter_nodes")
    monkeypatch.setattr("mlinfra.engine.cleanup._place.steps", lambda: (replace(step, clean=refused),))
    monkeypatch.setattr(aws, "clients", lambda _deployment: str)

    (errand,) = errands_of(deployment, graph)
    with pytest.raises(EngineError) as error:
        errand.work(print, lambda: False)
    assert error.value.message == (
        "could not clean up karpenter nodes: An error occurred (UnauthorizedOperation) when calling the "
        "TerminateInstances operation: no"
    )


def test_data_that_is_kept_anywhere_means_that_disks_are_copied(graph: ResourceGraph) -> None:
    def keeps(text: str, environment: str) -> bool:
        errand: Any = errands_of(load_text(text, environment=environment, environ={}), graph)[0]
        return bool(errand.work._keep_data)

    assert keeps(TEXT, "prod")
    assert not keeps(TEXT, "dev")


def test_the_simulated_cloud_is_left_alone(deployment: Deployment, graph: ResourceGraph) -> None:
    told: list[str] = []
    (errand,) = errands_of(deployment, graph, sandbox=True)
    errand.work(told.append, lambda: False)
    assert told == ["skipped: no controller runs in the simulated cloud, so none left anything behind"]


def test_without_a_cluster_there_is_nothing_to_clean() -> None:
    text = "mlinfra: 1\nname: shop\nenvironments: {dev: {region: eu-west-1}}\ncomponents: {lake: {kind: bucket}}\n"
    deployment = load_text(text, environment="dev", environ={})
    assert errands_of(deployment, deployment_graph(deployment)) == ()
