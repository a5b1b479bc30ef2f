"""Collecting everything that is wrong, in one voice, with nothing secret in it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal

from mlinfra.blueprint.credentials import masked
from mlinfra.blueprint.source import Path, Span
from mlinfra.components._spec import Reference
from mlinfra.errors import BlueprintError, Diagnostic

MOST_SHOWN = 60


class Problems:
    """Everything that was found so far. Passes add to it and go on; the caller raises at the end."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def error(self, code: str, message: str, at: Span, path: Path = (), hint: str | None = None) -> None:
        """Note an error at ``at``; ``path`` is where it stands in the merged blueprint."""
        self.add(code, message, at, path, hint, "error")

    def warning(self, code: str, message: str, at: Span, path: Path = (), hint: str | None = None) -> None:
        """Note something that is probably not meant."""
        self.add(code, message, at, path, hint, "warning")

    def note(self, code: str, message: str, at: Span, path: Path = (), hint: str | None = None) -> None:
        """Note something that is good to know."""
        self.add(code, message, at, path, hint, "note")

    def add(
        self,
        code: str,
        message: str,
        at: Span,
        path: Path,
        hint: str | None,
        severity: Literal["error", "warning", "note"],
    ) -> None:
        """Note a finding. What looks like a credential is hidden, whatever the message says."""
        if at.line is None and at.origin != "blueprint":
            message = f"{message} (given by `{at.origin}`)"
        self.found.append(
            Diagnostic(
                code,
                masked(message),
                masked(hint) if hint else None,
                at.file,
                at.line,
                at.column,
                at.length,
                masked(".".join(path)),
                severity,
            )
        )

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(1 for item in self.found if item.severity == "error")

    def of(self, severity: str) -> tuple[Diagnostic, ...]:
        """What was found of one severity, in the order of the file."""
        return tuple(sorted({item for item in self.found if item.severity == severity}, key=lambda item: item.order))

    def raise_if_any(self) -> None:
        """Raise BlueprintError with everything if there is an error."""
        if self.errors:
            raise BlueprintError(self.found)


def close_to(word: str, choices: Iterable[str]) -> str | None:
    """``did you mean `x`?`` for the choice that is closest to ``word``; None if none is close."""
    known = sorted(set(choices))
    folded = {choice.lower().replace("-", "_"): choice for choice in known}
    near = difflib.get_close_matches(word[:100].lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return f"did you mean `{folded[near[0]]}`?" if near else None


def listed(words: Iterable[str], *, last: str = "and", none: str = "none") -> str:
    """`` `a`, `b` and `c` ``; long lists are cut."""
    shown = [f"`{word}`" for word in words]
    if len(shown) > 12:
        shown = [*shown[:11], f"{len(shown) - 11} more"]
    if len(shown) < 2:
        return shown[0] if shown else none
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def shown(value: Any) -> str:
    """A value in a message: as it would be typed, short, without secrets."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value) if isinstance(value, str | Reference | Decimal) else json.dumps(value)
    text = masked(text).replace("\n", " ").replace("`", "'")
    return f"`{text[: MOST_SHOWN - 1]}…`" if len(text) > MOST_SHOWN else f"`{text}`" if text else "empty text"
