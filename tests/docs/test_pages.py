"""Everything in README and pages that can be executed works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.pages import PAGES, README, ROOT, Block, blocks
from docs.readme import commands, renewed, workplace

from mlinfra.blueprint import environments, load
from mlinfra.blueprint.model import Deployment
from mlinfra.commands import _group
from mlinfra.cost.estimate import estimate
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
    known = {"yaml", "yaml fragment", "console", "python", "json", ""}
    text = {page: page.read_text("utf-8") for page in PAGES}
    found = {(page.name, match[1]) for page in PAGES for match in re.finditer(r"(?m)^```(.+)$", text[page])}
    assert {pair for pair in found if pair[1] not in known} == set()


@pytest.mark.parametrize("block", list(blocks("python", pages=(README,))), ids=str)
def test_python_in_the_readme_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    exec(compile(block.text, str(block), "exec"), {"__name__": "readme"})  # noqa: S102  # our own page


def test_the_readme_shows_what_its_commands_write(tmp_path: Path) -> None:
    text = README.read_text("utf-8")
    assert renewed(text, workplace(tmp_path)) == text, "`make readme` renews the outputs"


def test_the_readme_has_commands() -> None:
    assert {command.partition(" ")[0] for command in commands(README.read_text("utf-8"))} == {"make", "mlinfra"}


def test_every_verb_is_documented() -> None:
    page = (ROOT / "mlinfra" / "docs" / "commands.md").read_text("utf-8")
    assert [verb for verb in _group.files() if f"`mlinfra {verb}" not in page] == []


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
    found = [(page, target) for page in PAGES for target in link.findall(page.read_text("utf-8"))]
    assert [
        f"{page.relative_to(ROOT)}: {target}" for page, target in found if not (page.parent / target).exists()
    ] == []


def test_the_changelog_has_this_version() -> None:
    from mlinfra import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
