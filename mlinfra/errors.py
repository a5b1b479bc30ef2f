"""Everything that mlinfra raises on purpose.

    MlinfraError                    catch this to catch all of it
    ├── BlueprintError              the blueprint is wrong; carries every Diagnostic, sorted by position
    ├── UsageError                  the call is wrong: no such file, environment, kind, template, format
    ├── GraphError                  a graph, preview or state document cannot be read
    ├── ProgramError                a Pulumi program failed while it was evaluated
    ├── PriceError                  a price table or a usage file is malformed
    ├── EngineError                 Pulumi's engine, its state or the cloud said no
    └── RefusedError                a gate stops the plan, or the plan file is out of date; nothing was changed

Each message says what is wrong, what was given and what is allowed; ``hint`` is the next step. No message ever carries a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong with a document, and where.

    ``line`` and ``column`` count from 1 and are None where there is no place to point at (``--set``, environment variables);
    ``length`` is how many characters to underline; ``path`` is dotted (``components.endpoint.instance_type``); ``code`` is stable.
    """

    code: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    length: int = 1
    path: str = ""
    severity: Severity = "error"

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by file and position, then by code and message."""
        return (self.file or "", self.line or 0, self.column or 0, self.code, self.message)


class MlinfraError(Exception):
    """Base of all errors that a user can do something about."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BlueprintError(MlinfraError):
    """The blueprint cannot be used. ``diagnostics`` holds all that was found, in the order of the file."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics), key=lambda d: d.order))
        errors = sum(1 for d in self.diagnostics if d.severity == "error")
        super().__init__(f"{errors} error{'' if errors == 1 else 's'} in the blueprint")

    def __str__(self) -> str:
        return "\n".join(f"{d.file or '-'}:{d.line or 0}:{d.column or 0}: {d.message}" for d in self.diagnostics)


class UsageError(MlinfraError):
    """The command or call cannot be carried out as it was given."""


class GraphError(MlinfraError):
    """A resource graph, a preview or a state document cannot be read."""


class ProgramError(MlinfraError):
    """A Pulumi program failed while it was evaluated."""


class PriceError(MlinfraError):
    """A price table or a usage file is malformed."""


class EngineError(MlinfraError):
    """Pulumi's engine, its state or the cloud said no, or something that applying needs is not there."""


class RefusedError(MlinfraError):
    """Nothing was changed: a gate stops what was asked for, or things are no longer as the plan file says."""
