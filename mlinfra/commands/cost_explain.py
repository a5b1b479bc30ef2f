"""``mlinfra cost explain``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import request
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra cost explain lake minimal.yaml -e dev"


def run(
    component: _options.Component,
    blueprint: _options.Source = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    usage: _options.Usage = None,
    output: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")
    ] = "text",
    no_cache: _options.NoCache = False,
    region: _options.Region = _options.DEFAULT_REGION,
) -> None:
    """Show the lines of one component: quantity, price, formula, source, date."""
    from mlinfra.commands._estimates import component as chosen
    from mlinfra.commands._estimates import estimated, title

    graph = request(blueprint, environment, sets, cache=not no_cache, region=region).graph()
    estimate = estimated(graph, usage)
    part = chosen(estimate, component)
    heading = f"{title(graph)} · {component}"
    if output == "json":
        from mlinfra.cost.document import to_document

        whole = to_document(estimate)
        parts = whole["components"]
        lines = [entry for entry in parts if entry["name"] == component] if isinstance(parts, list) else []
        emit_json({**whole, "components": lines})
    elif output == "markdown":
        from mlinfra.render.cost_markdown import explain_markdown

        emit(explain_markdown(part, heading))
    else:
        from mlinfra.render.cost_text import explain_text

        emit(explain_text(part, heading, terminal=stdout()))
