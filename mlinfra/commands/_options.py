"""Arguments and flags that several verbs share, with their completion."""

from __future__ import annotations

import os
from typing import Annotated, Literal, TypeAlias

import typer

from mlinfra.commands._completion import blueprints, components, environments
from mlinfra.errors import UsageError

SECONDS = {"s": 1, "m": 60, "h": 3600}


def _use_endpoint(url: str | None) -> str | None:
    """Let everything in this process and the engine's use the server: boto3 and the AWS provider heed the same variable."""
    if url is not None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"`--endpoint {url}` is not a URL", hint="for example `http://127.0.0.1:5000`")
        os.environ["AWS_ENDPOINT_URL"] = url
    return url


def _seconds(text: str) -> float:
    """How long ``90s``, ``30m`` or ``2h`` is."""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in SECONDS or not int(number):
        raise UsageError(f"`--timeout {text}` is not a length of time", hint="for example `90s`, `30m` or `2h`")
    return int(number) * SECONDS[unit]


SOURCE_HELP = (
    "A blueprint; also a folder with Pulumi.yaml, a graph, a preview or a state. Left out: the only blueprint here."
)

Blueprint: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="BLUEPRINT", help="Left out: the only blueprint here.", autocompletion=blueprints, show_default=False
    ),
]
Source: TypeAlias = Annotated[
    str | None,
    typer.Argument(metavar="BLUEPRINT", help=SOURCE_HELP, autocompletion=blueprints, show_default=False),
]
Component: TypeAlias = Annotated[
    str, typer.Argument(metavar="COMPONENT", help="A component of the blueprint.", autocompletion=components)
]
Environment: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        help="Left out: the only one, or MLINFRA_ENVIRONMENT.",
        autocompletion=environments,
        show_default=False,
    ),
]
Sets: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", help="Set a value: `variables.x=1`, `components.main.zones=2`.", metavar="PATH=VALUE"),
]
NoCache: TypeAlias = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep stored graphs.")]
Usage: TypeAlias = Annotated[
    str | None, typer.Option("--usage", help="A usage file, for what depends on use.", metavar="FILE")
]
Region: TypeAlias = Annotated[
    str, typer.Option("--region", help="Region of a Pulumi program that does not say it.", metavar="REGION")
]
Sandbox: TypeAlias = Annotated[
    bool, typer.Option("--sandbox", help="Use the simulated cloud: no account, no credentials, nothing real.")
]
Allow: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--allow", help="Let a gate pass: what the plan names, `replace:lake`.", metavar="GATE"),
]
Endpoint: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        help="A server in the place of AWS's, such as moto. Left out: AWS_ENDPOINT_URL.",
        metavar="URL",
        callback=_use_endpoint,
        show_default=False,
    ),
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
TextOrJson: TypeAlias = Annotated[Literal["text", "json"], typer.Option("--format", help="Form of the result.")]
Parallel: TypeAlias = Annotated[
    int | None,
    typer.Option("--parallel", min=1, help="Resources that are worked on at once.", metavar="N", show_default=False),
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        help="Stop after this time, `90s`, `30m`, `2h`: what is in flight is finished, nothing else begun.",
        metavar="TIME",
        parser=_seconds,
        show_default=False,
    ),
]
Log: TypeAlias = Annotated[
    str | None,
    typer.Option("--log", help="File for the events, as JSON lines.", metavar="FILE", show_default=False),
]
BlueprintOrPlan: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="BLUEPRINT",
        help="Or a file that `mlinfra plan --out` wrote. Left out: the only blueprint here.",
        autocompletion=blueprints,
        show_default=False,
    ),
]
DEFAULT_REGION = "us-east-1"
