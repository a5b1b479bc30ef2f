"""``mlinfra destroy``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import emit_json, note

EXAMPLE = "mlinfra destroy minimal.yaml -e dev --sandbox --yes"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sweep: Annotated[
        bool, typer.Option("--sweep/--no-sweep", help="Look for what was left, by its tags, at the end.")
    ] = True,
    purge: Annotated[bool, typer.Option("--purge", help="Delete what was left, after asking.")] = False,
    yes: _options.Yes = False,
    allow: _options.Allow = None,
    cleanup: Annotated[
        bool, typer.Option("--cleanup/--no-cleanup", help="Remove what controllers made beside Pulumi.")
    ] = True,
    sandbox: _options.Sandbox = False,
    endpoint: _options.Endpoint = None,  # noqa: ARG001 - its callback has done it
    parallel: _options.Parallel = None,
    timeout: _options.Timeout = None,
    log: _options.Log = None,
    output: _options.TextOrJson = "text",
) -> None:
    """Delete what was applied, last layer first; data that the blueprint keeps stays in the account.

    A protected environment is only destroyed with `--allow destroy`. Run it again to continue after a failure.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._apply import confirmed, in_place, nothing_done, operated, shown_plan
    from mlinfra.commands._report import idle_document
    from mlinfra.commands._sweep import kept_lines, swept
    from mlinfra.engine.destroy import destroy, destruction
    from mlinfra.engine.session import Options, Session
    from mlinfra.errors import RefusedError, UsageError

    if unknown := [name for name in allow or () if name != "destroy"]:
        raise UsageError(f"there is no gate `{unknown[0]}`", hint="there is `destroy`")

    deployment = in_place(
        load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ())), sandbox=sandbox
    )
    with Session(deployment, Options(sandbox=sandbox, parallel=parallel, timeout=timeout)) as session:
        found = destruction(deployment, session.backend)
        if not found.works and not purge:
            nothing_done("destroy", output, "nothing is deployed")
            return
        if found.works:
            note(shown_plan(found, sandbox=sandbox))
            for line in kept_lines(found):
                note(line)
        if (deployment.protected or found.protected) and "destroy" not in (allow or ()):
            raise RefusedError(
                f"environment `{deployment.environment}` is protected, and nothing was changed",
                hint="`--allow destroy` destroys it all the same",
            )
        if not found.works:
            document = swept(session, found, output, purge=True, yes=yes)
            if output == "json":
                emit_json({**idle_document("destroy"), **document})
            return
        confirmed(f"destroy `{deployment.environment}` of `{deployment.blueprint}`", yes=yes, sandbox=sandbox)
        operated(
            session,
            "destroy",
            Path(log) if log else None,
            output,
            lambda listen: destroy(session, found, listen, cleanup=cleanup),
            found.plan.changes,
            lambda: swept(session, found, output, purge=purge, yes=yes) if sweep or purge else {},
        )
