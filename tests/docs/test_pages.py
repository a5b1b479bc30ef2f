"""Everything in README and pages that can be executed works."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from docs.pages import PAGES, README, ROOT, Block, blocks
from docs.readme import commands, renewed, workplace

from mlinfra.blueprint import environments, load
from mlinfra.blueprint.model import Deployment
from mlinfra.commands import _group
from mlinfra.commands._kinds import kind
from mlinfra.cost.estimate import estimate
from mlinfra.engine.installed import candidates
from mlinfra.graph.of_blueprint import deployment_graph


@pytest.mark.parametrize("block", list(blocks("yaml")), ids=str)
def test_a_blueprint_on_a_page_is_checked_evaluated_and_priced(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "page.yaml"
    file.write_text(block.text, "utf-8")
    names = environments(file)
    assert names
    for name in names:
        deployment = load(file, environment=name, environ={})
        assert isinstance(deployment, Deployment)
        graph = deployment_graph(deployment)
        assert {part.name for part in estimate(graph).components} >= {
            component.name for component in deployment if component.existing is None
        }


def test_languages_of_blocks_are_those_that_something_checks() -> None:
    known = {"yaml", "yaml fragment", "yaml wrong", "console", "console engine", "python", "json", ""}
    text = {page: page.read_text("utf-8") for page in PAGES}
    found = {(page.name, match[1]) for page in PAGES for match in re.finditer(r"(?m)^```(.+)$", text[page])}
    assert {pair for pair in found if pair[1] not in known} == set()


@pytest.mark.parametrize("block", list(blocks("python", pages=(README,))), ids=str)
def test_python_in_the_readme_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("MLINFRA_SANDBOX", raising=False)
    exec(compile(block.text, str(block), "exec"), {"__name__": "readme"})  # noqa: S102  # our own page


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if re.search(r"^```(console|yaml wrong)$", page.read_text("utf-8"), re.MULTILINE)],
    ids=lambda page: page.stem,
)
def test_a_page_shows_what_its_commands_write(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    assert renewed(text, workplace(tmp_path), engine=False) == text, "`make readme` renews the outputs"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```console engine" in page.read_text("utf-8")], ids=lambda page: page.stem
)
@pytest.mark.skipif(not candidates(os.environ), reason="there is no Pulumi CLI; `mlinfra engine install` gets one")
def test_a_page_shows_what_the_engine_does(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    assert renewed(text, workplace(tmp_path), engine=True) == text, "`make readme` renews the outputs"


@pytest.mark.parametrize("block", list(blocks("yaml fragment")), ids=str)
def test_a_fragment_is_yaml(block: Block) -> None:
    assert isinstance(yaml.safe_load(block.text), dict | list)


def test_the_readme_has_commands() -> None:
    assert {command.partition(" ")[0] for command in commands(README.read_text("utf-8"))} == {"make", "mlinfra"}


def test_every_verb_is_documented() -> None:
    page = (ROOT / "mlinfra" / "docs" / "commands.md").read_text("utf-8")
    assert [verb for verb in _group.files() if f"`mlinfra {verb}" not in page] == []


SECTIONS = [  # in this order; a page has those that it needs, and others of its own
    "Smallest example",
    "A realistic example",
    "Fields",
    "Outputs",
    "What it creates",
    "Data and reach",
    "What it costs",
    "What it does not do",
    "Pitfalls",
]


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "kinds"], ids=lambda page: page.stem)
def test_the_page_of_a_kind_answers_what_everybody_asks(page: Path) -> None:
    text = page.read_text("utf-8")
    found = re.findall(r"(?m)^## (.+)$", text)
    assert [section for section in found if section in SECTIONS] == [
        section for section in SECTIONS if section in found
    ]
    if any(field.path == "deletion" for field in kind(page.stem).fields):
        assert "Data and reach" in found, "a kind that keeps data says what becomes of them"
    if "Data and reach" in found:
        told = text.partition("## Data and reach\n")[2].partition("\n## ")[0]
        assert re.findall(r"(?m)^- \*\*(.+?):\*\* \S.{15,}\.$", told) == ["Destroy", "Who reaches it"]


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
    found = [(page, target) for page in PAGES for target in link.findall(page.read_text("utf-8"))]
    assert [
        f"{page.relative_to(ROOT)}: {target}" for page, target in found if not (page.parent / target).exists()
    ] == []


def test_the_changelog_has_this_version() -> None:
    from mlinfra import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
