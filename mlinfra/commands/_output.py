"""Where output goes: results to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlinfra.render.terminal import Terminal

if TYPE_CHECKING:
    import typer

    from mlinfra.errors import MlinfraError


def emit(text: str) -> None:
    """Write a result. A reader that went away (``| head``) is not an error."""
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except UnicodeEncodeError:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace") + b"\n")
    except BrokenPipeError:
        let_go_of_stdout()


def emit_json(document: object) -> None:
    """Write a JSON document, indented, nothing besides."""
    emit(json.dumps(document, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Write something that is not the result."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"{text}\n")


def stdout() -> Terminal:
    """How results may look."""
    return Terminal.of(sys.stdout, os.environ)


def stderr() -> Terminal:
    """How messages may look."""
    return Terminal.of(sys.stderr, os.environ)


def interactive() -> bool:
    """Whether somebody is there who could be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def let_go_of_stdout() -> None:
    """Point stdout at nothing, so that Python's own flush at exit does not complain about a closed pipe."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nothing, sys.stdout.fileno())


def complain(error: MlinfraError) -> None:
    """Write an error to stderr, with its place where it has one."""
    from mlinfra.render.diagnostics import error_text

    note(error_text(error, stderr()))


def complain_about_usage(error: typer.TyperException) -> None:
    """Write what is wrong with the flags, in the form of all messages."""
    from mlinfra.errors import UsageError

    context = getattr(error, "ctx", None)
    hint = f"`{context.command_path} --help` shows what it takes" if context is not None else None
    text = " ".join(error.format_message().split()).rstrip(".").replace("'", "`").replace("Value error, ", "")
    complain(UsageError(text[:1].lower() + text[1:], hint=hint))


def close_to(word: str, known: Iterable[str]) -> str | None:
    """``did you mean `plan`?``, where something is close to ``word``."""
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean `{found[0]}`?" if found else None
