"""``mlinfra apply``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._output import note

EXAMPLE = "mlinfra apply minimal.yaml -e dev --sandbox --yes"


def run(
    blueprint: _options.BlueprintOrPlan = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    yes: _options.Yes = False,
    allow: _options.Allow = None,
    sandbox: _options.Sandbox = False,
    endpoint: _options.Endpoint = None,  # noqa: ARG001 - its callback has done it
    parallel: _options.Parallel = None,
    timeout: _options.Timeout = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Look at what is really there first.")] = False,
    details: Annotated[bool, typer.Option("--details", help="List every resource and property of the plan.")] = False,
    log: _options.Log = None,
    output: _options.TextOrJson = "text",
) -> None:
    """Create and change what the blueprint says, on Pulumi's engine, layer by layer.

    The plan is shown first and has to be confirmed; a plan in a file is confirmed already, and is refused where anything
    has changed since. Run it again to continue after a failure: what is done stays done.
    """
    from mlinfra.commands._apply import confirmed, in_place, nothing_done, operated, shown_plan
    from mlinfra.commands._planned import wanted
    from mlinfra.engine.apply import apply
    from mlinfra.engine.forecast import forecast
    from mlinfra.engine.session import Options, Session
    from mlinfra.plan.gates import refuse

    asked = wanted(blueprint, environment, sets, allow, sandbox=sandbox, refresh=refresh)
    sandbox = asked.sandbox
    deployment = in_place(asked.deployment, sandbox=sandbox)
    with Session(deployment, Options(sandbox=sandbox, parallel=parallel, timeout=timeout, refresh=refresh)) as session:
        found = forecast(deployment, session.backend, session.passphrase, allowed=asked.allowed)
        if asked.planned is not None:
            asked.planned.check(deployment, found, backend=session.backend.url)
        session.check_encryption(found.states.values())
        note(shown_plan(found, sandbox=sandbox, details=details))
        if not (any(work.changed for work in found.works) or refresh):
            nothing_done("apply", output, "nothing to do")
            return
        refuse(found.plan)
        confirmed(f"apply this to `{deployment.environment}`", yes=yes or asked.planned is not None, sandbox=sandbox)
        operated(
            session,
            "apply",
            Path(log) if log else None,
            output,
            lambda listen: apply(session, found.works, listen),
            found.plan.changes,
        )
