"""A model against a file: texts with a form and numbers of entries, wherever they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import pytest
from pydantic import Field

from mlinfra.blueprint.checking import check
from mlinfra.blueprint.problems import Problems
from mlinfra.blueprint.source import parse
from mlinfra.components._spec import Ref, Spec

Plain = Annotated[str, Field(pattern="^[a-z]+$")]
Zone = Annotated[str, Field(pattern="^z[0-9]$", examples=["z1", "z2"])]
Name = Annotated[str, Field(pattern="^n-", max_length=5, examples=["n-one"])]


class Inner(Spec):
    zone: Zone | None = None
    other: str = Field(default="x", pattern="^x", examples=["xyz"])


class Outer(Spec):
    plain: Plain = "a"
    zone: Zone = "z1"
    link: Ref[Zone] = "z1"
    several: int | tuple[Zone, ...] = Field(default=1)
    by_name: Mapping[Name, Zone] = {}
    inner: Inner | bool = True
    inners: Mapping[str, Inner | None] = {}
    listed: tuple[Inner, ...] = ()
    few: tuple[Zone, ...] = Field(default=("z1", "z2"), min_length=2, max_length=3)
    short: str = Field(default="xx", min_length=2, max_length=3)
    some: str = Field(default="x", min_length=1)


LOOKS = "looks like `z1` or `z2`, not"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain: A", ["`plain` has the form `^[a-z]+$`, not `A`"]),
        ("zone: A", [f"`zone` {LOOKS} `A`"]),
        ("link: A", [f"`link` {LOOKS} `A`"]),
        ("several: [z1, A]", [f"`several` {LOOKS} `A`"]),
        ("by_name: {n-a: A}", [f"`n-a` {LOOKS} `A`"]),
        ("by_name: {a: z1}", ["`a` is not a name here: a name looks like `n-one`"]),
        ("by_name: {n-abcd: z1}", ["`n-abcd` is not a name here: a name has at most 5 characters, and this has 6"]),
        ("inner: {zone: A}", [f"`zone` {LOOKS} `A`"]),
        ("inner: {other: A}", ["`other` looks like `xyz`, not `A`"]),
        ("inners: {zone: {other: A}}", ["`other` looks like `xyz`, not `A`"]),
        ("inners: {other: {zone: A}}", [f"`zone` {LOOKS} `A`"]),
        ("listed: [{}, {zone: A}]", [f"`zone` {LOOKS} `A`"]),
        ("few: []", ["`few` has at least 2 entries, and this has none"]),
        ("few: [z1]", ["`few` has at least 2 entries, and this has one"]),
        ("few: [z1, A]", [f"`few` {LOOKS} `A`"]),
        ("few: [A]", ["`few` has at least 2 entries, and this has one", f"`few` {LOOKS} `A`"]),
        ("few: [z1, z2, z3, z4]", ["`few` has at most 3 entries, and this has 4"]),
        ("short: x", ["`short` has at least 2 characters, and this has one"]),
        ("short: xxxx", ["`short` has at most 3 characters, and this has 4"]),
        ("some: ''", ["`some` has at least one character, and this has none"]),
    ],
)
def test_it_says_what_a_right_value_looks_like(text: str, said: list[str]) -> None:
    problems = Problems()

    made = check(Outer, parse(text), (), problems)

    assert (made, [d.message for d in problems.of("error")]) == (None, said)
