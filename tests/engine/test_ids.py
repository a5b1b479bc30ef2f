"""Ids that follow from inputs, held against what the installed SDK says of importing each resource."""

from __future__ import annotations

import csv
import importlib
import inspect
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(__file__).parents[2] / "mlinfra" / "engine" / "data" / "ids.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))

FIELD = r"[^:/#,]+"
"""A part of an id: anything but what separates parts."""
WHOLE = r"https?://\S+|arn:aws[\w:/-]*|alias/[\w-]+|[\d.]+/\d+"
"""What is one part although it holds such characters: addresses, ARNs, names of keys, address ranges."""


def resource_class(type_: str) -> Any:
    _, module, name = type_.split(":")
    return getattr(importlib.import_module(f"pulumi_aws.{module.split('/')[0]}"), name)


@pytest.mark.parametrize("row", ROWS, ids=[row["type"] for row in ROWS])
def test_an_id_has_the_form_that_the_sdk_imports(row: Mapping[str, str]) -> None:
    documents = [each.__doc__ or "" for each in typing.get_overloads(resource_class(row["type"]).__init__)]
    examples = re.findall(rf"\$ pulumi import {re.escape(row['type'])} \S+ (\S+)", "\n".join(documents))
    form = re.sub(r"\{\w+\}|[a-z]+", lambda _: FIELD, row["id"])
    assert [one for one in examples if re.fullmatch(form, re.sub(WHOLE, "value", one))] != []


@pytest.mark.parametrize("row", ROWS, ids=[row["type"] for row in ROWS])
def test_the_parts_of_an_id_are_inputs(row: Mapping[str, str]) -> None:
    inputs = inspect.signature(resource_class(row["type"])._internal_init).parameters
    fields = set(re.findall(r"\{(\w+)\}", row["id"])) - {"account"}
    assert {re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", field) for field in fields} - {*inputs} == set()


def test_every_row_is_there_once_and_says_where_from() -> None:
    types = [row["type"] for row in ROWS]
    assert types == sorted(set(types))
    assert [row["type"] for row in ROWS if not (row["source"] and re.fullmatch(r"\d{4}-\d\d-\d\d", row["as_of"]))] == []
