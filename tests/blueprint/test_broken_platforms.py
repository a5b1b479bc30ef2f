"""Blueprints of real kinds that are wrong: everything is said at once, with its place, before or while the program is run."""

from __future__ import annotations

from pathlib import Path

import pytest
from blueprint.broken_platforms import BROKEN, HEAD, SERVING

from mlinfra.blueprint import load_text
from mlinfra.commands import main
from mlinfra.components import _registry
from mlinfra.errors import BlueprintError
from mlinfra.graph.of_blueprint import deployment_graph

ONLY_WHILE_BUILDING = {"python-args", "python-needs", "override-missing"}
"""What nobody knows before the code of a component has run."""


def built(text: str) -> None:
    deployment_graph(load_text(text, environ={}))


@pytest.mark.parametrize("case", BROKEN)
def test_everything_wrong_is_said_with_its_place(case: str) -> None:
    text, findings = BROKEN[case]

    with pytest.raises(BlueprintError) as caught:
        built(text) if case in ONLY_WHILE_BUILDING else load_text(text, environ={})

    assert [(d.code, d.line, d.column, d.message) for d in caught.value.diagnostics] == findings


def test_an_override_that_the_resource_does_not_take_is_said_with_what_it_takes() -> None:
    text = HEAD + "  lake: {kind: bucket, overrides: {lake: {forceDestroy: true}}}\n"

    with pytest.raises(BlueprintError) as caught:
        deployment_graph(load_text(text, environ={}))

    (found,) = caught.value.diagnostics
    assert (found.code, found.line, found.column) == ("refused-here", 5, 3)
    assert found.message == "`overrides` gives `lake` `forceDestroy`, which it does not take"
    assert "`force_destroy`" in str(found.hint)


def test_code_that_fails_is_said_where_the_component_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd_failing.py").write_text("def thing(name, *, context, opts):\n    raise RuntimeError('no luck')\n")
    (tmp_path / "odd_broken.py").write_text("raise OSError('no disk')\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(BlueprintError) as caught:
        deployment_graph(load_text(HEAD + "  p: {kind: python, module: odd_failing}\n", environ={}))
    assert [(d.code, d.line, d.column, d.message) for d in caught.value.diagnostics] == [
        ("component-failed", 5, 3, "`p` (kind `python`) failed: RuntimeError: no luck")
    ]
    with pytest.raises(BlueprintError) as caught:
        load_text(HEAD + "  p: {kind: python, module: odd_broken}\n", environ={})
    assert [(d.code, d.line, d.column, d.message) for d in caught.value.diagnostics] == [
        ("refused-here", 5, 29, "module `odd_broken` cannot be imported: OSError: no disk")
    ]


@pytest.mark.parametrize("question", ["requirements", "conflicts"])
def test_a_kind_that_cannot_answer_is_said_to_be_broken(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise LookupError("oh")

    monkeypatch.setattr(_registry.find("bucket").component, question, fails)

    with pytest.raises(BlueprintError) as caught:
        load_text(HEAD + "  lake: {kind: bucket}\n", environ={})

    assert [(d.code, d.line, d.column, d.message) for d in caught.value.diagnostics] == [
        ("broken-kind", 5, 3, "kind `bucket` failed: LookupError: oh")
    ]


def test_the_command_line_points_at_each_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(SERVING + "  chat: {kind: model_server, gpus: 8, model: {name: a, prefix: a/, size_gib: 1}}\n")

    assert [main([verb, str(file)]) for verb in ("validate", "plan", "cost", "graph")] == [2, 2, 2, 2]

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("a replica takes 8 GPUs, and a node of the pool has at most 1") == 4
    assert said.err.count(f"{file}:10:36") == 4
