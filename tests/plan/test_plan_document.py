"""The plan as JSON, held against its schema."""

import json
from decimal import Decimal
from pathlib import Path

from jsonschema import Draft202012Validator

import mlinfra.plan.document as under_test
from mlinfra.graph.model import SECRET, UNKNOWN, ResourceGraph, ResourceNode
from mlinfra.plan import plan
from mlinfra.plan.document import to_document

SCHEMA = Draft202012Validator(json.loads(Path(under_test.__file__).with_name("plan.schema.json").read_text("utf-8")))
URN = "urn:pulumi:dev::shop::aws:rds/instance:Instance::"


def graph(*names, **inputs):
    nodes = tuple(ResourceNode(urn=URN + n, type="aws:rds/instance:Instance", name=n, inputs=inputs) for n in names)
    return ResourceGraph(nodes=nodes, blueprint="shop", environment="dev")


def test_a_plan_is_written_field_by_field():
    before = ResourceGraph(
        nodes=(
            ResourceNode(urn=URN + "db", type="t", name="db", inputs={"password": "old", "size": 1, "arn": "x"}),
            ResourceNode(urn=URN + "same", type="t", name="same", inputs={}),
        ),
        blueprint="shop",
        environment="dev",
    )
    after = ResourceGraph(
        nodes=(
            ResourceNode(urn=URN + "db", type="t", name="db", inputs={"password": SECRET, "arn": UNKNOWN}),
            ResourceNode(urn=URN + "same", type="t", name="same", inputs={}),
        ),
        blueprint="shop",
        environment="dev",
    )
    result = plan(after, before, label="state")
    hidden = {"$secret": True}
    document = to_document(result, Decimal("1E+2"), None)
    assert document == {
        "mlinfra_plan": 1,
        "blueprint": "shop",
        "environment": "dev",
        "against": "state",
        "state": None,
        "digest": result.digest,
        "summary": {"create": 0, "update": 1, "replace": 0, "delete": 0, "keep": 0, "import": 0, "unchanged": 1},
        "steps": [
            {
                "urn": URN + "db",
                "component": None,
                "kind": None,
                "layer": None,
                "operation": "update",
                "properties": [
                    {
                        "path": "arn",
                        "before": "x",
                        "after": {"$unknown": True},
                        "forces_replacement": None,
                        "secret": False,
                    },
                    {"path": "password", "before": hidden, "after": hidden, "forces_replacement": None, "secret": True},
                    {"path": "size", "before": 1, "after": None, "forces_replacement": None, "secret": False},
                ],
                "reason": None,
                "risk": "low",
                "blocked_by": None,
            }
        ],
        "cost": {"before": "100", "after": None},
    }
    assert [error.message for error in SCHEMA.iter_errors(document)] == []


def test_the_schema_describes_every_operation():
    for one, other in ((graph("a"), None), (graph(), graph("a")), (graph("a", size=1), graph("a", size=2))):
        assert [error.message for error in SCHEMA.iter_errors(to_document(plan(one, other)))] == []


def test_the_schema_refuses_a_plan_with_a_number_for_money():
    assert not SCHEMA.is_valid(to_document(plan(graph("a"), None)) | {"cost": {"before": 1.5, "after": None}})
