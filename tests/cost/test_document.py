import jsonschema
import pytest
from pricing_graphs import node, priced

from mlinfra.cost import explain, schema, to_document
from mlinfra.errors import UsageError
from mlinfra.graph.model import UNKNOWN


def test_document():
    document = to_document(priced(node("aws:ec2/eip:Eip"), node("aws:made/up:Up")))
    assumptions = document.pop("assumptions")
    none = {"min": None, "expected": None, "max": None}
    address = "urn:pulumi:dev::demo::aws:ec2/eip:Eip::it"
    unknown = "urn:pulumi:dev::demo::aws:made/up:Up::it"
    figures = {"min": "3.65", "expected": "3.65", "max": "3.65"}
    assert document == {
        "mlinfra_cost": 1,
        "currency": "USD",
        "period": "month",
        "region": "us-east-1",
        "totals": figures,
        "complete": False,
        "components": [
            {
                "name": "part",
                "kind": "kind",
                "layer": "foundation",
                "totals": figures,
                "charges": [
                    {
                        "resource": address,
                        "name": "Public IPv4 address",
                        "unit": "hour",
                        "quantity": {"min": "730", "expected": "730", "max": "730"},
                        "price": "0.005",
                        "price_key": "public_ipv4/us-east-1/address/hour",
                        "source": "public billing export or price-list excerpt (3.65/730)",
                        "as_of": "2024-07-01",
                        "status": "stale",
                        "amount": figures,
                        "formula": "730 hours × price",
                        "usage": None,
                    },
                    {
                        "resource": unknown,
                        "name": "all charges",
                        "unit": "",
                        "quantity": None,
                        "price": None,
                        "price_key": None,
                        "source": None,
                        "as_of": None,
                        "status": "unpriced",
                        "amount": none,
                        "formula": "",
                        "usage": None,
                    },
                ],
            }
        ],
        "unpriced": [
            {
                "resource": unknown,
                "name": "all charges",
                "status": "unpriced",
                "reason": "no charge is known for type `aws:made/up:Up`",
            }
        ],
    }
    assert assumptions[0].startswith("730 hours a month")


def test_documents_keep_to_their_schema():
    result = priced(
        node("aws:s3/bucket:Bucket", usage={"stored_gib": (0, 1, 10**6)}),
        node("aws:eks/nodeGroup:NodeGroup", instanceTypes=["p5.48xlarge"], capacityType="SPOT", scalingConfig={"minSize": 0, "desiredSize": UNKNOWN, "maxSize": 3}),
        node("aws:iam/role:Role", component=None),
        region=None,
    )  # fmt: skip
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(to_document(result), schema())


def test_unknown_component_is_refused_with_those_that_there_are():
    with pytest.raises(UsageError) as raised:
        explain(priced(node("aws:ec2/eip:Eip")), "lake")
    assert (raised.value.message, raised.value.hint) == (
        "There is no component `lake` in the estimate.",
        "components: `part`",
    )
