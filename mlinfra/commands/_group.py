"""The verbs: names and help from the catalogue, code from their files, each imported only when it is used."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from mlinfra.catalogue import catalogue

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

HELP = "Machine-learning platforms on AWS and Kubernetes from one blueprint, planned and priced before they exist."
SETTINGS: Mapping[str, Any] = {"help_option_names": ["-h", "--help"]}


def files() -> Mapping[str, Path]:
    """The file of each verb by name (``cost explain``, ``state change-secrets``), sorted; nothing is imported."""
    paths = (path for path in Path(__file__).parent.glob("*.py") if path.stem[0] != "_")
    found = {path.stem.replace("_", " ", 1).replace("_", "-"): path for path in paths}
    return dict(sorted(found.items()))


def summary(verb: str) -> str:
    """The one line that the list of verbs shows: the first of the docstring of ``run``."""
    return (inspect.getdoc(_module(verb).run) or "").partition("\n")[0]


def example(verb: str) -> str:
    """The command that the verb's help shows."""
    text: str = _module(verb).EXAMPLE
    return text


def _module(verb: str) -> Any:
    return importlib.import_module(f"mlinfra.commands.{verb.replace(' ', '_').replace('-', '_')}")


class Verbs(TyperGroup):
    """A group that knows its verbs by name. Two words are tried before one: ``cost explain`` is a verb of its own."""

    def list_commands(self, ctx: Context) -> list[str]:  # the signature of the base class
        """Names for help and completion."""
        return sorted({*catalogue().verbs, *files()})

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # as above
        """Import the verb's file and make its command; None where there is no such verb."""
        if cmd_name not in files():
            return None
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        decorate: Callable[[Any], Any] = app.command(
            cmd_name, context_settings=dict(SETTINGS), epilog=f"Example: {example(cmd_name)}"
        )
        decorate(_module(cmd_name).run)
        return typer.main.get_command(app)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the verb that the first words name, or say which are close."""
        two = " ".join(args[:2])
        if len(args) > 1 and two in files():
            return two, self.get_command(ctx, two), args[2:]
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            from mlinfra.commands._output import close_to
            from mlinfra.errors import UsageError

            if parts := [verb for verb in files() if verb.startswith(f"{args[0]} ")]:
                if args[1:2] in (["--help"], ["-h"]):
                    self._explain(ctx, args[0], parts)
                words = ", ".join(f"`{verb}`" for verb in parts)
                raise UsageError(f"`{args[0]}` alone is no verb", hint=f"there are {words}")
            hint = close_to(args[0], files()) or "`mlinfra --help` lists the verbs"
            raise UsageError(f"there is no verb `{args[0]}`", hint=hint)
        return (args[0] if command else None), command, args[1:]

    def _explain(self, ctx: Context, word: str, verbs: list[str]) -> NoReturn:
        from mlinfra.commands._output import emit

        formatter = ctx.make_formatter()
        formatter.write_usage(f"{ctx.command_path} {word}", "VERB [OPTIONS]")
        self._list(formatter, verbs)
        emit(formatter.getvalue())
        ctx.exit()

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Names and help from the catalogue, so that no verb is imported."""
        self._list(formatter, self.list_commands(ctx))

    def _list(self, formatter: HelpFormatter, verbs: list[str]) -> None:
        texts = catalogue().verbs
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, texts.get(verb) or summary(verb)) for verb in verbs])


def group() -> Command:
    """The whole command line."""
    app = typer.Typer(
        cls=Verbs,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=False,
        invoke_without_command=True,
        subcommand_metavar="VERB [BLUEPRINT] [OPTIONS]",
        context_settings=dict(SETTINGS),
        epilog="Start with `mlinfra init`. Details of a verb: `mlinfra VERB --help`.",
    )
    app.callback(help=HELP)(_start)
    made = typer.main.get_command(app)
    made.name = "mlinfra"
    return made


def _start(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    from mlinfra.commands._output import emit

    if version:
        from mlinfra import __version__

        emit(f"mlinfra {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        emit(ctx.get_help())
