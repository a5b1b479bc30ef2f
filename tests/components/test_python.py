"""python: code of another package, found, checked and called."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from building import DEV, made, recorded
from pydantic import ValidationError

from mlinfra.components.escape._python_code import call, load
from mlinfra.components.escape.python import Python, PythonNeeds, PythonSpec
from mlinfra.errors import UsageError

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  scratch:
    kind: python
    layer: workloads
    module: mlinfra.components.data.bucket:Bucket
    arguments: {expire_days: 7, deletion: delete}
"""

HEAD = """
import dataclasses
import pulumi, pulumi_aws as aws
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Spec
"""
TOPIC = (
    HEAD
    + """
class TopicSpec(Spec):
    title: str
@dataclasses.dataclass(frozen=True, kw_only=True)
class TopicNeeds(Needs):
    pass
@dataclasses.dataclass(frozen=True, kw_only=True)
class TopicOutputs(Outputs):
    arn: pulumi.Output[str]
class Topic(Component[TopicSpec, TopicNeeds, TopicOutputs]):
    layer = Layer.WORKLOADS
    def build(self, name, spec, needs):
        topic = aws.sns.Topic(name, display_name=spec.title, opts=self.child())
        return TopicOutputs(arn=topic.arn)
"""
)
FUNCTION = (
    HEAD
    + """
def helper(): ...
_private = helper
del helper
def topic(name, title="none", *, context, opts):
    made = aws.sns.Topic(f"{name}-topic", display_name=f"{context.environment} {title}", opts=opts)
    return {"arn": made.arn}
"""
)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Writes a module and gives its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def write(text: str) -> str:
        name = f"user_code_{len(written)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def build(**told: Any) -> Python:
    return Python("hook", PythonSpec.model_validate(told), PythonNeeds(), context=DEV)


def test_a_component_is_built_below(module: Callable[[str], str]) -> None:
    name = module(TOPIC)
    seen: list[Any] = []

    def program() -> None:
        build(module=name, arguments={"title": "drift"}).outputs.values.apply(seen.append)

    children = recorded(program).inputs
    assert set(children) == {"hook"}
    assert children["hook"]["displayName"] == "drift"
    assert children["hook"]["tags"] == DEV.tags
    assert seen == [{"arn": "arn:sns:topic:hook"}]


def test_a_function_is_called_with_the_place_and_the_arguments(module: Callable[[str], str]) -> None:
    name = module(FUNCTION)
    assert made(lambda: build(module=name, arguments={"title": "drift"})) == {
        "hook-topic": {"displayName": "dev drift"}
    }
    assert made(lambda: build(module=f"{name}:topic")) == {"hook-topic": {"displayName": "dev none"}}


def test_a_component_is_meant_where_functions_stand_beside_it(module: Callable[[str], str]) -> None:
    name = module(TOPIC + "\ndef helper(): ...\n")
    assert getattr(load(name), "__name__", "") == "Topic"
    assert getattr(load(f"{name}:helper"), "__name__", "") == "helper"


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        ("x = 1", "", "holds 0 Components or functions"),
        ("def a(): ...\ndef b(): ...", "", "holds 2 Components or functions"),
        ("def a(): ...", ":b", "has no Component or function `b`"),
        ("from os.path import join", "", "holds 0 Components or functions"),
        ("import no_such_thing_at_all", "", "needs the module `no_such_thing_at_all`"),
    ],
)
def test_refuses_modules(module: Callable[[str], str], text: str, wanted: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(module(text) + wanted)


@pytest.mark.parametrize("path", ["no_such_package", "no_such_package.inside", "mlinfra.no_such_module"])
def test_refuses_what_is_not_installed(path: str) -> None:
    with pytest.raises(UsageError, match=f"there is no module `{path}`"):
        load(path)


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (FUNCTION, {"tilte": "x"}, "cannot be called with these arguments"),
        ("def f(name, *, context, opts): return 3", {}, "`f` returned int"),
        (TOPIC, {"tilte": "x"}, "`title`: Field required; `tilte`: Extra inputs"),
        (TOPIC.replace("    pass", "    other: Outputs"), {}, "needs other"),
    ],
)
def test_refuses_arguments(module: Callable[[str], str], text: str, arguments: dict[str, Any], message: str) -> None:
    code = load(module(text))
    with pytest.raises(UsageError, match=message):
        call(code, "hook", arguments, context=DEV, opts=None)  # type: ignore[arg-type]  # refused before it is used


def test_a_function_may_return_nothing(module: Callable[[str], str]) -> None:
    code = load(module("def f(name, *, context, opts): return None"))
    assert call(code, "hook", {}, context=DEV, opts=None) == {}  # type: ignore[arg-type]  # the function ignores it


@pytest.mark.parametrize("path", ["", "my pkg", "a..b", "a:b:c", "os;system"])
def test_refuses_names(path: str) -> None:
    with pytest.raises(ValidationError):
        PythonSpec.model_validate({"module": path})
