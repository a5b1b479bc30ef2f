"""What the verbs that change something share: the plan before, the question, the progress, the report after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mlinfra.commands._output import emit, emit_json, interactive, note, stderr
from mlinfra.errors import EngineError, UsageError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment
    from mlinfra.engine.apply import Outcome
    from mlinfra.engine.events import Event, Listener
    from mlinfra.engine.forecast import Forecast
    from mlinfra.engine.session import Session
    from mlinfra.plan.model import Step

FAILED, INTERRUPTED = 4, 130


def shown_plan(found: Forecast, *, sandbox: bool, details: bool = False) -> str:
    """The plan as text for people, with what it costs."""
    from mlinfra.commands._comparison import age
    from mlinfra.commands._estimates import estimated
    from mlinfra.render.plan_text import plan_text

    after = estimated(found.graph)
    before = None if found.priced is None else estimated(found.priced)
    text = plan_text(
        found.plan,
        after,
        before,
        region=found.graph.region,
        age=age(found),
        simulated=sandbox,
        details=details,
        terminal=stderr(),
    )
    return "\n".join([text, *found.remarks])


def in_place(deployment: Deployment, *, sandbox: bool) -> Deployment:
    """The deployment in the account of the credentials; the simulated cloud takes any."""
    if sandbox:
        return deployment
    from mlinfra.engine.identity import in_account

    return in_account(deployment)


def with_account(deployment: Deployment, *, sandbox: bool) -> Deployment:
    """The same for what changes nothing: credentials are asked for only where the environment names no account."""
    if not deployment.account_is_stand_in:
        return deployment
    try:
        return in_place(deployment, sandbox=sandbox)
    except EngineError as error:
        named = f"name the `account` of `{deployment.environment}` in the blueprint"
        raise EngineError(error.message, hint=f"{error.hint}; or {named}" if error.hint else named) from None


def confirmed(what: str, *, yes: bool, sandbox: bool) -> None:
    """Ask, unless ``yes``. Raises UsageError where nobody is there to ask, Abort where the answer is no."""
    if yes:
        return
    if not interactive():
        raise UsageError("nobody is here to confirm the plan", hint="`--yes` applies it without asking")
    where = " in the simulated cloud" if sandbox else ""
    if not typer.confirm(f"{what}{where}?", default=False, err=True):
        note("nothing was changed")
        raise typer.Exit(1)


def operated(
    session: Session,
    name: str,
    log: Path | None,
    output: str,
    operation: Callable[[Listener], Outcome],
    planned: Sequence[Step],
    closing: Callable[[], Mapping[str, object]] = dict,
) -> None:
    """Run an operation under progress and log, and report how it ended; exits with 4 or 130 where it did not succeed.

    ``planned`` are the steps that it is to take. ``closing`` comes after the report of one that succeeded; what it gives
    joins the document.
    """
    from mlinfra.commands._progress import Progress
    from mlinfra.commands._report import report_document, report_text
    from mlinfra.engine.aftermath import Aftermath
    from mlinfra.engine.log import OperationLog, log_file

    deployment = session.deployment
    left = Aftermath(tuple(planned), deployment.region)
    file = log or log_file(deployment.blueprint, deployment.environment, name, session.environ)
    with OperationLog(file) as written, Progress() as progress:

        def heard(event: Event) -> None:
            written(event)
            left(event)
            progress(event)

        outcome = operation(heard)
    succeeded = outcome.status == "succeeded"
    if output == "json":
        document = report_document(name, outcome, left, file)
        emit_json({**document, **closing()} if succeeded else document)
    else:
        emit(report_text(name, outcome, left, sandbox=session.options.sandbox))
        if succeeded:
            closing()
    if outcome.status != "succeeded":
        note(f"log: {file}")
        raise typer.Exit(INTERRUPTED if outcome.status == "interrupted" else FAILED)


def nothing_done(name: str, output: str, words: str) -> None:
    """Report an operation that had nothing to do: in ``words``, or as the document that every operation ends with."""
    from mlinfra.commands._report import idle_document

    if output == "json":
        emit_json(idle_document(name))
    else:
        emit(words)
