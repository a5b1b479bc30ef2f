"""What ``apply`` applies: a blueprint as it is now, or a plan that ``plan --out`` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.commands._inputs import blueprint_file
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment
    from mlinfra.engine.plan_file import PlanFile

YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Wanted:
    """A deployment, where, with which gates let through; ``planned`` is the plan file, None for a blueprint."""

    deployment: Deployment
    sandbox: bool
    allowed: tuple[str, ...]
    planned: PlanFile | None = None


def wanted(
    given: str | None,
    environment: str | None,
    sets: Sequence[str] | None,
    allow: Sequence[str] | None,
    *,
    sandbox: bool,
    refresh: bool,
) -> Wanted:
    """What was typed, loaded. Raises UsageError for flags that a plan file has decided, RefusedError for one of another version."""
    from mlinfra.blueprint import load

    planned = _plan_in(given)
    if planned is None:
        deployment = load(blueprint_file(given), environment=environment, sets=tuple(sets or ()))
        return Wanted(deployment, sandbox, tuple(allow or ()))
    decided = {
        "--environment": environment is not None,
        "--set": bool(sets),
        "--sandbox": sandbox and not planned.sandbox,
        "--refresh": refresh,
    }
    for flag, typed in decided.items():
        if typed:
            raise UsageError(
                f"`{flag}` cannot be chosen for the plan in `{given}`: it was made already",
                hint="`mlinfra plan --out` makes another",
            )
    planned.check_version()
    if not Path(planned.blueprint).is_file():
        raise UsageError(
            f"the plan in `{given}` is of `{planned.blueprint}`, which is not here",
            hint="apply it in the folder where it was made",
        )
    deployment = load(Path(planned.blueprint), environment=planned.environment, sets=planned.sets)
    return Wanted(deployment, planned.sandbox, (*planned.allowed, *(allow or ())), planned)


def _plan_in(given: str | None) -> PlanFile | None:
    if given is None or given.endswith(YAML) or not Path(given).is_file():
        return None
    from mlinfra.engine.plan_file import PlanFile

    return PlanFile.read(Path(given))
