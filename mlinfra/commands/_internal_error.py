"""What happens when mlinfra itself is at fault: details go to a file, the user hears what to do."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("pulumi-mlinfra", "pulumi", "pulumi-aws", "pulumi-kubernetes", "pydantic", "typer")


def report(error: Exception, arguments: Sequence[str]) -> None:
    """Write the details to a new file that only the user can read, and say on stderr where it is."""
    from mlinfra.commands._output import complain
    from mlinfra.errors import MlinfraError

    try:
        handle, path = tempfile.mkstemp(prefix="mlinfra-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(details(error, arguments))
        hint = f"attach `{path}` and the blueprint to a report; read both before, and take out what is confidential"
    except OSError as failed:
        hint = f"the details could not be written: {failed.strerror}"
    complain(
        MlinfraError(
            f"internal error: {type(error).__name__}; this is a fault of mlinfra, not of the blueprint", hint=hint
        )
    )


def details(error: Exception, arguments: Sequence[str]) -> str:
    """The command, the versions and the traceback. Values of ``--set`` are left out: they may be confidential."""
    lines = [
        f"mlinfra {' '.join(without_values(arguments))}",
        f"python {platform.python_version()} on {platform.platform()}",
    ]
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} not installed")
    return "\n".join([*lines, "", *traceback.format_exception(error)])


def without_values(arguments: Sequence[str]) -> list[str]:
    """The arguments, with what stands after ``=`` replaced."""
    return [f"{name}=…" if mark else name for name, mark, _ in (argument.partition("=") for argument in arguments)]
