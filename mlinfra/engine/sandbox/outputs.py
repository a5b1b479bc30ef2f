"""Outputs of the simulated cloud that are no text: the stand-ins of an evaluation have none, because a number cannot be traced."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


@functools.cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = files("mlinfra.engine.sandbox").joinpath("data/outputs.json").read_text("utf-8")
    table: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return table


def given(type_: str) -> Mapping[str, Any]:
    """The outputs that every new resource of a type has."""
    found: Mapping[str, Any] = _table()["given"].get(type_, {})
    return found


def counted(type_: str) -> tuple[str, ...]:
    """The outputs that every update counts up."""
    return tuple(_table()["counted"].get(type_, ()))
