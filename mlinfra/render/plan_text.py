"""A plan as text for a terminal or a log."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from mlinfra.cost.model import Estimate
from mlinfra.plan.model import Operation, Plan, PropertyChange, Step
from mlinfra.render import plan_lines
from mlinfra.render.plan_lines import Group
from mlinfra.render.terminal import PLAIN, Terminal, columns, fitting, padded, printable, words, wrapped

COLOUR: dict[Operation, str] = {
    "create": "green",
    "update": "yellow",
    "replace": "red",
    "delete": "red",
    "keep": "blue",
    "import": "blue",
    "same": "dim",
}
SHOWN_PROPERTIES = 6
"""Changes of one resource that are listed before the rest is counted."""


def plan_text(
    plan: Plan,
    after: Estimate | None = None,
    before: Estimate | None = None,
    *,
    region: str | None = None,
    age: datetime.timedelta | None = None,
    simulated: bool = False,
    details: bool = False,
    terminal: Terminal = PLAIN,
) -> str:
    """The plan by component, then counts and monthly cost. ``details`` lists created resources and all properties.

    ``age`` is that of the state that the plan compares with; ``simulated`` says that nothing of it is real.
    """
    found = list(plan_lines.groups(plan, after, before))
    heading = _ends(plan_lines.title(plan, region, simulated=simulated), plan_lines.against(plan, age), terminal.width)
    lines = [terminal.paint(heading, "bold"), ""]
    if found:
        lines += [*_body(found, details=details, terminal=terminal), ""]
    else:
        lines += ["  No changes.", ""]
    lines += wrapped("Plan: ", plan_lines.summary(plan).split(", "), ", ", terminal.width)
    if after is not None:
        lines += _cost(plan_lines.cost_line(after, before), terminal.width)
    return "\n".join(line.rstrip() for line in lines)


def _cost(text: str, width: int) -> Iterator[str]:
    """The line of the cost; the range on a line of its own where it does not fit behind the figures."""
    figures, *missing = text.split(" · ")
    label = "Cost: "
    if columns(label + figures) > width and " (min " in figures:
        figures, _, ends = figures.partition(" (min ")
        yield label + figures
        label, figures = " " * len(label), f"(min {ends}"
    yield from wrapped(label, [figures, *missing], " · ", width)


def _body(found: Sequence[Group], *, details: bool, terminal: Terminal) -> Iterator[str]:
    # Names are at most 24 characters in the language; longer ones of foreign programs must not break the columns.
    name = min(max(columns(group.name) for group in found), 24)
    kind = min(max(columns(group.kind) for group in found), 20)
    heading = max(len(group.heading) for group in found)
    for group in found:
        left = "  ".join(
            [
                f"  {padded(fitting(group.name, name), name)}",
                *([padded(fitting(group.kind, kind), kind)] if kind else []),
                terminal.paint(padded(group.heading, heading), COLOUR[group.operation]),
                group.count,
            ]
        )
        if group.risk is not None:
            left += f"   risk: {group.risk}"
        yield _ends(left, group.cost, terminal.width)
        for step in group.steps:
            if details or step.operation != "create" or step.blocked_by:
                yield from _step(step, details=details, terminal=terminal)


def _step(step: Step, *, details: bool, terminal: Terminal) -> Iterator[str]:
    width = terminal.width
    what = fitting(f"{step.name}", 40)
    parts = [what, plan_lines.type_text(step.type), plan_lines.DONE[step.operation]]
    if risk := plan_lines.risk_text(step):
        parts.append(f" {risk}")
    first, *more = wrapped("        ", parts, "  ", width)
    yield first[2:]
    yield from more
    if step.reason and (step.operation not in ("delete", "keep") or plan_lines.risk_text(step)):
        yield from wrapped("          ", words(step.reason), " ", width)
    if blocked := plan_lines.blocked_text(step):
        yield from wrapped("          ", words(blocked), " ", width)
    if step.operation in ("update", "replace"):
        shown = step.properties if details else step.properties[:SHOWN_PROPERTIES]
        for change in shown:
            forced = "   forces replacement" if change.forces_replacement else ""
            yield from _change(change, forced, width)
        if len(shown) < len(step.properties):
            yield f"          and {len(step.properties) - len(shown)} more; `--details` lists all"


def _change(change: PropertyChange, forced: str, width: int) -> Iterator[str]:
    """A property on one line, or with its two values below each other where they do not fit beside each other."""
    line = f"          {plan_lines.change_text(change)}{forced}"
    if columns(line) <= width or change.secret or change.added or change.removed:
        yield fitting(line, width)
        return
    yield fitting(f"          {printable(change.path)}{forced}", width)
    yield fitting(f"            {plan_lines.value_text(change.before)}", width)
    yield fitting(f"          → {plan_lines.value_text(change.after)}", width)


def _ends(left: str, right: str, width: int) -> str:
    """``left`` and ``right`` at the two ends of a line; on two lines where they do not fit."""
    if not right:
        return left
    gap = width - columns(left) - columns(right)
    return f"{left}{' ' * gap}{right}" if gap >= 2 else f"{left}\n{' ' * max(width - columns(right), 0)}{right}"
