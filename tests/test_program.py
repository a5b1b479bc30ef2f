"""program: bindings, things that exist already, late grants, overrides, and the template that runs a layer by itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mlinfra.blueprint import load_text
from mlinfra.components._context import Layer
from mlinfra.errors import MlinfraError
from mlinfra.graph.evaluate import evaluate, evaluate_directory
from mlinfra.graph.of_blueprint import blueprint_graph, deployment_graph
from mlinfra.program import layer_program

ROOT = Path(__file__).parent.parent
HEAD = "mlinfra: 1\nname: shop\nenvironments: {dev: {region: eu-west-1}}\ncomponents:\n"


def test_what_exists_is_wired_and_not_created() -> None:
    arn = "arn:aws:kms:eu-west-1:111111111111:key/k"
    text = HEAD + f"  key: {{kind: encryption_key, existing: {{arn: '{arn}'}}}}\n  files: {{kind: bucket}}\n"
    graph = deployment_graph(load_text(text))
    assert "aws:kms/key:Key" not in {node.type for node in graph.nodes}
    (encryption,) = [node for node in graph.nodes if node.name == "files-encryption"]
    assert arn in json.dumps(encryption.inputs["rules"])
    assert graph.outputs["key"] == {"arn": arn}


def test_overrides_reach_the_child_that_they_name() -> None:
    text = HEAD + "  files: {kind: bucket, overrides: {files: {force_destroy: false}}}\n"
    graph = deployment_graph(load_text(text))
    assert {node.inputs["forceDestroy"] for node in graph.nodes if node.name == "files" and node.custom} == {False}


def test_overrides_of_a_child_that_there_is_not_are_an_error() -> None:
    text = HEAD + "  files: {kind: bucket, overrides: {file: {force_destroy: false}}}\n"
    with pytest.raises(MlinfraError, match="`file`"):
        deployment_graph(load_text(text))


def test_tags_are_those_of_the_environment_and_the_component() -> None:
    text = (
        HEAD.replace("components:", "owner: ml\ncost_center: '4711'\ncomponents:")
        + "  files: {kind: bucket, tags: {team: a}}\n"
    )
    graph = deployment_graph(load_text(text))
    (bucket,) = [node for node in graph.nodes if node.type == "aws:s3/bucket:Bucket"]
    assert bucket.inputs["tags"] == {
        "cost-center": "4711",
        "mlinfra:blueprint": "shop",
        "mlinfra:component": "files",
        "mlinfra:environment": "dev",
        "owner": "ml",
        "team": "a",
    }


def test_the_template_runs_a_layer_with_the_same_urns(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    shutil.copytree(ROOT / "blueprints", tmp_path / "blueprints")
    alone = evaluate_directory(tmp_path / "stacks" / "blueprint", account="111111111111", region="eu-west-1")
    whole = blueprint_graph(tmp_path / "blueprints" / "minimal.yaml", environment="dev", environ={}, cache=False)
    assert {node.urn for node in alone.nodes} == {node.urn for node in whole.nodes if node.layer == "foundation"}


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:5000"])
def test_another_server_than_aws_has_no_host_name_for_each_bucket(endpoint: str | None) -> None:
    text = "mlinfra: 1\nname: d\nenvironments: {dev: {region: eu-west-1}}\ncomponents: {b: {kind: bucket}}\n"
    deployment = load_text(text.replace("name: d", "name: demo"))

    graph = evaluate(
        layer_program(deployment, Layer.FOUNDATION, endpoint=endpoint),
        project="demo-foundation",
        account="123456789012",
        region="eu-west-1",
    )

    (provider,) = [node for node in graph.nodes if node.type == "pulumi:providers:aws"]
    assert provider.inputs.get("s3UsePathStyle") == (None if endpoint is None else "true")
