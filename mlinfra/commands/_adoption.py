"""What ``import`` and ``adopt`` share: the plan that takes resources over, the question, the apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mlinfra.blueprint.model import Deployment
from mlinfra.commands._output import emit, emit_json, note


def taken_over(
    deployment: Deployment,
    ids: Mapping[str, str],
    name: str,
    *,
    only_plan: bool,
    yes: bool,
    allow: Sequence[str] | None,
    sandbox: bool,
    log: str | None,
    output: str,
) -> None:
    """Show the plan with the imports in it, ask, and apply it; with ``only_plan`` the plan is the result. ``name`` is the verb's."""
    from mlinfra.commands._apply import confirmed, operated, shown_plan
    from mlinfra.engine.adoption import adopting, check
    from mlinfra.engine.apply import apply
    from mlinfra.engine.forecast import forecast
    from mlinfra.engine.session import Options, Session
    from mlinfra.plan.document import step_document
    from mlinfra.plan.gates import refuse

    with Session(adopting(deployment, ids), Options(sandbox=sandbox)) as session:
        found = forecast(session.deployment, session.backend, session.passphrase, allowed=allow or ())
        check(found, ids)
        if only_plan and output == "json":
            steps = [step_document(step) for step in found.plan.changes]
            emit_json(
                {
                    "mlinfra_import": 1,
                    "blueprint": deployment.blueprint,
                    "environment": deployment.environment,
                    "steps": steps,
                }
            )
        elif only_plan:
            emit(shown_plan(found, sandbox=sandbox))
        else:
            note(shown_plan(found, sandbox=sandbox))
            refuse(found.plan)
            confirmed(f"apply this to `{deployment.environment}`", yes=yes, sandbox=sandbox)
            file = Path(log) if log else None
            operated(
                session,
                name,
                file,
                output,
                lambda listen: apply(session, found.works, listen, name),
                found.plan.changes,
            )
