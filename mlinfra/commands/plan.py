"""``mlinfra plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import AGAINST, request
from mlinfra.commands._output import emit, emit_json, note, stdout
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.commands._comparison import Comparison
    from mlinfra.cost.model import Estimate

EXAMPLE = "mlinfra plan minimal.yaml -e dev"


def run(
    blueprint: _options.Source = None,
    *,
    environment: _options.Environment = None,
    against: Annotated[
        str | None, typer.Option("--against", help=f"Compare with {AGAINST}.", metavar="WHAT", show_default=False)
    ] = None,
    sets: _options.Sets = None,
    allow: _options.Allow = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", help="Write the plan to a file that `mlinfra apply` takes.", metavar="FILE", show_default=False
        ),
    ] = None,
    details: Annotated[bool, typer.Option("--details", help="List every resource and property.")] = False,
    usage: _options.Usage = None,
    output: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")
    ] = "text",
    no_cache: _options.NoCache = False,
    region: _options.Region = _options.DEFAULT_REGION,
    sandbox: _options.Sandbox = False,
    endpoint: _options.Endpoint = None,  # noqa: ARG001 - its callback has done it
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit with 0 for no changes, 2 for changes, 1 for anything else."),
    ] = False,
) -> None:
    """Show what would be created, changed and deleted, and what it costs.

    A blueprint is compared with the state of what is deployed, if anything is. Nothing is written but the file of `--out`,
    and no account and no network are needed but for a state that is not on this machine.
    """
    from mlinfra.commands._comparison import compared
    from mlinfra.commands._estimates import estimated
    from mlinfra.plan.document import to_document

    asked = request(blueprint, environment, sets, cache=not no_cache, region=region)
    deployment = None
    if out is not None:
        if against is not None or not asked.is_blueprint:
            raise UsageError("`--out` is for a blueprint against its own state: nothing else can be applied")
        from mlinfra.commands._apply import with_account

        # A file is applied as it is, and what is in it depends on the account.
        deployment = with_account(asked.blueprint.deployment, sandbox=sandbox)
    allowed = tuple(allow or ())
    made = compared(asked, against, deployment=deployment, sandbox=sandbox, allowed=allowed)
    after = estimated(made.graph, usage)
    before = None if made.before is None else estimated(made.before, usage)
    document = to_document(
        made.plan, before.totals.expected if before else None, after.totals.expected, state=made.state
    )
    if output == "json":
        emit_json(document)
    else:
        emit(_text(made, after, before, output, simulated=sandbox and made.found is not None, details=details))
        for remark in made.found.remarks if made.found else ():
            note(remark)
    if out is not None and deployment is not None:
        import os

        from mlinfra.engine.backend import backend_of
        from mlinfra.engine.plan_file import PlanFile

        backend = backend_of(deployment, os.environ, sandbox=sandbox).url  # raises where there is no place for a state
        assert made.found is not None  # noqa: S101 - there is a place, so it was looked at
        PlanFile.of(deployment, made.found, document, backend=backend, sandbox=sandbox, allowed=allowed).write(
            Path(out)
        )
        note(f"`mlinfra apply {out}` applies this plan")
    if detailed_exitcode and made.plan.changes:
        raise typer.Exit(2)


def _text(
    made: Comparison, after: Estimate, before: Estimate | None, output: str, *, simulated: bool, details: bool
) -> str:
    if output == "markdown":
        from mlinfra.render.plan_markdown import plan_markdown

        return plan_markdown(made.plan, after, before, region=made.graph.region, age=made.age, simulated=simulated)
    from mlinfra.render.plan_text import plan_text

    return plan_text(
        made.plan,
        after,
        before,
        region=made.graph.region,
        age=made.age,
        simulated=simulated,
        details=details,
        terminal=stdout(),
    )
