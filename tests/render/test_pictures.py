"""Graphs as Mermaid and DOT."""

from __future__ import annotations

from render.estimates import GRAPH, KEY, LAKE

from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.render.pictures import dot, mermaid


def test_components() -> None:
    assert mermaid(GRAPH) == 'flowchart LR\n  c0["key: encryption_key"]\n  c1["lake: bucket"]\n  c1 --> c0'
    assert dot(GRAPH) == (
        'digraph "shop" {\n  rankdir=LR;\n  node [shape=box];\n'
        '  "key" [label="key: encryption_key"];\n  "lake" [label="lake: bucket"];\n  "lake" -> "key";\n}'
    )


def test_resources() -> None:
    assert mermaid(GRAPH, resources=True) == (
        'flowchart LR\n  subgraph c0["key"]\n    n0["key: kms key"]\n  end\n'
        '  subgraph c1["lake"]\n    n1["lake: s3 bucket"]\n  end\n  n1 --> n0'
    )
    assert f'  "{LAKE}" -> "{KEY}";' in dot(GRAPH, resources=True).splitlines()


def test_a_program_without_components_is_drawn_by_its_resources() -> None:
    node = ResourceNode(urn=LAKE, type="aws:s3/bucket:Bucket", name='a"b<c>')
    graph = ResourceGraph(nodes=(node,), blueprint="", environment="dev")
    assert mermaid(graph) == 'flowchart LR\n  c0["a&quot;b&lt;c&gt;: s3 bucket"]'
    assert dot(graph).splitlines()[3] == '  "a\\"b<c>" [label="a\\"b<c>: s3 bucket"];'
