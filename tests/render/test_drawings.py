"""Drawings: boxes that do not touch, lines around them, columns by layer; well-formed, alone, the same each time."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from render.estimates import GRAPH

from mlinfra.blueprint import load
from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.graph.of_blueprint import deployment_graph
from mlinfra.render.drawings import html, svg
from mlinfra.render.layout import BOX_HEIGHT, COLUMN_GAP, layout
from mlinfra.render.pictures import component_edges, component_kinds

BLUEPRINTS = Path(__file__).parent.parent.parent / "blueprints"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def platform() -> ResourceGraph:
    return deployment_graph(load(BLUEPRINTS / "llm-serving.yaml", environment="prod", environ={}))


def test_a_user_stands_right_of_what_it_uses() -> None:
    made = layout({"a": 100, "b": 60}, [("b", "a")], {"a": 0, "b": 0})
    assert made.boxes == {"a": (0, 10, 100), "b": (100 + COLUMN_GAP, 10, 60)}
    assert made.lines == {("b", "a"): ((164, 32), (100, 32))}
    assert (made.width, made.height, made.column_of) == (224, 64, {"a": 0, "b": 1})


def test_groups_never_share_a_column_and_circles_end() -> None:
    names = ["late", "early", "other"]
    edges = [("early", "late"), ("late", "early"), ("other", "early"), ("early", "other")]
    made = layout(dict.fromkeys(names, 50.0), edges, {"late": 1, "early": 0, "other": 0})
    assert sorted(made.column_of.values()) == [0, 1, 2]
    assert made.column_of["late"] == 2
    assert set(made.lines) == set(edges)


def test_nothing_is_a_layout_too() -> None:
    made = layout({}, [], {})
    assert (made.boxes, made.lines, made.width, made.height) == ({}, {}, 0, 0)


def test_boxes_do_not_touch_and_no_line_crosses_one(platform: ResourceGraph) -> None:
    names = list(component_kinds(platform))
    made = layout({name: 90.0 + len(name) for name in names}, component_edges(platform), dict.fromkeys(names, 0))
    for (x1, y1, w1), (x2, y2, w2) in itertools.combinations(made.boxes.values(), 2):
        assert x1 + w1 < x2 or x2 + w2 < x1 or y1 + BOX_HEIGHT < y2 or y2 + BOX_HEIGHT < y1
    for edge, points in made.lines.items():
        # Inside of the columns between, a line is level: there it could meet a box.
        for (x1, y1), (x2, y2) in _pairs(points):
            assert y1 == y2
            for name, (x, y, wide) in made.boxes.items():
                inside = min(x1, x2) < x + wide and x < max(x1, x2) and y <= y1 <= y + BOX_HEIGHT
                assert not inside, f"{edge} runs through {name}"


def _pairs(points: tuple[tuple[float, float], ...]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return [(points[index], points[index + 1]) for index in range(1, len(points) - 2, 2)]


def test_the_drawing_has_every_component_its_layer_and_every_line(platform: ResourceGraph) -> None:
    drawn = ET.fromstring(svg(platform))  # noqa: S314  # our own
    texts = [element.text for element in drawn.iter(f"{SVG}text")]
    kinds = component_kinds(platform)
    assert texts == ["foundation", "cluster", "platform", "workloads", *itertools.chain(*kinds.items())]
    assert len(drawn.findall(f".//{SVG}path")) == len(component_edges(platform)) + 1  # and the arrow's head
    assert ("gpu_operator", "cluster") in component_edges(platform)
    assert svg(platform) == svg(platform)


def test_resources_can_be_drawn(platform: ResourceGraph) -> None:
    drawn = ET.fromstring(svg(platform, resources=True))  # noqa: S314  # our own
    assert len(drawn.findall(f".//{SVG}rect")) == len(list(platform.resources)) + 1


def test_names_are_escaped_and_nothing_is_loaded() -> None:
    node = ResourceNode(urn="u", type="aws:s3/bucket:Bucket", name="<script>&", component="<b>", kind='"k"')
    graph = ResourceGraph(nodes=(node,), blueprint="<x>", environment="dev", region="eu-west-1")
    page = html(graph)
    assert "<script>" not in page
    assert "<li><code>&lt;script&gt;&amp;</code> s3 bucket</li>" in page
    assert re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!#)", page) == []


def test_the_page_names_components_and_their_resources() -> None:
    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []

        def handle_data(self, data: str) -> None:
            self.found += [data.strip()] if data.strip() else []

    words = Words()
    words.feed(html(GRAPH).partition("<h2>")[2])
    assert words.found == [
        "Resources",
        "key",
        "encryption_key, 1 resource",
        "key",
        "kms key",
        "lake",
        "bucket, 1 resource",
        "lake",
        "s3 bucket",
    ]
