"""Gates: the steps of a plan that nobody wants to see happen by accident, in a protected environment above all."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable

from mlinfra.errors import RefusedError, UsageError
from mlinfra.plan.model import Operation, Plan, Risk, Step
from mlinfra.plan.widening import widens

STOPPING: dict[Operation, frozenset[Risk]] = {
    "replace": frozenset({"interruption", "data loss"}),
    "delete": frozenset({"interruption", "data loss"}),
    "update": frozenset({"data loss"}),
}
"""The risks that stop a step, by what it does."""

PURCHASE: Risk = "irreversible purchase"
WORDS = (*STOPPING, "keep", "widen", "purchase")
"""What the name of a gate begins with, before the colon and the component."""


def gated(plan: Plan, *, protected: bool, allowed: Collection[str] = ()) -> Plan:
    """The plan with ``blocked_by`` at every step that a gate stops.

    A gate is named ``<operation>:<component>`` (``replace:features``), ``widen:<component>`` where a step lets in more
    than before, and ``purchase:<component>`` where money is spent that does not come back; a resource of no component
    lends its own name. ``allowed`` names those that are let through. Outside of a protected environment only purchases are
    stopped, and what Pulumi itself would refuse half-way because a component asked it to (``deletion_protection``).
    """
    return dataclasses.replace(plan, steps=tuple(_gated(step, allowed, protected=protected) for step in plan.steps))


def gates(plan: Plan) -> tuple[str, ...]:
    """The names of all gates that stop the plan, sorted."""
    return tuple(sorted({step.blocked_by for step in plan.steps if step.blocked_by}))


def check_allowed(plan: Plan, allowed: Iterable[str]) -> None:
    """Raise UsageError for a name that is none of a gate on a component of the plan.

    A gate that stops nothing is fine: what it let through may be done already, and the command is only run again.
    """
    places = {_place(step) for step in plan.steps}
    for name in allowed:
        word, _, place = name.partition(":")
        if word in WORDS and place in places:
            continue
        found = gates(gated(plan, protected=True))
        raise UsageError(
            f"there is no gate `{name}`",
            hint=f"there {'is' if len(found) == 1 else 'are'} {_listed(found)}" if found else "nothing stops this plan",
        )


def refuse(plan: Plan) -> None:
    """Raise RefusedError where a gate stops the plan; the message names each, and what would be done."""
    stopping = gates(plan)
    if not stopping:
        return
    count = "a gate stops" if len(stopping) == 1 else f"{len(stopping)} gates stop"
    lines = [f"{count} this plan, and nothing was changed"]
    lines += [
        f"`{step.blocked_by}`: {_deed(step)}" for name in stopping for step in plan.steps if step.blocked_by == name
    ]
    raise RefusedError(
        "\n".join(lines),
        hint=f"`{' '.join(f'--allow {name}' for name in stopping)}` lets {'it' if len(stopping) == 1 else 'them'} happen",
    )


def why_stopped(step: Step) -> str | None:
    """What a gate stops a step for, where that is not its risk: what it would let in, or that it is protected."""
    if step.guarded:
        return "it is protected"
    return widens(step) if (step.blocked_by or "").startswith("widen:") else None


def _gated(step: Step, allowed: Collection[str], *, protected: bool) -> Step:
    name = _gate(step, protected=protected)
    return step if name is None or name in allowed else dataclasses.replace(step, blocked_by=name)


def _gate(step: Step, *, protected: bool) -> str | None:
    if step.risk == PURCHASE:
        return f"purchase:{_place(step)}"
    if step.guarded:
        return f"{step.operation}:{_place(step)}"
    if not protected:
        return None
    if step.risk in STOPPING.get(step.operation, ()):
        return f"{step.operation}:{_place(step)}"
    return f"widen:{_place(step)}" if widens(step) else None


def _place(step: Step) -> str:
    return step.component or step.name


def _deed(step: Step) -> str:
    """``replace `lake-raw` (aws:s3/bucket:Bucket): it is protected; data loss: …``."""
    risk = f"{step.risk}: {step.reason}" if step.reason and step.risk not in ("none", "low") else None
    reasons = "; ".join(filter(None, (why_stopped(step), risk)))
    return f"{step.operation} `{step.name}` ({step.type}): {reasons}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
