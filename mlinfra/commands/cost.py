"""``mlinfra cost``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import request
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra cost minimal.yaml -e dev"


def run(
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
    """Say what a blueprint costs a month: least, expected and most.

    From price tables that ship with the package. What is not known is listed and never counted as nothing.
    """
    from mlinfra.commands._estimates import estimated, title

    graph = request(blueprint, environment, sets, cache=not no_cache, region=region).graph()
    estimate = estimated(graph, usage)
    if output == "json":
        from mlinfra.cost.document import to_document

        emit_json(to_document(estimate))
    elif output == "markdown":
        from mlinfra.render.cost_markdown import cost_markdown

        emit(cost_markdown(estimate, title(graph)))
    else:
        from mlinfra.render.cost_text import cost_text

        emit(cost_text(estimate, title(graph), terminal=stdout()))
