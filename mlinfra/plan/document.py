"""A plan as JSON: ``mlinfra_plan: 1``, described by ``plan.schema.json`` beside this file."""

from __future__ import annotations

from decimal import Decimal

from mlinfra.graph.checks import Json
from mlinfra.graph.document import encode
from mlinfra.plan.model import Absent, Plan, PropertyChange, Side, Step

VERSION = 1


def to_document(
    plan: Plan,
    cost_before: Decimal | None = None,
    cost_after: Decimal | None = None,
    *,
    state: dict[str, Json] | None = None,
) -> dict[str, Json]:
    """The plan as JSON values. Costs are expected US dollars a month, null where they are not known.

    ``state`` is about the state that the plan compares with: ``modified`` and ``pending``; None where it is none.

    ``steps`` lists what changes; what does not is counted under ``unchanged``. A property that is not there is null,
    and values carry the markers of the graph's own format (``{"$unknown": true}`` is known after apply).
    """
    summary = plan.summary
    return {
        "mlinfra_plan": VERSION,
        "blueprint": plan.blueprint,
        "environment": plan.environment,
        "against": plan.against,
        "state": state,
        "digest": plan.digest,
        "summary": {
            "create": summary.create,
            "update": summary.update,
            "replace": summary.replace,
            "delete": summary.delete,
            "keep": summary.keep,
            "import": summary.imported,
            "unchanged": summary.unchanged,
        },
        "steps": [step_document(step) for step in plan.changes],
        "cost": {"before": _amount(cost_before), "after": _amount(cost_after)},
    }


def step_document(step: Step) -> Json:
    """One step as JSON values."""
    return {
        "urn": step.urn,
        "component": step.component,
        "kind": step.kind,
        "layer": step.layer,
        "operation": step.operation,
        "properties": [_property(change) for change in step.properties],
        "reason": step.reason,
        "risk": step.risk,
        "blocked_by": step.blocked_by,
    }


def _property(change: PropertyChange) -> Json:
    return {
        "path": change.path,
        "before": _side(change.before),
        "after": _side(change.after),
        "forces_replacement": change.forces_replacement,
        "secret": change.secret,
    }


def _side(value: Side) -> Json:
    return None if isinstance(value, Absent) else encode(value)


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
