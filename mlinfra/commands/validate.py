"""``mlinfra validate``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import emit, emit_json, note, stderr, stdout

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment
    from mlinfra.errors import Diagnostic

EXAMPLE = "mlinfra validate minimal.yaml --explain"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show how the components are wired.")] = False,
    merged: Annotated[bool, typer.Option("--print", help="Show every value and where it comes from.")] = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Check a blueprint: types, names, references, wiring, access.

    Everything that is wrong is said at once, with line and column. Without --environment every environment is checked.
    """
    from mlinfra.render.blueprints import merged_text, wiring_text
    from mlinfra.render.diagnostics import diagnostic_documents, diagnostics_text

    path = blueprint_file(blueprint)
    deployments, found = _checked(path, environment or os.environ.get("MLINFRA_ENVIRONMENT"), tuple(sets or ()))
    wrong = any(one.severity == "error" for one in found)
    if output == "json":
        emit_json(diagnostic_documents(found))
    elif found:
        note(diagnostics_text(found, stderr()) + ("" if wrong else "\n"))
    if wrong:
        raise typer.Exit(2)
    if output == "json":
        return
    parts = [wiring_text(one, terminal=stdout()) for one in deployments] if explain else []
    parts += [merged_text(one, terminal=stdout()) for one in deployments] if merged else []
    emit("\n\n".join(parts) or _fine(path, deployments))


def _checked(path: Path, chosen: str | None, sets: tuple[str, ...]) -> tuple[list[Deployment], list[Diagnostic]]:
    """The deployments of the environment that was chosen, else of all, and everything that was found, each once."""
    from mlinfra.blueprint import environments, load
    from mlinfra.errors import BlueprintError

    deployments: list[Deployment] = []
    found: list[Diagnostic] = []
    try:
        names: list[str | None] = [chosen] if chosen else [*environments(path)] or [None]
    except BlueprintError as error:
        return [], list(error.diagnostics)
    for name in names:
        try:
            deployments.append(load(path, environment=name, sets=sets))
            found += [*deployments[-1].warnings, *deployments[-1].notes]
        except BlueprintError as error:
            found += error.diagnostics
    return deployments, sorted(set(found), key=lambda one: one.order)


def _fine(path: Path, deployments: Sequence[Deployment]) -> str:
    names = ", ".join(one.environment for one in deployments)
    count = len(deployments[0].components)
    return f"{path}: fine ({count} component{'' if count == 1 else 's'}; {names})"
