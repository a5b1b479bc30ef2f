"""``mlinfra plan``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import AGAINST, request
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra plan minimal.yaml -e dev"


def run(
    blueprint: _options.Source = None,
    *,
    environment: _options.Environment = None,
    against: Annotated[
        str | None, typer.Option("--against", help=f"Compare with {AGAINST}.", metavar="WHAT", show_default=False)
    ] = None,
    sets: _options.Sets = None,
    details: Annotated[bool, typer.Option("--details", help="List every resource and property.")] = False,
    usage: _options.Usage = None,
    output: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")
    ] = "text",
    no_cache: _options.NoCache = False,
    region: _options.Region = _options.DEFAULT_REGION,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit with 0 for no changes, 2 for changes, 1 for anything else."),
    ] = False,
) -> None:
    """Show what would be created, changed and deleted, and what it costs.

    Without --against everything is created. Nothing is written, no account and no network are needed.
    """
    from mlinfra.commands._estimates import estimated
    from mlinfra.plan.diff import plan
    from mlinfra.plan.document import to_document

    asked = request(blueprint, environment, sets, cache=not no_cache, region=region)
    graph = asked.graph()
    old, label = asked.against(against) if against else (None, None)
    made = plan(graph, old, label=label)
    after = estimated(graph, usage)
    before = None if old is None else estimated(old, usage)
    if output == "json":
        emit_json(to_document(made, before.totals.expected if before else None, after.totals.expected))
    elif output == "markdown":
        from mlinfra.render.plan_markdown import plan_markdown

        emit(plan_markdown(made, after, before, region=graph.region))
    else:
        from mlinfra.render.plan_text import plan_text

        emit(plan_text(made, after, before, region=graph.region, details=details, terminal=stdout()))
    if detailed_exitcode and made.changes:
        raise typer.Exit(2)
