"""Errors and warnings with the line that they are about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mlinfra.errors import BlueprintError, Diagnostic, MlinfraError
from mlinfra.render.terminal import PLAIN, Terminal, columns, printable

SEVERITY_COLOUR = {"error": "red", "warning": "yellow", "note": "blue"}
MARGIN = 12

Lines = Callable[[str], Sequence[str]]
"""From the name of a file to its lines; empty where it cannot be read."""


@functools.cache
def lines_of(file: str) -> tuple[str, ...]:
    """The lines of a file, as an editor counts them; none where it cannot be read."""
    try:
        text = Path(file).read_text("utf-8-sig", errors="replace")
    except OSError:
        return ()
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def error_text(error: MlinfraError, terminal: Terminal = PLAIN) -> str:
    """Any error of ours as text."""
    if isinstance(error, BlueprintError):
        return diagnostics_text(error.diagnostics, terminal)
    first, *more = error.message.split("\n")
    lines = [
        f"{terminal.paint('error', 'red', 'bold')}: {printable(first)}",
        *(f"  {printable(line)}" for line in more),
    ]
    return _with_hint(lines, error.hint, terminal)


def diagnostics_text(diagnostics: Iterable[Diagnostic], terminal: Terminal = PLAIN, *, lines: Lines = lines_of) -> str:
    """Every diagnostic with its place, the line that it is about and its hint, a blank line between them."""
    found = tuple(diagnostics)
    shown = [_diagnostic(d, terminal, lines(d.file or "")) for d in found]
    errors = sum(1 for d in found if d.severity == "error")
    if errors > 1:
        shown.append(f"{errors} errors")
    return "\n\n".join(shown)


def diagnostic_documents(diagnostics: Iterable[Diagnostic]) -> dict[str, object]:
    """``{"mlinfra_diagnostics": 1, "errors": […], "warnings": […]}``; notes stand among the warnings."""
    documents = [
        {
            "code": d.code,
            "message": d.message,
            "hint": d.hint,
            "file": d.file,
            "line": d.line,
            "column": d.column,
            "path": d.path,
            "severity": d.severity,
        }
        for d in sorted(diagnostics, key=lambda d: d.order)
    ]
    return {
        "mlinfra_diagnostics": 1,
        "errors": [d for d in documents if d["severity"] == "error"],
        "warnings": [d for d in documents if d["severity"] != "error"],
    }


def _diagnostic(one: Diagnostic, terminal: Terminal, lines: Sequence[str]) -> str:
    heading = f"{terminal.paint(one.severity, SEVERITY_COLOUR[one.severity], 'bold')}: {printable(one.message)}"
    if one.line is None:
        place = [f" --> {printable(' '.join(part for part in (one.file, one.path) if part))}"] if one.file else []
        return _with_hint([heading, *place], one.hint, terminal)
    gutter = " " * len(str(one.line))
    where = f"{one.file or '-'}:{one.line}:{one.column or 1}"
    found = [heading, f"{gutter}--> {printable(where)}{f'   {printable(one.path)}' if one.path else ''}"]
    # A line with a credential in it is not shown at all: hiding only the credential would move the caret.
    if one.line <= len(lines) and not _confidential(lines[one.line - 1]):
        before, marked, after = _window(lines[one.line - 1], (one.column or 1) - 1, one.length, terminal.width - MARGIN)
        caret = terminal.paint("^" * max(columns(marked), 1), SEVERITY_COLOUR[one.severity])
        found += [f"{gutter} |", f"{one.line} | {before}{marked}{after}", f"{gutter} | {' ' * columns(before)}{caret}"]
    return _with_hint(found, one.hint, terminal)


def _confidential(line: str) -> bool:
    from mlinfra.blueprint.credentials import credential_in

    return credential_in(line) is not None


def _window(line: str, start: int, length: int, width: int) -> tuple[str, str, str]:
    """What stands before, in and after the marked part, cut on both sides so that it fits ``width``."""
    text = printable(line.rstrip())
    start = min(start, len(text))
    marked = text[start : start + max(length, 1)]
    if columns(marked) > width:
        marked = f"{marked[: width - 1]}…"
    before, after = text[:start], text[start + len(marked) :]
    room = width - columns(marked)
    if columns(before) + columns(after) > room:
        kept = min(len(before), max(room - min(len(after), room // 2), 0))
        before = before if kept >= len(before) else f"…{before[len(before) - kept + 1 :] if kept > 1 else ''}"
        left = max(room - columns(before), 0)
        after = after if len(after) <= left else f"{after[: max(left - 1, 0)]}…"
    return before, marked, after


def _with_hint(lines: Sequence[str], hint: str | None, terminal: Terminal) -> str:
    tail = [f"{terminal.paint('hint', 'cyan')}: {printable(hint)}"] if hint else []
    return "\n".join([*lines, *tail])
