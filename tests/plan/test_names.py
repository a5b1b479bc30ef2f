"""Names that will be taken when something is created under them."""

import pytest

from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.plan import plan
from mlinfra.plan.names import taken_names

QUEUE, RULE, POLICY = "aws:sqs/queue:Queue", "aws:cloudwatch/eventRule:EventRule", "aws:iam/rolePolicy:RolePolicy"
BUCKET, MAP = "aws:s3/bucket:Bucket", "kubernetes:core/v1:ConfigMap"


def graph(layer, name, type_, inputs, **more):
    urn = f"urn:pulumi:dev::fraud-{layer}::mlinfra:components:python${type_}::{name}"
    node = ResourceNode(urn=urn, type=type_, name=name, inputs=inputs, **more)
    return ResourceGraph(nodes=(node,), blueprint="fraud", environment="dev")


def found(before, after):
    return [
        (one.name, one.step.name, one.holder.operation)
        for one in taken_names(plan(after, before, label="state"), after, before)
    ]


@pytest.mark.parametrize("place", [("platform", "jobs"), ("workloads", "queue")])
def test_what_moves_under_its_own_name_is_in_its_own_way(place):
    inputs = {"name": "nightly", "delaySeconds": 1}
    before = graph("platform", "queue", QUEUE, inputs)
    assert found(before, graph(*place, QUEUE, {**inputs, "delaySeconds": 2})) == [("nightly", place[1], "delete")]


def test_what_is_kept_has_its_name_for_good():
    before = graph("foundation", "old", BUCKET, {"bucket": "acme-lake"}, retain_on_delete=True)
    assert found(before, graph("foundation", "new", BUCKET, {"bucket": "acme-lake"})) == [("acme-lake", "new", "keep")]


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        (QUEUE, {"name": "a"}, {"name": "b"}),
        (QUEUE, {}, {}),
        (QUEUE, {"name": "${{urn:pulumi:x#name}}"}, {"name": "${{urn:pulumi:x#name}}"}),
        (RULE, {"name": "a", "eventBusName": "one"}, {"name": "a", "eventBusName": "two"}),
        (POLICY, {"name": "read", "role": "one"}, {"name": "read", "role": "two"}),
        (MAP, {"metadata": {"name": "a", "namespace": "x"}}, {"metadata": {"name": "a"}}),
    ],
)
def test_other_names_and_names_of_another_place_are_free(type_, one, other):
    assert found(graph("platform", "old", type_, one), graph("platform", "new", type_, other)) == []


def test_an_object_of_kubernetes_is_named_in_its_namespace():
    before = graph("platform", "old", MAP, {"metadata": {"name": "a"}})
    after = graph("platform", "new", MAP, {"metadata": {"name": "a", "namespace": "default"}})
    assert found(before, after) == [("default/a", "new", "delete")]


def test_what_is_only_changed_keeps_its_name():
    one = graph("platform", "queue", QUEUE, {"name": "nightly"})
    assert found(one, one) == []


def test_what_is_kept_and_replaced_under_its_own_name_is_in_its_own_way():
    before = graph("foundation", "lake", BUCKET, {"bucket": "acme", "objectLockEnabled": False}, retain_on_delete=True)
    locked = graph("foundation", "lake", BUCKET, {"bucket": "acme", "objectLockEnabled": True}, retain_on_delete=True)
    assert found(before, locked) == [("acme", "lake", "replace")]
    other = graph("foundation", "lake", BUCKET, {"bucket": "other", "objectLockEnabled": True}, retain_on_delete=True)
    assert found(before, other) == []
