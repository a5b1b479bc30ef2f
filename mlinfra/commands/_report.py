"""How an operation ended, as text for people and as a document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlinfra.commands._output import stdout
from mlinfra.graph.urns import name_of

if TYPE_CHECKING:
    from mlinfra.engine.aftermath import Aftermath, Refused
    from mlinfra.engine.apply import Outcome
    from mlinfra.engine.failures import Failure
    from mlinfra.render.aftermath import Explanation


def report_text(name: str, outcome: Outcome, left: Aftermath, *, sandbox: bool) -> str:
    """What was done; after a failure also what failed and why, what to do, what was not begun, and how it goes on."""
    from mlinfra.render.aftermath import Trouble, names_text, problem_text, trouble_text
    from mlinfra.render.progress import counts_text, duration

    terminal = stdout()
    done = counts_text(left.done) if left.done or outcome.status == "succeeded" else "nothing was done"
    simulated = " (simulated)" if sandbox else ""
    lines = [f"{name} {outcome.status}{simulated} in {duration(outcome.seconds)}: {done}"]
    if outcome.status == "succeeded":
        return lines[0]
    for one in left.failed:
        trouble = Trouble(one.name, one.type, one.component, one.operation)
        lines += ["", trouble_text(trouble, one.said, _explained(one.known), terminal=terminal)]
    for text, known in left.problems(outcome.error):
        lines += ["", problem_text(text, _explained(known), terminal=terminal)]
    lines.append("")
    if left.unfinished:
        lines += names_text("not known how it ended:", (name_of(urn) for urn in left.unfinished), terminal)
        lines.append("`mlinfra state repair` finds out")
    if left.not_begun:
        label = f"not begun, {len(left.not_begun)} of {len(left.planned)}:"
        lines += names_text(label, (step.name for step in left.not_begun), terminal)
    lines.append(f"what is done stays done; `mlinfra {name}` again continues from there")
    return "\n".join(lines)


def report_document(name: str, outcome: Outcome, left: Aftermath, log: Path | None) -> dict[str, object]:
    """The same for programs: ``mlinfra_outcome: 1``. ``log`` is None where nothing was done."""
    failed = outcome.status != "succeeded"
    return {
        "mlinfra_outcome": 1,
        "operation": name,
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "done": dict(left.done),
        "layers": {layer: dict(counts) for layer, counts in outcome.counts.items()},
        "failed_layer": outcome.layer,
        "error": outcome.error,
        "failures": [_refused(refused) for refused in left.failed]
        + [{"said": text, **_known(known)} for text, known in left.problems(outcome.error)],
        "unfinished": list(left.unfinished),
        "not_begun": [step.urn for step in left.not_begun] if failed else [],
        "log": None if log is None else str(log),
    }


def idle_document(name: str) -> dict[str, object]:
    """The document of an operation that had nothing to do."""
    from mlinfra.engine.aftermath import Aftermath
    from mlinfra.engine.apply import Outcome

    return report_document(name, Outcome("succeeded", {}, 0.0), Aftermath(), None)


def _refused(refused: Refused) -> dict[str, object]:
    return {
        "urn": refused.urn,
        "name": refused.name,
        "type": refused.type,
        "component": refused.component,
        "layer": refused.layer,
        "operation": refused.operation,
        "said": refused.said,
        **_known(refused.known),
    }


def _known(known: Failure | None) -> dict[str, object]:
    if known is None:
        return {"code": None, "meaning": None, "advice": None, "retry": None, "quota": None}
    return {
        "code": known.code,
        "meaning": known.meaning,
        "advice": known.advice,
        "retry": known.retry,
        "quota": known.quota,
    }


def _explained(known: Failure | None) -> Explanation | None:
    from mlinfra.render.aftermath import Explanation

    return None if known is None else Explanation(known.meaning, known.advice)
