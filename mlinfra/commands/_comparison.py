"""What ``plan`` compares: a source with the state of what is deployed, or with what ``--against`` names."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.commands._deployed import stamp
from mlinfra.errors import EngineError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment
    from mlinfra.commands._inputs import Request
    from mlinfra.engine.exported import GivenStates
    from mlinfra.engine.forecast import Forecast
    from mlinfra.graph.checks import Json
    from mlinfra.graph.model import ResourceGraph
    from mlinfra.plan.model import Plan


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A plan and the two graphs that it compares; ``found`` is None where no state was looked for."""

    plan: Plan
    graph: ResourceGraph
    before: ResourceGraph | None
    found: Forecast | None = None

    @property
    def age(self) -> datetime.timedelta | None:
        """How old the state is; None where there is none."""
        return None if self.found is None else age(self.found)

    @property
    def state(self) -> dict[str, Json] | None:
        """What the JSON document says of the state."""
        if self.found is None or self.before is None:
            return None
        return state_document(self.found)


def compared(
    asked: Request,
    against: str | None,
    *,
    deployment: Deployment | None = None,
    sandbox: bool = False,
    allowed: Sequence[str] = (),
) -> Comparison:
    """Make the plan that was asked for. ``deployment`` is the blueprint in its account, where that was looked up.

    Raises UsageError for what ``--against`` cannot be and for gates that there are not, EngineError for a state that
    cannot be read.
    """
    from mlinfra.plan.diff import plan
    from mlinfra.plan.gates import check_allowed, gated

    if asked.is_blueprint and (found := _forecast(asked, against, deployment, sandbox=sandbox, allowed=allowed)):
        return Comparison(plan=found.plan, graph=found.graph, before=found.before, found=found)
    graph = asked.graph()
    old, label = asked.against(against) if against else (None, None)
    made = plan(graph, old, label=label)
    check_allowed(made, allowed)
    # Two environments are compared to see how they differ: nothing of that is going to happen.
    if asked.is_blueprint and not (against or "").startswith("environment:"):
        made = gated(made, protected=asked.blueprint.deployment.protected, allowed=allowed)
    return Comparison(plan=made, graph=graph, before=old)


def age(found: Forecast) -> datetime.timedelta | None:
    """How old the youngest state is, None where there is none."""
    return None if found.modified is None else datetime.datetime.now(datetime.UTC) - found.modified


def state_document(found: Forecast) -> dict[str, Json]:
    """When a state was written, and what was begun in it and not ended."""
    from mlinfra.engine.status import pending_of

    return {
        "modified": stamp(found.modified),
        "pending": [
            {"layer": layer.label, "operation": one.operation, "urn": one.urn}
            for layer, state in found.states.items()
            for one in pending_of(state)
        ],
    }


def _forecast(
    asked: Request, against: str | None, deployment: Deployment | None, *, sandbox: bool, allowed: Sequence[str]
) -> Forecast | None:
    """The blueprint against a state: that of what is deployed, or the one in files; None where ``against`` is none."""
    from mlinfra.engine.backend import backend_of
    from mlinfra.engine.forecast import forecast
    from mlinfra.engine.passphrase import find_passphrase

    source = asked.blueprint
    if against is None:
        deployment = deployment or source.deployment
        try:
            backend = backend_of(deployment, os.environ, sandbox=sandbox)
        except EngineError:  # there is no home folder: nothing can have been deployed from here
            return None
        return forecast(deployment, backend, find_passphrase(backend.url, os.environ), allowed=allowed, source=source)
    given = _given(asked, against)
    if given is None:
        return None
    # The passphrase beside the own state says nothing about files from elsewhere.
    passphrase = find_passphrase("", os.environ)
    return forecast(source.deployment, given, passphrase, allowed=allowed, source=source, label=against)


def _given(asked: Request, against: str) -> GivenStates | None:
    """The states in the file or the folder that ``--against`` names; None where they are not of this blueprint."""
    from mlinfra.commands._inputs import exports_in
    from mlinfra.components._context import Layer
    from mlinfra.engine.exported import GivenStates
    from mlinfra.program import project_name

    if against.startswith(("git:", "environment:")):
        return None
    path = Path(against)
    files = exports_in(against) or ((path,) if path.is_file() and path.suffix not in (".yaml", ".yml") else ())
    if not files:
        return None
    found = GivenStates(files)
    deployment = asked.blueprint.deployment
    projects = (project_name(deployment.blueprint, layer) for layer in Layer)
    return found if found.holds(projects, deployment.environment) else None
