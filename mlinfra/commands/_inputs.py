"""From what was typed to a resource graph: blueprints, Pulumi programs, graphs, previews, states, git references."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.graph.model import ResourceGraph
    from mlinfra.graph.of_blueprint import BlueprintSource

MARK = re.compile(rb"^(?:\xef\xbb\xbf)?mlinfra\s*:", re.MULTILINE)
HEAD_BYTES = 65_536
STAND_IN_ACCOUNT = "123456789012"
"""The account that a Pulumi program is evaluated for: offline nobody knows the real one."""


@dataclass(frozen=True)
class Request:
    """What was typed: a source of a graph, and how to read it."""

    source: Path
    environment: str | None = None
    sets: tuple[str, ...] = ()
    cache: bool = True
    region: str = "us-east-1"

    @property
    def is_blueprint(self) -> bool:
        """Whether the source is YAML rather than a program or a graph."""
        return self.source.is_file() and self.source.suffix in (".yaml", ".yml")

    def graph(self) -> ResourceGraph:
        """Read or evaluate it."""
        if self.source.is_dir():
            from mlinfra.graph.evaluate import evaluate_directory

            self._refuse_blueprint_flags("a Pulumi program")
            return evaluate_directory(self.source, account=STAND_IN_ACCOUNT, region=self.region)
        if not self.is_blueprint:
            from mlinfra.graph.read import read

            self._refuse_blueprint_flags("a graph")
            return read(self.source)
        return self.blueprint.graph()

    @cached_property
    def blueprint(self) -> BlueprintSource:
        """The source as a blueprint, which is loaded once at most. Only where it is one."""
        from mlinfra.graph.of_blueprint import BlueprintSource

        return BlueprintSource(
            path=self.source, environment=self.environment, sets=self.sets, environ=os.environ, cache=self.cache
        )

    def against(self, text: str) -> tuple[ResourceGraph, str]:
        """The graph that ``--against`` names, and how to call it. Raises UsageError for a form that there is not."""
        form, mark, name = text.partition(":")
        if mark and form in ("git", "environment"):
            if not self.is_blueprint:
                raise UsageError(f"`--against {form}:…` needs a blueprint, and `{self.source}` is none")
            if not name:
                raise UsageError(f"`--against {text}` names nothing", hint=AGAINST)
            if form == "environment":
                return Request(self.source, name, self.sets, self.cache).graph(), text
            with _at_reference(self.source, name) as path:
                return Request(path, self.environment, self.sets, cache=False).graph(), text
        if files := exports_in(text):
            from mlinfra.graph.read import read

            return merged([read(file) for file in files]), text
        other = Request(Path(text), cache=self.cache, region=self.region)
        if other.is_blueprint:
            other = Request(Path(text), self.environment, self.sets, self.cache)
        return other.graph(), text

    def _refuse_blueprint_flags(self, what: str) -> None:
        if self.environment is not None or self.sets:
            flag = "--environment" if self.environment is not None else "--set"
            raise UsageError(f"`{flag}` is for blueprints, and `{self.source}` is {what}")


AGAINST = "`git:REF`, `environment:NAME`, a file with a graph, a preview or a state, or a folder of states"


def exports_in(text: str) -> tuple[Path, ...]:
    """The files of the folder that ``--against`` names; none where it names no folder, or one with a program.

    Raises UsageError where there is no such file, or nothing in the folder.
    """
    path = Path(text)
    if not path.exists():
        raise UsageError(f"`--against {text}`: there is no such file", hint=AGAINST)
    if not path.is_dir() or (path / "Pulumi.yaml").is_file():
        return ()
    found = tuple(sorted((*path.glob("*.json"), *path.glob("*.json.gz"))))
    if not found:
        raise UsageError(f"`--against {text}`: the folder holds no `.json`", hint=AGAINST)
    return found


def merged(graphs: Sequence[ResourceGraph]) -> ResourceGraph:
    """The graphs of several layers as one. Raises UsageError where they are of different blueprints or environments."""
    import dataclasses

    first, *others = graphs
    for other in others:
        if (other.blueprint, other.environment) != (first.blueprint, first.environment):
            raise UsageError(
                f"the folder holds `{first.blueprint}` in `{first.environment}`"
                f" and `{other.blueprint}` in `{other.environment}`",
                hint="a folder is compared with as a whole: keep the layers of one environment in it",
            )
    return dataclasses.replace(
        first,
        nodes=tuple(node for graph in graphs for node in graph.nodes),
        outputs={name: values for graph in graphs for name, values in graph.outputs.items()},
    )


def blueprints_in(folder: Path) -> list[Path]:
    """YAML files of a folder with a line ``mlinfra:``, sorted."""
    return [path for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))) if _is_blueprint(path)]


def find_source(given: str | None) -> Path:
    """The file or folder that was typed, or the only blueprint here. Raises UsageError where that is not one."""
    if given is not None:
        path = Path(given)
        if not path.exists():
            hint = "`mlinfra init` starts one" if path.suffix in (".yaml", ".yml", "") else None
            raise UsageError(f"there is no file `{given}`", hint=hint)
        return path if not path.is_dir() or (path / "Pulumi.yaml").is_file() else _only(path)
    return _only(Path())


def request(
    given: str | None,
    environment: str | None = None,
    sets: Sequence[str] | None = None,
    *,
    cache: bool = True,
    region: str = "us-east-1",
) -> Request:
    """What was typed, with the source found."""
    return Request(find_source(given), environment, tuple(sets or ()), cache, region)


def blueprint_file(given: str | None) -> Path:
    """The same for verbs that take nothing but a blueprint."""
    path = find_source(given)
    if path.is_dir():
        raise UsageError(f"`{path}` is a Pulumi program, and this takes a blueprint")
    return path


def _only(folder: Path) -> Path:
    found = blueprints_in(folder)
    where = "this folder" if folder == Path() else f"`{folder}`"
    if not found:
        raise UsageError(f"there is no blueprint in {where}", hint="`mlinfra init` starts one; or name a file")
    if len(found) > 1:
        names = ", ".join(f"`{path}`" for path in found)
        raise UsageError(f"there are {len(found)} blueprints in {where}: {names}", hint="name one of them")
    return found[0]


def _is_blueprint(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return MARK.search(file.read(HEAD_BYTES)) is not None
    except OSError:
        return False


@contextmanager
def _at_reference(blueprint: Path, reference: str) -> Iterator[Path]:
    """The blueprint's folder as it was at a git reference, in a temporary folder."""
    import io
    import subprocess
    import tarfile
    import tempfile

    folder = blueprint.resolve().parent
    # A reference that starts with a hyphen would be an option of git.
    if reference.startswith("-"):
        raise UsageError(f"`{reference}` is not a git reference")
    try:
        archive = subprocess.run(  # noqa: S603  # no shell, and the reference cannot be an option
            ["git", "archive", "--format=tar", reference, "--", "."],  # noqa: S607  # whichever git the user has
            cwd=folder,
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError:
        raise UsageError("`--against git:…` needs git, and there is none on PATH") from None
    if archive.returncode:
        said = archive.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(
            f"git has nothing at `{reference}` for `{folder}`", hint=f"git said: {said[-1]}" if said else None
        )
    with tempfile.TemporaryDirectory(prefix="mlinfra-") as temporary:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(temporary, filter="data")
        path = Path(temporary) / blueprint.name
        if not path.is_file():
            raise UsageError(f"there is no `{blueprint.name}` at `{reference}`")
        yield path
