"""``mlinfra sandbox fault``."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from mlinfra.commands._output import emit

EXAMPLE = 'mlinfra sandbox fault "*::lake" --operation create --fail "BucketAlreadyExists: the name is taken"'


def run(
    resource: Annotated[str, typer.Argument(help="Pattern of TYPE::NAME; a name alone stands for any type.")],
    *,
    operation: Annotated[
        Literal["create", "read", "update", "delete"], typer.Option("--operation", help="What goes wrong.")
    ] = "create",
    fail: Annotated[
        str | None, typer.Option("--fail", help="Refuse it with this message.", metavar="MESSAGE", show_default=False)
    ] = None,
    delay: Annotated[
        float | None, typer.Option("--delay", help="Let it take longer.", metavar="SECONDS", show_default=False)
    ] = None,
    die: Annotated[
        Literal["before", "after"] | None,
        typer.Option("--die", help="End the provider before or after the work.", show_default=False),
    ] = None,
    times: Annotated[int, typer.Option("--times", min=1, help="How often.", metavar="N")] = 1,
) -> None:
    """Let an operation of the simulated cloud go wrong the next time."""
    from mlinfra.engine.places import sandbox_folder
    from mlinfra.engine.sandbox import Cloud, Fault
    from mlinfra.errors import UsageError

    given = [("fail", fail), ("delay", delay), ("die", die)]
    chosen = [(kind, str(value)) for kind, value in given if value is not None]
    if len(chosen) != 1:
        raise UsageError(
            "a fault does one thing", hint="one of `--fail MESSAGE`, `--delay SECONDS`, `--die before|after`"
        )
    kind, argument = chosen[0]
    pattern = resource if "::" in resource else f"*::{resource}"
    fault = Fault(kind, pattern, operation, argument, times)  # type: ignore[arg-type]  # the kinds are the three above
    Cloud(sandbox_folder(os.environ) / "cloud.db").inject(fault)
    emit(f"the next {operation} of `{pattern}`: {kind} {argument}")
