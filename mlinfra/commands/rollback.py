"""``mlinfra rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._deployed import blueprint_and_word, moment
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import note
from mlinfra.errors import UsageError

EXAMPLE = "mlinfra rollback minimal.yaml -e dev --sandbox --yes"


def run(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[BLUEPRINT] [NUMBER]",
            help="Number in `mlinfra history`. Left out: what was applied before.",
            show_default=False,
        ),
    ] = None,
    *,
    environment: _options.Environment = None,
    yes: _options.Yes = False,
    allow: _options.Allow = None,
    sandbox: _options.Sandbox = False,
    parallel: _options.Parallel = None,
    timeout: _options.Timeout = None,
    details: Annotated[bool, typer.Option("--details", help="List every resource and property of the plan.")] = False,
    log: _options.Log = None,
    output: _options.TextOrJson = "text",
) -> None:
    """Apply the blueprint of an earlier deployment again, as it is kept with each update.

    The plan is shown first and has to be confirmed. The blueprint's file is left alone: put it back, too, or the next
    apply goes forward again.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._apply import confirmed, in_place, nothing_done, operated, shown_plan
    from mlinfra.engine.apply import apply
    from mlinfra.engine.forecast import forecast
    from mlinfra.engine.history import history
    from mlinfra.engine.rollback import loaded, target
    from mlinfra.engine.session import Options, Session
    from mlinfra.plan.gates import refuse

    blueprint, word = blueprint_and_word(words, "number")
    if word is not None and not word.isdecimal():
        raise UsageError(f"`{word}` is not the number of an operation", hint="`mlinfra history` lists them")
    present = load(blueprint_file(blueprint), environment=environment)
    with Session(present, Options(sandbox=sandbox)) as reading:
        done = history(present, reading.backend)
    if not done:
        nothing_done("rollback", output, "nothing is deployed")
        return
    chosen = target(done, None if word is None else int(word))
    file = Path(log).absolute() if log else None
    note(f"back to operation {chosen.operation.number} of {moment(chosen.operation.began)}")
    with loaded(chosen.record, present) as earlier:
        deployment = in_place(earlier, sandbox=sandbox)
        options = Options(sandbox=sandbox, parallel=parallel, timeout=timeout)
        with Session(deployment, options, record=chosen.record) as session:
            found = forecast(deployment, session.backend, session.passphrase, allowed=allow or ())
            note(shown_plan(found, sandbox=sandbox, details=details))
            if not any(work.changed for work in found.works):
                nothing_done("rollback", output, "nothing to do")
                return
            refuse(found.plan)
            confirmed(f"apply this to `{deployment.environment}`", yes=yes, sandbox=sandbox)
            operated(
                session,
                "rollback",
                file,
                output,
                lambda listen: apply(session, found.works, listen, "rollback"),
                found.plan.changes,
            )
