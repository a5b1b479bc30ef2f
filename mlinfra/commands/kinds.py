"""``mlinfra kinds``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra kinds --layer foundation"


def run(
    layer: Annotated[
        Literal["foundation", "cluster", "platform", "workloads"] | None,
        typer.Option("--layer", help="Only kinds of one layer.", show_default=False),
    ] = None,
    output: _options.TextOrJson = "text",
) -> None:
    """List the kinds of components that a blueprint can have.

    `mlinfra explain KIND` shows one.
    """
    from mlinfra.commands._kinds import all_kinds
    from mlinfra.render.kinds import kind_documents, kinds_text

    found = [kind for kind in all_kinds() if layer is None or kind.layer == layer]
    if output == "json":
        emit_json(kind_documents(found))
    else:
        emit(kinds_text(found, terminal=stdout()))
