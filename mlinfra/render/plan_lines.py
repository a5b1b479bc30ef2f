"""What a plan says, component by component, in words: shared by text and Markdown."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from mlinfra.cost.model import Estimate, Total
from mlinfra.graph.model import Derived, Secret, Unknown
from mlinfra.plan.gates import why_stopped
from mlinfra.plan.model import Absent, Operation, Plan, PropertyChange, Risk, Side, Step, by_component
from mlinfra.render.money import counted, delta, money, monthly
from mlinfra.render.terminal import fitting, printable

SIGNS: dict[Operation, str] = {
    "replace": "!",
    "delete": "-",
    "keep": "o",
    "update": "~",
    "import": ">",
    "create": "+",
    "same": " ",
}
"""Operations from the gravest to none, with their sign."""

DONE: dict[Operation, str] = {
    "create": "created",
    "update": "updated in place",
    "replace": "replaced",
    "delete": "deleted",
    "keep": "leaves the state, stays in the account",
    "import": "taken over as it is",
    "same": "unchanged",
}
LONGEST_VALUE = 60

UNSAID: tuple[Risk, ...] = ("none", "low")
"""Risks that are not worth a word: what a step does says as much."""

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
"""What ages are told in, and how many seconds that is."""


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one component: the gravest operation, what changes, and what it costs or how that differs."""

    name: str
    kind: str
    operation: Operation
    steps: tuple[Step, ...]
    cost: str

    @property
    def heading(self) -> str:
        """``~ update``, or ``~ change`` where several things are done."""
        operations = {step.operation for step in self.steps}
        return f"{SIGNS[self.operation]} {self.operation if len(operations) == 1 else 'change'}"

    @property
    def count(self) -> str:
        """``14 resources``, or ``1 update, 2 create`` where several things are done."""
        operations = [step.operation for step in self.steps]
        if len(set(operations)) == 1:
            return counted(len(operations), "resource")
        return ", ".join(f"{operations.count(name)} {name}" for name in SIGNS if name in operations)

    @property
    def risk(self) -> str | None:
        """The gravest risk among the steps, None where that is low."""
        order: tuple[Risk, ...] = get_args(Risk)
        gravest = max((step.risk for step in self.steps), key=order.index)
        return None if gravest in UNSAID else gravest


def groups(plan: Plan, after: Estimate | None, before: Estimate | None = None) -> Iterator[Group]:
    """One group for each component that changes, in the order of the plan; resources outside as ``(no component)``."""
    for name, steps in by_component(plan).items():
        changes = tuple(step for step in steps if step.operation != "same")
        if changes:
            gravest = next(operation for operation in SIGNS if any(step.operation == operation for step in changes))
            kind = next((step.kind for step in steps if step.kind), "")
            yield Group(name or "(no component)", kind, gravest, changes, _cost(name, plan, after, before))


def title(plan: Plan, region: str | None, *, simulated: bool = False) -> str:
    """``fraud-detection · dev · eu-west-1``; what is ``simulated`` says so."""
    return " · ".join(
        part for part in (plan.blueprint, plan.environment, region, "simulated" if simulated else None) if part
    )


def against(plan: Plan, age: datetime.timedelta | None = None) -> str:
    """What the plan compares with; of a state, how old it is (``state: 2 hours old``)."""
    if plan.against is None:
        return "against nothing: all of it is created"
    return f"against {plan.against}" if age is None else f"{plan.against}: {age_text(age)}"


def age_text(age: datetime.timedelta) -> str:
    """``2 hours old``, in the largest unit that there is a whole one of; ``just written`` below a minute."""
    seconds = int(age.total_seconds())
    unit, size = next(((unit, size) for unit, size in UNITS if seconds >= size), ("", 0))
    return f"{counted(seconds // size, unit)} old" if unit else "just written"


def risk_text(step: Step) -> str | None:
    """``risk: data loss``, None where there is nothing worth a word."""
    return None if step.risk in UNSAID else f"risk: {step.risk}"


def blocked_text(step: Step) -> str | None:
    """``blocked: allow with --allow replace:features``, None where no gate stops the step."""
    if step.blocked_by is None:
        return None
    why = why_stopped(step)
    return f"blocked{f', {why}' if why else ''}: allow with `--allow {step.blocked_by}`"


def summary(plan: Plan) -> str:
    """``14 to create, 1 to update, 2 to replace, 0 to delete, 31 unchanged``; rarer operations where there are any."""
    count = plan.summary
    parts = [
        f"{count.create} to create",
        f"{count.update} to update",
        f"{count.replace} to replace",
        f"{count.delete} to delete",
    ]
    parts += [f"{count.imported} to import"] if count.imported else []
    parts += [f"{count.keep} to leave in the account"] if count.keep else []
    return ", ".join([*parts, f"{count.unchanged} unchanged"])


def cost_line(after: Estimate, before: Estimate | None = None) -> str:
    """What it costs a month, the difference where there is something to differ from, and what is not in the sum."""
    text = monthly(after.total)
    if before is not None:
        text = f"{_figure(before.total)} → {text}"
    return " · ".join([text, *missing(after)])


def missing(estimate: Estimate) -> list[str]:
    """What the sum leaves out: ``1 line needs usage``, ``2 lines have no price``, and what is old."""
    found = []
    if count := len(estimate.needs_usage):
        found.append(f"{counted(count, 'line')} {'needs' if count == 1 else 'need'} usage")
    if count := len(estimate.unpriced):
        found.append(f"{counted(count, 'line')} {'has' if count == 1 else 'have'} no price")
    if count := len(estimate.stale):
        found.append(f"{counted(count, 'line')} with an old price")
    return found


def change_text(change: PropertyChange) -> str:
    """``instanceType  ml.m7i.large → ml.g5.xlarge``."""
    path = printable(change.path)
    if change.secret:
        return f"{path}  (secret) changes"
    if change.added:
        return f"{path}  set to {value_text(change.after)}"
    if change.removed:
        return f"{path}  {value_text(change.before)} removed"
    return f"{path}  {value_text(change.before)} → {value_text(change.after)}"


def value_text(value: Side) -> str:
    """A value in few characters: references by name, what nobody knows yet as ``(known after apply)``."""
    import json
    import re

    if isinstance(value, Absent):
        return "nothing"
    if isinstance(value, Unknown | Derived):
        return "(known after apply)"
    if isinstance(value, Secret):
        return "(secret)"
    if isinstance(value, dict | list):
        text = json.dumps(value, default=value_text, ensure_ascii=False, separators=(", ", ": "))
    else:
        text = value if isinstance(value, str) else json.dumps(value)
    short = re.sub(r"\$\{\{urn:pulumi:[^#}]*::([^#}:]+)#([^}]+)\}\}", r"${\1.\2}", text)
    return fitting(printable(short.replace("\n", " ")), LONGEST_VALUE) or '""'


def type_text(type_: str) -> str:
    """``s3 bucket`` of ``aws:s3/bucket:Bucket``, ``kubernetes Deployment`` of ``kubernetes:apps/v1:Deployment``."""
    package, _, rest = type_.partition(":")
    module, _, name = rest.partition(":")
    words = "".join(
        f" {char.lower()}" if char.isupper() and not before.isupper() else char
        for before, char in zip(f"A{name}", name, strict=False)
    )
    service = module.partition("/")[0] if package == "aws" else package
    return f"{service} {words[:1].lower()}{words[1:]}" if package == "aws" else f"{service} {name}"


def _cost(name: str | None, plan: Plan, after: Estimate | None, before: Estimate | None) -> str:
    if after is None:
        return ""
    new = after.component(name)
    total = new.total if new else None
    if plan.against is None or before is None:
        return "" if total is None else _figure(total)
    old = before.component(name)
    return delta(_expected(old.total if old else None), _expected(total))


def _figure(total: Total) -> str:
    expected = total.range.expected
    return f"{'' if total.complete or expected is None else 'at least '}{money(expected)}"


def _expected(total: Total | None) -> Decimal | None:
    """What a component costs; nothing where there is no such component."""
    return total.range.expected if total else Decimal(0)
