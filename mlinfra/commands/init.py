"""``mlinfra init``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands._answers import Question, answered
from mlinfra.commands._completion import templates as complete
from mlinfra.commands._output import close_to, emit, interactive, note
from mlinfra.commands._templates import about, templates
from mlinfra.errors import UsageError

EXAMPLE = "mlinfra init minimal --name shop"
SCHEMA = "mlinfra.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema=./{SCHEMA}\n"
NAME = re.compile(r"[a-z][a-z0-9-]{1,28}")


def run(
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="TEMPLATE",
            help="A shipped blueprint. Left out: asked for.",
            autocompletion=complete,
            show_default=False,
        ),
    ] = None,
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the platform. Left out: the template's.", show_default=False)
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File to write. Left out: <name>.yaml.", show_default=False)
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="Value of a variable: `variables.x=1`.", metavar="PATH=VALUE", show_default=False),
    ] = None,
) -> None:
    """Start a blueprint from one that ships with mlinfra.

    Asks for the template and for variables that have no default, where somebody can be asked. Never overwrites a file.
    Writes the JSON Schema for editors beside it.
    """
    chosen = template or _ask()
    if chosen not in templates():
        raise UsageError(f"there is no template `{chosen}`", hint=close_to(chosen, templates()) or _list())
    if name is not None and not NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` cannot be the name of a platform",
            hint="lower-case letters, digits and hyphens, 2 to 29 characters, first a letter",
        )
    target = Path(output or f"{name or chosen}.yaml")
    if target.exists():
        raise _exists(target)  # before anything is asked
    text = answered(templates()[chosen].read_text("utf-8"), sets or (), _question if interactive() else None)
    _write(target, _renamed(text, name))
    _write_schema(target.parent / SCHEMA)
    emit(str(target))
    where = _environment(text)
    note(f"next: `mlinfra validate {target}`, `mlinfra plan {target}{where}`, `mlinfra cost {target}{where}`")


def _ask() -> str:
    if not interactive():
        raise UsageError("a template is needed where nobody can be asked", hint=_list())
    for name, path in templates().items():
        note(f"  {name}  {about(path)}")
    answer: str = typer.prompt("template", default=next(iter(templates()), ""), err=True)
    return answer


def _question(question: Question) -> str:
    if question.about:
        note(f"  {question.about}")
    answer: str = typer.prompt(question.name, err=True)
    return answer


def _environment(text: str) -> str:
    """The flag that the verbs need where a blueprint has several environments: the first of them."""
    import yaml

    names = list(yaml.safe_load(text).get("environments") or {})
    return f" -e {names[0]}" if len(names) > 1 else ""


def _list() -> str:
    return f"there are {', '.join(f'`{name}`' for name in templates())}"


def _renamed(text: str, name: str | None) -> str:
    """The template with the line for editors on top, and the name that was asked for."""
    if name is not None:
        text = re.sub(r"(?m)^name:\s*\S+", f"name: {name}", text, count=1)
    return text if "yaml-language-server" in text else EDITOR_LINE + text


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or 'unknown reason').lower()}") from None


def _exists(path: Path) -> UsageError:
    return UsageError(f"`{path}` exists, and nothing is overwritten", hint="choose another with `--output FILE`")


def _write_schema(path: Path) -> None:
    from mlinfra.commands._kinds import blueprint_schema_text

    text = blueprint_schema_text()
    if not path.exists():
        _write(path, text)
    elif path.read_text("utf-8", errors="replace") != text:
        note(f"`{path}` is of another version and was left as it is; `mlinfra schema > {path}` renews it")
