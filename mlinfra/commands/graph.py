"""``mlinfra graph``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import request
from mlinfra.commands._output import emit

EXAMPLE = "mlinfra graph minimal.yaml -e dev --format mermaid"


def run(
    blueprint: _options.Source = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    output: Annotated[
        Literal["json", "mermaid", "dot", "svg", "html"], typer.Option("--format", help="Form of the result.")
    ] = "json",
    resources: Annotated[bool, typer.Option("--resources", help="Draw every resource instead of components.")] = False,
    no_cache: _options.NoCache = False,
    region: _options.Region = _options.DEFAULT_REGION,
) -> None:
    """Write the resource graph: JSON for other tools; Mermaid, DOT, SVG or HTML to look at."""
    from mlinfra.graph.document import dumps
    from mlinfra.render.drawings import html, svg
    from mlinfra.render.pictures import dot, mermaid

    made = request(blueprint, environment, sets, cache=not no_cache, region=region).graph()
    if output == "json":
        emit(dumps(made))
    else:
        draw = {"mermaid": mermaid, "dot": dot, "svg": svg, "html": html}[output]
        emit(draw(made, resources=resources))
