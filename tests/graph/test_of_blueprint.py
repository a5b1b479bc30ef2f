"""A blueprint's graph: layers in order, the same in every process, stored while nothing changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlinfra.errors import BlueprintError
from mlinfra.graph.document import dumps
from mlinfra.graph.model import ResourceGraph, references_in
from mlinfra.graph.of_blueprint import blueprint_graph

TEXT = """
mlinfra: 1
name: shop
owner: ml
environments: {dev: {region: eu-west-1}, prod: {region: eu-west-1, protected: true}}
components:
  main: {kind: network}
  key: {kind: encryption_key}
  files: {kind: bucket, expected: {stored_gib: 7}}
  cluster: {kind: eks_cluster}
"""


@pytest.fixture
def blueprint(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(TEXT, "utf-8")
    return path


def graph_of(path: Path, environment: str = "dev") -> ResourceGraph:
    return blueprint_graph(path, environment=environment, environ={}, cache=False)


def test_each_layer_is_a_stack_and_later_ones_refer_to_earlier_ones(blueprint: Path) -> None:
    graph = graph_of(blueprint)
    assert list(dict.fromkeys(node.layer for node in graph.nodes)) == ["foundation", "cluster"]
    cluster = next(node for node in graph.nodes if node.type == "aws:eks/cluster:Cluster")
    used = {reference.urn.split("::")[1] for reference in references_in(dict(cluster.inputs))}
    assert used == {"shop-foundation", "shop-cluster"}
    assert all(reference.urn in graph.by_urn for node in graph.nodes for reference in node.references())


def test_nodes_know_their_component_and_its_line(blueprint: Path) -> None:
    (bucket,) = [node for node in graph_of(blueprint).nodes if node.type == "aws:s3/bucket:Bucket"]
    assert (bucket.component, bucket.kind) == ("files", "bucket")
    assert bucket.source is not None
    assert (Path(bucket.source.file).name, bucket.source.line) == ("shop.yaml", 9)
    assert {key: str(amount.expected) for key, amount in bucket.usage.items()}["stored_gib"] == "7"


def test_a_protected_environment_keeps_data(blueprint: Path) -> None:
    blueprint.write_text(TEXT.replace("  cluster: {kind: eks_cluster}\n", ""), "utf-8")
    for environment, kept in (("dev", False), ("prod", True)):
        buckets = [n for n in graph_of(blueprint, environment).nodes if n.type == "aws:s3/bucket:Bucket"]
        assert {(node.protect, node.retain_on_delete) for node in buckets} == {(kept, kept)}


def test_parents_come_before_their_children(blueprint: Path) -> None:
    seen: set[str] = set()
    for node in graph_of(blueprint).nodes:
        assert node.parent is None or node.parent in seen
        seen.add(node.urn)


def test_the_same_bytes_in_every_process(blueprint: Path) -> None:
    program = (
        "import sys; from mlinfra.graph.of_blueprint import blueprint_graph; from mlinfra.graph.document import dumps;"
        "sys.stdout.write(dumps(blueprint_graph(sys.argv[1], environment='dev', environ={}, cache=False)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, str(blueprint)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {dumps(graph_of(blueprint)).encode()}


def test_a_stored_graph_is_used_until_something_changes(blueprint: Path, tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    def stored() -> list[Path]:
        return sorted((tmp_path / "cache").rglob("*.json"))

    first = blueprint_graph(blueprint, environment="dev", environ=environ)
    (entry,) = stored()
    assert blueprint_graph(blueprint, environment="dev", environ=environ) == first
    entry.write_text(entry.read_text("utf-8").replace('"shop"', '"from-the-store"'), "utf-8")
    assert blueprint_graph(blueprint, environment="dev", environ=environ).blueprint == "from-the-store"
    assert blueprint_graph(blueprint, environment="dev", environ=environ, cache=False) == first
    blueprint_graph(blueprint, environment="dev", environ=environ, sets=("components.files.noncurrent_days=9",))
    blueprint.write_text(TEXT.replace("noncurrent_days", "x") + "  more: {kind: bucket}\n", "utf-8")
    more = blueprint_graph(blueprint, environment="dev", environ=environ)
    assert (more.blueprint, len(stored())) == ("shop", 3)
    assert any(node.component == "more" for node in more.nodes)


def test_a_store_that_cannot_be_used_is_no_store(blueprint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    environ = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    assert blueprint_graph(blueprint, environment="dev", environ=environ).blueprint == "shop"


def test_a_broken_entry_is_no_entry(blueprint: Path, tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = blueprint_graph(blueprint, environment="dev", environ=environ)
    (entry,) = (tmp_path / "cache").rglob("*.json")
    entry.write_text('{"files": {}, "graph": {"mlinfra_graph": 1}}', "utf-8")
    assert blueprint_graph(blueprint, environment="dev", environ=environ) == first


def test_a_broken_blueprint_is_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(TEXT.replace("kind: bucket", "kind: buckte"), "utf-8")
    with pytest.raises(BlueprintError):
        blueprint_graph(path, environment="dev", environ={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert not list(tmp_path.rglob("*.json"))
