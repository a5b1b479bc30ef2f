"""Laws over every kind."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

import pytest
import yaml
from contract.full_blueprints import full_blueprints

from mlinfra.blueprint import load_text
from mlinfra.catalogue import KindEntry
from mlinfra.commands._catalogue import kind_entry
from mlinfra.commands._kinds import shipped
from mlinfra.components._registry import RESERVED, files, find
from mlinfra.components._tags import OTHER_SHAPES
from mlinfra.graph.model import LAYERS, ResourceGraph
from mlinfra.graph.of_blueprint import deployment_graph

KINDS = tuple(files())
DOCS = Path(__file__).parent.parent.parent / "mlinfra" / "docs" / "kinds"


@cache
def entry(kind: str) -> KindEntry:
    return kind_entry(find(kind))


@cache
def graph(kind: str) -> ResourceGraph:
    """Of the last environment: the protected one, where there are two."""
    text = full_blueprints()[kind]
    return deployment_graph(load_text(text, environment=last_environment(text), environ={}))


def last_environment(text: str) -> str:
    return list(yaml.safe_load(text)["environments"])[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_is(kind: str) -> None:
    found = find(kind)
    classes = (found.component, found.spec, found.needs, found.outputs)
    assert found.summary
    assert [cls.__name__ for cls in classes if not (inspect.getdoc(cls) or "").strip()] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_happens_when_it_is_left_out(kind: str) -> None:
    silent = [f.path for f in entry(kind).fields if not f.kinds and not f.required and "Left out:" not in f.text]
    undocumented = [f.path for f in entry(kind).fields if not f.text]
    assert (silent, undocumented) == ([], [])


@pytest.mark.parametrize("kind", KINDS)
def test_its_fields_are_told_apart_and_none_is_reserved(kind: str) -> None:
    found = find(kind)
    own, needs = set(found.spec.model_fields) - {"expected"}, set(found.need_fields)
    assert (own & needs, (own | needs) & RESERVED) == (set(), set())


@pytest.mark.parametrize("kind", KINDS)
def test_its_needs_can_be_filled_by_kinds_of_its_own_or_an_earlier_layer(kind: str) -> None:
    order = {name: place for place, name in enumerate(LAYERS)}
    own = entry(kind).layer
    for field in (f for f in entry(kind).fields if f.kinds):
        if own in order:
            assert min(order.get(entry(other).layer, 0) for other in field.kinds) <= order[own], field.path


def test_the_needs_of_kinds_make_no_circle() -> None:
    waiting = {kind: {other for f in entry(kind).fields for other in f.kinds} - {kind} for kind in KINDS}
    while free := {kind for kind, needs in waiting.items() if not needs & set(waiting)}:
        waiting = {kind: needs for kind, needs in waiting.items() if kind not in free}
    assert waiting == {}


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_a_page_with_both_tables_and_a_test_with_a_full_blueprint(kind: str) -> None:
    text = (DOCS / f"{kind}.md").read_text("utf-8")
    assert text.startswith(f"# {kind}\n")
    assert [mark for mark in ("\n<!-- fields -->\n", "\n<!-- outputs -->\n") if text.count(mark) != 1] == []
    assert kind in full_blueprints()


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_can_carry_tags_carries_them(kind: str) -> None:
    missing = []
    for node in graph(kind).resources:
        if node.component is None or not node.type.startswith("aws:") or not _takes_tags(node.type):
            continue
        tags = node.inputs.get("tags")
        keys = {item["key"] for item in tags} if isinstance(tags, list) else set(tags or ())
        if not {"mlinfra:blueprint", "mlinfra:environment", "mlinfra:component"} <= keys:
            missing.append(node.name)
    assert missing == []


@pytest.mark.parametrize("kind", KINDS)
def test_its_full_blueprint_uses_it(kind: str) -> None:
    assert kind in {node.kind for node in graph(kind).nodes}


@pytest.mark.parametrize("kind", KINDS)
def test_evaluating_it_twice_gives_the_same_graph(kind: str) -> None:
    from mlinfra.graph.document import dumps

    graph.cache_clear()
    first = dumps(graph(kind))
    graph.cache_clear()
    assert dumps(graph(kind)) == first


def test_pages_are_about_kinds_that_there_are() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == set(KINDS) == set(shipped())


def _takes_tags(type_: str) -> bool:
    """Whether the provider's class has a ``tags`` argument, looked up apart from the code that adds them."""
    import importlib

    _, module, name = type_.split(":")
    service = importlib.import_module(f"pulumi_aws.{module.partition('/')[0].lower()}")
    cls = getattr(service, name, None)
    return type_ in OTHER_SHAPES or (cls is not None and "tags" in inspect.signature(cls._internal_init).parameters)
