"""The exchange format: what is written is described by the schema and read back unchanged."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import mlinfra.graph.document as under_test
from mlinfra.errors import GraphError
from mlinfra.graph.document import dumps, from_document, loads, to_document
from mlinfra.graph.model import LAYERS, SECRET, UNKNOWN, Amount, Derived, ResourceGraph, ResourceNode, Source

SCHEMA = Draft202012Validator(json.loads(Path(under_test.__file__).with_name("graph.schema.json").read_text("utf-8")))
BUCKET = "urn:pulumi:dev::fraud-foundation::mlinfra:components:data_lake$aws:s3/bucket:Bucket::lake-raw"

names = st.text(max_size=6)
urns = st.integers(0, 99).map(lambda n: f"urn:pulumi:dev::p::a:b:C::r{n}")
keys = st.one_of(names, st.sampled_from(["$unknown", "$secret", "$derived", "$literal"]))
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        names,
        st.just(UNKNOWN),
        st.just(SECRET),
        st.lists(urns, max_size=2).map(lambda found: Derived(tuple(found))),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
mappings = st.dictionaries(keys, values, max_size=3)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3)
nodes = st.builds(
    ResourceNode,
    urn=urns,
    type=names,
    name=names,
    layer=st.sampled_from([None, *LAYERS]),
    component=st.none() | names,
    kind=st.none() | names,
    parent=st.none() | urns,
    custom=st.booleans(),
    provider=st.none() | names,
    protect=st.booleans(),
    retain_on_delete=st.booleans(),
    ignore_changes=st.lists(names, max_size=2).map(tuple),
    replace_on_changes=st.lists(names, max_size=2).map(tuple),
    delete_before_replace=st.none() | st.booleans(),
    deleted_with=st.none() | urns,
    aliases=st.lists(names, max_size=2).map(tuple),
    import_id=st.none() | names,
    depends_on=st.lists(urns, max_size=2).map(tuple),
    property_dependencies=st.dictionaries(names, st.lists(urns, max_size=2).map(tuple), max_size=2),
    inputs=mappings,
    usage=st.dictionaries(names, st.builds(Amount, decimals, decimals, decimals), max_size=2),
    source=st.none() | st.builds(Source, names, st.integers(1, 999)),
)
graphs = st.builds(
    ResourceGraph,
    nodes=st.lists(nodes, max_size=3, unique_by=lambda node: node.urn).map(tuple),
    blueprint=names,
    environment=names,
    account=st.none() | names,
    region=st.none() | names,
    outputs=st.dictionaries(names, mappings, max_size=2),
)


def small_graph() -> ResourceGraph:
    lake = ResourceNode(
        urn=BUCKET,
        type="aws:s3/bucket:Bucket",
        name="lake-raw",
        layer="foundation",
        component="lake",
        kind="data_lake",
        protect=True,
        inputs={"kmsKeyId": UNKNOWN, "password": SECRET, "bucket": "x", "md5": Derived((BUCKET,)), "t": {"$secret": 1}},
        usage={"stored_gib": Amount(Decimal(200), Decimal("5E+2"), Decimal(2000))},
        source=Source("fraud.yaml", 27),
    )
    return ResourceGraph(nodes=(lake,), blueprint="fraud", environment="dev", outputs={"lake": {"key": UNKNOWN}})


@given(graphs)
def test_what_is_written_is_read_back(graph):
    assert loads(dumps(graph)) == graph


@given(graphs)
def test_the_same_graph_gives_the_same_bytes_and_one_document(graph):
    text = dumps(graph)
    assert text == dumps(loads(text))
    assert json.loads(text) == to_document(graph)
    assert text.endswith("}\n")


@given(graphs)
def test_the_schema_describes_what_is_written(graph):
    assert [error.message for error in SCHEMA.iter_errors(json.loads(dumps(graph)))] == []


def test_a_node_is_written_field_by_field():
    assert to_document(small_graph()) == {
        "mlinfra_graph": 1,
        "blueprint": "fraud",
        "environment": "dev",
        "account": None,
        "region": None,
        "nodes": [
            {
                "urn": BUCKET,
                "type": "aws:s3/bucket:Bucket",
                "name": "lake-raw",
                "layer": "foundation",
                "component": "lake",
                "kind": "data_lake",
                "parent": None,
                "custom": True,
                "provider": None,
                "protect": True,
                "retain_on_delete": False,
                "ignore_changes": [],
                "replace_on_changes": [],
                "delete_before_replace": None,
                "deleted_with": None,
                "aliases": [],
                "import_id": None,
                "depends_on": [],
                "property_dependencies": {},
                "inputs": {
                    "bucket": "x",
                    "kmsKeyId": {"$unknown": True},
                    "md5": {"$derived": [BUCKET]},
                    "password": {"$secret": True},
                    "t": {"$literal": {"$secret": 1}},
                },
                "usage": {"stored_gib": {"min": "200", "expected": "500", "max": "2000"}},
                "source": {"file": "fraud.yaml", "line": 27},
            }
        ],
        "outputs": {"lake": {"key": {"$unknown": True}}},
    }


def test_the_schema_refuses_what_the_reader_refuses():
    document = to_document(small_graph())
    document["nodes"][0]["inputs"]["password"] = {"$secret": "hunter2"}
    assert not SCHEMA.is_valid(document)
    with pytest.raises(GraphError):
        from_document(document)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["mlinfra_graph"], 2, "the document has version `2` in `mlinfra_graph`; this mlinfra reads `1`"),
        (["nodes"], None, "`nodes` is nothing; it must be a list"),
        (["extra"], 1, "`the document` has a field that this version of the format does not know: `extra`"),
        (["nodes", 0, "urn"], 7, "`nodes[0].urn` is a number; it must be text"),
        (["nodes", 0, "custom"], "yes", "`nodes[0].custom` is text; it must be `true` or `false`"),
        (
            ["nodes", 0, "layer"],
            "cellar",
            "`nodes[0].layer` is text; it must be one of `foundation`, `cluster`, `platform`, `workloads`",
        ),
        (
            ["nodes", 0, "source"],
            {"file": "f", "line": "3"},
            "`nodes[0].source.line` is text; it must be a whole number",
        ),
        (
            ["nodes", 0, "usage", "stored_gib", "max"],
            "lots",
            '`nodes[0].usage.stored_gib.max` is not an amount; it must be a decimal in quotes such as `"12.5"`',
        ),
        (
            ["nodes", 0, "inputs", "password"],
            {"$secret": "hunter2"},
            "`nodes[0].inputs.password` holds `$secret` in a way that the format does not know",
        ),
    ],
)
def test_a_malformed_document_is_refused_with_the_place(path, value, message):
    document = to_document(small_graph())
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(GraphError) as caught:
        from_document(document)
    assert caught.value.message == message


def test_two_nodes_with_one_urn_are_refused():
    document = to_document(small_graph())
    document["nodes"] *= 2
    with pytest.raises(GraphError, match="two nodes have the URN"):
        from_document(document)


@pytest.mark.parametrize("text", ['{"a": NaN}', "{", "[" * 100_000, "1" * 5000, b"\xff\xfe\xfa"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(GraphError):
        loads(text)


def test_a_number_that_json_cannot_hold_is_refused():
    node = ResourceNode(urn=BUCKET, type="t", name="n", inputs={"x": float("nan")})
    with pytest.raises(GraphError, match="finite"):
        dumps(ResourceGraph(nodes=(node,), blueprint="b", environment="e"))
