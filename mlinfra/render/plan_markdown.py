"""A plan as Markdown, for a comment on a pull request."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from mlinfra.cost.model import Estimate
from mlinfra.plan.model import Plan, Step
from mlinfra.render import plan_lines
from mlinfra.render.markdown import code, table

MOST_STEPS = 200
"""Resources that a comment lists: hosts of repositories cut comments at 65,536 characters."""


def plan_markdown(
    plan: Plan,
    after: Estimate | None = None,
    before: Estimate | None = None,
    *,
    region: str | None = None,
    age: datetime.timedelta | None = None,
    simulated: bool = False,
) -> str:
    """Counts and cost first, then the components, then every changed resource behind a fold.

    ``age`` is that of the state that the plan compares with; ``simulated`` says that nothing of it is real.
    What a gate stops is listed in front of the fold.
    """
    found = list(plan_lines.groups(plan, after, before))
    lines = [
        f"### {plan_lines.title(plan, region, simulated=simulated)}",
        "",
        f"**Plan**: {plan_lines.summary(plan)} ({plan_lines.against(plan, age)})",
    ]
    if after is not None:
        lines += ["", f"**Cost**: {plan_lines.cost_line(after, before)}"]
    if not found:
        return "\n".join([*lines, "", "No changes."])
    rows = [(code(g.name), g.kind, f"`{g.heading}`", g.count, g.risk or "", g.cost) for g in found]
    lines += ["", *table(("Component", "Kind", "Change", "Resources", "Risk", "Cost a month"), rows, right=(5,))]
    steps = [step for group in found for step in group.steps]
    stopped = [f"- {code(step.name)} {text}" for step in steps if (text := plan_lines.blocked_text(step))]
    if stopped:
        lines += ["", *stopped[:MOST_STEPS]]
    lines += ["", f"<details><summary>{len(steps)} resources</summary>", ""]
    for step in steps[:MOST_STEPS]:
        lines += _step(step)
    if len(steps) > MOST_STEPS:
        lines.append(f"- and {len(steps) - MOST_STEPS} more")
    return "\n".join([*lines, "", "</details>"])


def _step(step: Step) -> Iterator[str]:
    sign = plan_lines.SIGNS[step.operation]
    risk = f", {text}" if (text := plan_lines.risk_text(step)) else ""
    yield f"- `{sign}` {code(step.name)} {plan_lines.type_text(step.type)}: {plan_lines.DONE[step.operation]}{risk}"
    if step.operation in ("update", "replace"):
        for change in step.properties:
            forced = " (forces replacement)" if change.forces_replacement else ""
            yield f"  - {code(plan_lines.change_text(change))}{forced}"
