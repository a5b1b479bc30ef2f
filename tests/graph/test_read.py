"""Graphs from small recordings of the real engine, and from documents that are none."""

import gzip
import json
from pathlib import Path

import pytest

from mlinfra.errors import GraphError, UsageError
from mlinfra.graph.document import dumps
from mlinfra.graph.model import SECRET, UNKNOWN, ResourceGraph, ResourceNode, Source
from mlinfra.graph.read import read, read_preview, read_state

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROJECT = "urn:pulumi:dev::demo-foundation"
STACK = f"{PROJECT}::pulumi:pulumi:Stack::demo-foundation-dev"
UNIT = f"{PROJECT}::mlinfra:components:demo_kind"
BUCKET = f"{UNIT}$aws:s3/bucket:Bucket::u00-data"
POLICY = f"{UNIT}$aws:iam/policy:Policy::u00-pol"
SECRET_SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def load(name):
    return json.loads((FIXTURES / name).read_text("utf-8"))


def state_of(*resources, **more):
    return {"version": 3, "deployment": {"resources": list(resources)}, **more}


def resource(name="r", **more):
    urn = f"urn:pulumi:dev::shop::aws:s3/bucket:Bucket::{name}"
    return {"urn": urn, "custom": True, "type": "aws:s3/bucket:Bucket", **more}


def inputs_of(**inputs):
    return dict(read_state(state_of(resource(inputs=inputs))).nodes[0].inputs)


def test_a_preview_becomes_the_graph_of_what_the_program_registers():
    graph = read_preview(load("preview.json"))
    assert (graph.blueprint, graph.environment, graph.region, graph.account) == ("demo", "dev", "us-east-1", None)
    assert graph.by_urn[POLICY] == ResourceNode(
        urn=POLICY,
        type="aws:iam/policy:Policy",
        name="u00-pol",
        layer="foundation",
        component="u00",
        kind="demo_kind",
        parent=f"{UNIT}::u00",
        provider=f"{PROJECT}::pulumi:providers:aws::main",
        depends_on=(BUCKET,),
        property_dependencies={"policy": (BUCKET,)},
        inputs={"policy": UNKNOWN},
        source=Source("../prog.py", 16),
    )


def test_a_state_becomes_a_graph_with_literals_in_place_of_outputs():
    graph = read_state(load("state.json"))
    assert (graph.blueprint, graph.environment, graph.account) == ("demo", "dev", "123456789012")
    bucket = graph.by_urn[BUCKET]
    assert bucket.inputs == {"forceDestroy": True, "tags": {"project": "demo", "team": "ml", "unit": "0"}}
    assert "arn:aws:s3:::u00-data-" in str(graph.by_urn[POLICY].inputs["policy"])
    assert set(graph.outputs["u00"]) == {"bucket", "role"}


def test_preview_and_state_of_one_program_hold_the_same_resources_and_inputs():
    preview, state = read_preview(load("preview.json")), read_state(load("state.json"))

    def shape(graph):
        return {node.urn: (sorted(node.inputs), node.component, node.depends_on) for node in graph.nodes}

    assert shape(preview) == shape(state)


def test_secrets_are_secret_in_both():
    for graph in (read_preview(load("preview.json")), read_state(load("state.json"))):
        provider = graph.by_urn[f"{PROJECT}::pulumi:providers:aws::main"]
        assert (provider.inputs["accessKey"], provider.inputs["secretKey"]) == (SECRET, SECRET)


def test_a_secret_in_plain_text_is_secret_too():
    assert inputs_of(
        shown={**SECRET_SIGNATURE, "plaintext": '"hunter2"'},
        nested=[{"value": {**SECRET_SIGNATURE, "ciphertext": "v1:x:y"}}],
        hidden="[secret]",
    ) == {"shown": SECRET, "nested": [{"value": SECRET}], "hidden": SECRET}


def test_a_property_that_the_resource_declares_secret_is_secret():
    node = read_state(state_of(resource(inputs={"password": "hunter2"}, additionalSecretOutputs=["password"]))).nodes[0]
    assert node.inputs == {"password": SECRET}


def test_unknown_texts_and_literal_dollar_braces_are_told_from_references():
    assert inputs_of(arn="04da6b54-80e4-46f7-96ec-b56ff0331ba9", script="echo ${{x}}") == {
        "arn": UNKNOWN,
        "script": "echo $${{x}}",
    }


def test_what_a_provider_added_is_left_out():
    assert inputs_of(name="r-1a2b3c", size=1, rule={"__defaults": ["x"], "x": 1, "y": 2}, __defaults=["name"]) == {
        "size": 1,
        "rule": {"y": 2},
    }


def test_resources_that_wait_for_deletion_or_are_only_read_are_left_out():
    state = state_of(
        resource("a"), resource("b", delete=True), resource("c", external=True), resource("d", pendingReplacement=True)
    )
    assert [node.name for node in read_state(state).nodes] == ["a"]


def test_a_foreign_project_that_ends_like_a_layer_is_no_layer():
    urn = "urn:pulumi:dev::ml-platform::aws:s3/bucket:Bucket::r"
    graph = read_state(state_of(resource() | {"urn": urn}))
    assert (graph.blueprint, graph.nodes[0].layer) == ("ml-platform", None)


def test_a_checkpoint_without_resources_is_an_empty_graph_of_its_stack():
    checkpoint = {"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": None}}
    assert read_state(checkpoint) == ResourceGraph(nodes=(), blueprint="shop", environment="dev")


def test_a_checkpoint_holds_what_an_export_holds():
    export = load("state.json")
    checkpoint = {"version": 3, "checkpoint": {"stack": "dev", "latest": export["deployment"]}}
    assert read_state(checkpoint) == read_state(export)


def test_options_of_a_resource_are_kept():
    state = state_of(resource(protect=True, retainOnDelete=True, ignoreChanges=["tags"], deletedWith="urn:x"))
    node = read_state(state).nodes[0]
    assert (node.protect, node.retain_on_delete, node.ignore_changes, node.deleted_with) == (
        True,
        True,
        ("tags",),
        "urn:x",
    )


def test_a_preview_that_leaves_out_what_stays_is_refused():
    preview = {"steps": [{"op": "same", "newState": resource()}], "changeSummary": {"same": 3}}
    with pytest.raises(GraphError) as caught:
        read_preview(preview)
    assert caught.value.message == "the preview leaves out 2 unchanged resources"
    assert caught.value.hint == "write it with `pulumi preview --json --show-sames`"


def test_steps_of_a_replacement_count_once_and_deletions_not_at_all():
    new = resource(inputs={"size": 2})
    steps = [{"op": op, "newState": new} for op in ("create-replacement", "replace")]
    steps.append({"op": "delete", "oldState": resource("gone"), "newState": None})
    graph = read_preview({"steps": steps, "changeSummary": {"replace": 1, "delete": 1}})
    assert [(node.name, node.inputs) for node in graph.nodes] == [("r", {"size": 2})]


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_recognised_by_what_is_in_it(tmp_path, packed):
    graph = read_state(load("state.json"))
    for index, content in enumerate(
        [(FIXTURES / "state.json").read_bytes(), dumps(graph).encode(), (FIXTURES / "preview.json").read_bytes()]
    ):
        file = tmp_path / f"{index}.bin"
        file.write_bytes(gzip.compress(content) if packed else content)
    expected = [graph, graph, read_preview(load("preview.json"))]
    assert [read(tmp_path / f"{index}.bin") for index in range(3)] == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[]", "`the document` is a list; it must be a mapping"),
        (b'{"a": 1}', "the document is neither a graph, nor a preview, nor a state"),
        (b"password=hunter2", "the document is not JSON: Expecting value at line 1, column 1"),
        (b"\x1f\x8b\x08\x00oops", "the file looks compressed with gzip but is damaged or cut short"),
        (b"\x28\xb5\x2f\xfdxx", "the file is compressed with Zstandard"),
        (
            b'{"version": 1, "deployment": {}}',
            "the state has another version than `3`, which is the one that this mlinfra reads",
        ),
        (
            b'{"version": 3, "deployment": {"resources": "hunter2"}}',
            "`deployment.resources` is text; it must be a list",
        ),
        (
            b'{"version": 3, "deployment": {"resources": [{"urn": "hunter2"}]}}',
            "`deployment.resources[0].urn` is not a URN; one reads `urn:pulumi:STACK::PROJECT::TYPE::NAME`",
        ),
    ],
)
def test_anything_else_is_refused_without_repeating_it(tmp_path, content, message):
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(GraphError) as caught:
        read(file)
    assert caught.value.message == f"`{file}`: {message}"


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        read(tmp_path / "none.json")


def test_the_states_of_all_layers_in_one_file_are_one_graph(tmp_path):
    file = tmp_path / "all.json"
    layers = {name: {"project": f"shop-{name}", **state_of(resource(name))} for name in ("foundation", "workloads")}
    file.write_text(json.dumps({"mlinfra_state": 1, "layers": layers}))
    assert [node.name for node in read(file).nodes] == ["foundation", "workloads"]
    file.write_text(json.dumps({"mlinfra_state": 1, "layers": {}}))
    with pytest.raises(GraphError, match="holds the state of no layer"):
        read(file)


def test_the_order_in_which_an_apply_happened_to_end_is_not_that_of_the_graph():
    first, second = resource("first"), resource("second")
    user = resource("a-user", dependencies=[second["urn"]])
    for resources in ((first, second, user), (second, first, user), (second, user, first)):
        assert [node.name for node in read_state(state_of(*resources)).nodes] == ["first", "second", "a-user"]


def test_parents_in_a_circle_end():
    urn = "urn:pulumi:dev::shop::aws:s3/bucket:Bucket::r"
    assert read_state(state_of(resource(parent=urn))).nodes[0].component is None


def test_the_stack_itself_has_no_source():
    assert read_preview(load("preview.json")).by_urn[STACK].source is None
