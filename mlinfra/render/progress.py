"""What happens during an operation, a line an event."""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.render.terminal import PLAIN, Terminal, fitting, printable

DONE: Mapping[str, tuple[str, str]] = {
    "create": ("created", "green"),
    "create-replacement": ("created anew", "green"),
    "update": ("updated", "yellow"),
    "delete": ("deleted", "red"),
    "delete-replaced": ("old one deleted", "red"),
    "replace": ("replaced", "yellow"),
    "keep": ("left in place", "blue"),
    "discard": ("forgotten", "blue"),
    "import": ("imported", "blue"),
}
"""The words for what is done with a resource, and their colour, by the engine's own operations."""

DOING: Mapping[str, str] = {
    "create": "creating",
    "create-replacement": "creating anew",
    "update": "updating",
    "delete": "deleting",
    "delete-replaced": "deleting the old one",
    "keep": "leaving in place",
    "import": "importing",
}
LAYER: Mapping[str, str] = {"up": "", "deletions": ": what is no longer needed", "destroy": ": destroying"}


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def resource_line(
    name: str, type_: str, operation: str, phase: str, seconds: float, *, terminal: Terminal = PLAIN
) -> str:
    """``  ✓ created      lake-raw  s3 bucket  0.4 s``; failures in words, not only in colour."""
    if phase == "failed":
        mark, words, colour = "✗", f"{DOING.get(operation, operation)} failed", "red"
    else:
        words, colour = DONE.get(operation, (operation, "dim"))
        mark = "✓"
    kind = type_.rpartition(":")[2]
    line = f"  {mark} {words:<16} {name}  {kind}  {duration(seconds)}"
    return terminal.paint(fitting(line, terminal.width), colour)


def layer_line(layer: str, what: str) -> str:
    """The heading of a layer's work."""
    return f"{layer}{LAYER[what]}"


def counts_text(counts: Mapping[str, int]) -> str:
    """``14 created, 2 updated, 31 unchanged``. A replacement is one thing where both its halves were done."""
    halves = [counts.get("create-replacement", 0), counts.get("delete-replaced", 0)]
    told = {op: count for op, count in counts.items() if op in DONE and count}
    if halves[0] and halves[0] == halves[1]:
        told = {op: count for op, count in told.items() if op != "delete-replaced"}
        told = {"replace" if op == "create-replacement" else op: count for op, count in told.items()}
    parts = [f"{count} {DONE[op][0]}" for op, count in told.items()]
    if counts.get("same"):
        parts.append(f"{counts['same']} unchanged")
    return ", ".join(parts) or "nothing to do"


def message_line(severity: str, text: str, *, terminal: Terminal = PLAIN) -> str:
    """A message of the engine or a provider."""
    shown = " ".join(printable(line) for line in text.splitlines() if line.strip())
    colour = {"error": "red", "warning": "yellow"}.get(severity, "dim")
    return f"    {terminal.paint(severity, colour)}: {shown}"
