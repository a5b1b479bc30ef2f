"""Drift as text: what was changed or deleted by somebody else, by component."""

from __future__ import annotations

from collections.abc import Sequence

from mlinfra.plan.model import Step
from mlinfra.render import plan_lines
from mlinfra.render.terminal import PLAIN, Terminal, fitting


def drift_text(steps: Sequence[Step], looked_at: int, *, terminal: Terminal = PLAIN) -> str:
    """A block for each resource that differs, then a count. ``looked_at`` is how many resources were compared."""
    lines: list[str] = []
    for step in sorted(steps, key=lambda one: (one.component or "", one.urn)):
        colour = "red" if step.operation == "delete" else "yellow"
        heading = f"  {step.component or '-'}  {step.name}  {plan_lines.type_text(step.type)}  {step.reason}"
        lines.append(terminal.paint(fitting(heading, terminal.width), colour))
        lines += [fitting(f"      {plan_lines.change_text(change)}", terminal.width) for change in step.properties]
    gone = sum(step.operation == "delete" for step in steps)
    count = f"{len(steps) - gone} changed, {gone} gone, {looked_at - len(steps)} as applied"
    if not steps:
        return f"No drift: {looked_at} resources are as applied."
    return "\n".join([*lines, "", f"Drift: {count}", "`mlinfra apply --refresh` puts it right"])
