from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml
from blueprint.made_up import KINDS
from hypothesis import given, settings
from hypothesis import strategies as st

from mlinfra.blueprint import load_text
from mlinfra.blueprint.schema import environment_schema, schema
from mlinfra.errors import BlueprintError

SCHEMA = schema(kinds=KINDS)
CHECK = jsonschema.Draft202012Validator(SCHEMA)
BASE: dict[str, Any] = {"mlinfra": 1, "name": "demo", "environments": {"dev": {"region": "eu-west-1"}}}


def both(component: dict[str, Any], **others: dict[str, Any]) -> tuple[bool, bool]:
    """What the schema and what the models say of a blueprint."""
    document = {**BASE, "components": {"a": component, **others}}
    try:
        load_text(yaml.safe_dump(document, sort_keys=False), kinds=KINDS)
    except BlueprintError:
        return CHECK.is_valid(document), False
    return CHECK.is_valid(document), True


@pytest.mark.parametrize("layer", ["foundation", "cluster", "platform", "workloads"])
def test_schema_and_models_agree_on_the_layers_of_escape_hatches(layer: str) -> None:
    document = {
        **BASE,
        "components": {"a": {"kind": "python", "module": "mlinfra.components.data.bucket", "layer": layer}},
    }
    try:
        load_text(yaml.safe_dump(document, sort_keys=False))
        good = True
    except BlueprintError:
        good = False
    assert jsonschema.Draft202012Validator(schema(["python"])).is_valid(document) is good


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(environment_schema())


@pytest.mark.parametrize(
    ("component", "good"),
    [
        ({"kind": "net"}, True),
        ({"kind": "net", "zones": 2, "nat": None, "description": "x", "tags": {"a": "b"}}, True),
        ({"kind": "net", "zones": 7}, False),
        ({"kind": "net", "zones": "2"}, False),
        ({"kind": "net", "zoens": 2}, False),
        ({"kind": "nett"}, False),
        ({"kind": "net", "access": {"b": "read"}}, False),
        ({"kind": "net", "layer": "cluster"}, False),
        ({"kind": "net", "existing": {"vpc_id": "v", "subnet_ids": ["a"]}}, True),
        ({"kind": "net", "existing": {"vpc_id": "v"}}, False),
        ({"kind": "net", "zones": 2, "existing": {"vpc_id": "v", "subnet_ids": ["a"]}}, False),
        ({"kind": "store", "groups": {"t": {"record_id": "id", "features": {"a": "string"}}}}, True),
        ({"kind": "store", "groups": {}, "expected": 5}, True),
        ({"kind": "store", "groups": {}, "expected": {"min": 1, "expected": 2, "max": 3}}, True),
        ({"kind": "store", "groups": {"t": {"record_id": "id", "features": {}}}}, False),
        ({"kind": "store"}, False),
        ({"kind": "job", "input": "${b.vpc_id}", "environment": {"A": "x ${b.vpc_id}"}}, True),
        ({"kind": "job", "steps": "3"}, False),
        ({"kind": "bucket", "expire_days": 3, "expected": {"put_requests": 7}}, True),
    ],
)
def test_schema_and_models_agree(component: dict[str, Any], good: bool) -> None:
    assert both(component, b={"kind": "net"}) == (good, good)


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.sampled_from(["raw", "single", "2", "yes", ""]))
VALUE = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
    max_leaves=4,
)
FIELDS = [
    "zones",
    "nat",
    "groups",
    "online",
    "size",
    "image",
    "environment",
    "expire_days",
    "version",
    "existing",
    "zoens",
]


@settings(max_examples=150)
@given(
    st.sampled_from(["net", "store", "job", "bucket"]),
    st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=3),
)
def test_schema_and_models_never_disagree(kind: str, fields: dict[str, Any]) -> None:
    by_schema, by_models = both({"kind": kind, **fields})

    assert by_schema == by_models


def test_presets_show_both_values() -> None:
    nat = SCHEMA["$defs"]["kind.net"]["else"]["properties"]["nat"]

    assert nat["description"].endswith("Protected: `per_zone`; elsewhere: `single`.")
