"""``mlinfra ci``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import emit, note
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.render.pipeline import Pipeline

EXAMPLE = "mlinfra ci github minimal.yaml --repository acme/platform"
REMOTE = re.compile(
    r'\[remote "origin"\][^\[]*?\burl\s*=\s*(?:\w+://)?(?:[^@/\s]+@)?(?P<host>[^/:\s]+)(?::\d+/|[:/])(?P<path>\S+)'
)
HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}


def run(
    platform: Annotated[Literal["github", "gitlab"], typer.Argument(metavar="PLATFORM", help="`github` or `gitlab`.")],
    blueprint: _options.Blueprint = None,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", help="File to write. Left out: where the platform looks for it.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    branch: Annotated[str, typer.Option("--branch", help="What is merged there is applied.")] = "main",
    repository: Annotated[
        str | None,
        typer.Option(
            "--repository", metavar="OWNER/NAME", help="Left out: that of the git remote `origin`.", show_default=False
        ),
    ] = None,
    install: Annotated[
        str | None,
        typer.Option(
            "--install", metavar="WHAT", help="What pip installs. Left out: this version.", show_default=False
        ),
    ] = None,
) -> None:
    """Write a pipeline that plans and prices on a pull request, and applies after the merge.

    Beside it a page about the IAM roles that it takes on: there is no key to keep. Environments whose state is not in a
    bucket are planned and not applied. Nothing is overwritten without `--force`.
    """
    from mlinfra.render.pipeline_github import workflow
    from mlinfra.render.pipeline_gitlab import pipeline_file
    from mlinfra.render.pipeline_roles import roles_page

    file = blueprint_file(blueprint)
    root = _root(file.resolve().parent)
    made = _pipeline(platform, file, root, branch, repository, install)
    default = f".github/workflows/{made.blueprint}.yml" if platform == "github" else ".gitlab-ci.yml"
    target = Path(output) if output else Path(os.path.relpath(root / default))
    files = {
        target: workflow(made) if platform == "github" else pipeline_file(made),
        target.with_name(f"{made.blueprint}-roles.md"): roles_page(made),
    }
    if not force and (there := next((path for path in files if path.exists()), None)):
        raise UsageError(
            f"`{there}` exists, and nothing is overwritten",
            hint="`--force` overwrites it; `--output FILE` writes another",
        )
    for path, text in files.items():
        _write(path, text)
        emit(str(path))
    if output is None and not (root / ".git").exists():
        note(f"there is no git repository here: the pipeline is read from the root of one, `{default}`")
    for stage in made.stages:
        if not stage.applied:
            note(f"`{stage.environment}` is planned and not applied: its state is not in a bucket (`state: s3://…`)")


def _pipeline(
    platform: Literal["github", "gitlab"],
    file: Path,
    root: Path,
    branch: str,
    repository: str | None,
    install: str | None,
) -> Pipeline:
    from mlinfra import __version__
    from mlinfra.blueprint import environments, load
    from mlinfra.errors import BlueprintError
    from mlinfra.render.pipeline import Pipeline

    needed: set[str] = set()
    for name in environments(file):
        try:
            load(file, environment=name, environ={})
        except BlueprintError as error:
            needed |= {one.path.rpartition(".")[2] for one in error.diagnostics if one.code == "missing-variable"}
    host, path = _origin(root)
    if repository is None and path is None:
        raise UsageError(
            "the repository has no git remote `origin`", hint="`--repository OWNER/NAME` says what it is called"
        )
    return Pipeline.of(
        platform,
        [load(file, environment=name) for name in environments(file)],
        file=file.resolve().relative_to(root).as_posix(),
        branch=branch,
        install=install or f"pulumi-mlinfra=={__version__}",
        variables=sorted(needed),
        repository=repository or path or "",
        host=host or HOSTS[platform],
    )


def _root(folder: Path) -> Path:
    """The root of the repository; where there is none, the folder itself."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def _origin(root: Path) -> tuple[str | None, str | None]:
    """Host and path of the remote ``origin``, None for what nobody can tell."""
    try:
        found = REMOTE.search((root / ".git" / "config").read_text("utf-8", errors="replace"))
    except OSError:
        return None, None
    return (found["host"], found["path"].removesuffix("/").removesuffix(".git")) if found else (None, None)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown reason').lower()}") from None
