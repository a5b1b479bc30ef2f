"""``mlinfra state repair``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._deployed import moment, stamp
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import close_to, emit, emit_json, note
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.engine.repair import Damage, Unfinished

EXAMPLE = "mlinfra state repair minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    forget: Annotated[
        list[str] | None,
        typer.Option("--forget", help="A resource that was being created and does not exist.", metavar="NAME"),
    ] = None,
    over: Annotated[
        bool,
        typer.Option("--start-over", help="Begin a layer of which no copy is whole with an empty state."),
    ] = False,
    yes: _options.Yes = False,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Put a damaged state file right, and settle what a crash left unfinished.

    A damaged file is replaced by the youngest whole copy and kept beside it. What was being created is only forgotten
    where `--forget` names it, after a copy of the state is written. Exits with 1 if something is left to do.
    After `--start-over` the next apply would create again what exists: `mlinfra adopt` takes it in before that.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._apply import confirmed
    from mlinfra.engine.repair import damages, put_back, start_over, unfinished
    from mlinfra.engine.repair import forget as forgotten
    from mlinfra.engine.session import Options, Session

    deployment = load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ()))
    with Session(deployment, Options(sandbox=sandbox)) as session:
        damaged = damages(deployment, session.backend)
        kept: list[str] = []
        if damaged:
            for one in damaged:
                note(_said(one))
            anew = [one for one in damaged if over and one.copy is None]
            empty = f", and begin {', '.join(one.layer.label for one in anew)} with an empty state" if anew else ""
            confirmed(f"put the copies back{empty}", yes=yes, sandbox=sandbox)
            kept = [(start_over if one in anew else put_back)(session.backend, one) for one in damaged]
        open_ = unfinished(deployment, session.backend)
        chosen = _chosen(open_, forget or [])
        copies: tuple[str, ...] = ()
        if chosen:
            names = ", ".join(f"`{one.operation.name}`" for one in chosen)
            confirmed(
                f"forget {names}, which {'does' if len(chosen) == 1 else 'do'} not exist", yes=yes, sandbox=sandbox
            )
            copies = tuple(str(path) for path in forgotten(session, chosen))
    left = [one for one in open_ if one not in chosen]
    if output == "json":
        emit_json(
            {
                "mlinfra_repair": 1,
                "put_back": [
                    {"layer": one.layer.label, "from": one.copy, "of": stamp(one.modified), "damaged": place}
                    for one, place in zip(damaged, kept, strict=True)
                ],
                "forgotten": [one.operation.urn for one in chosen],
                "copies": list(copies),
                "left": [
                    {
                        "layer": one.layer.label,
                        "operation": one.operation.operation,
                        "urn": one.operation.urn,
                        "advice": one.advice,
                    }
                    for one in left
                ],
            }
        )
    else:
        lines = [_done(one, place) for one, place in zip(damaged, kept, strict=True)]
        lines += [f"forgotten: {one.operation.name}" for one in chosen]
        lines += [f"copy of the state before: {path}" for path in copies]
        lines += [
            f"{one.layer.label}: {one.operation.operation} {one.operation.name} ({one.operation.type}): {one.advice}"
            for one in left
        ]
        emit("\n".join(lines) or "nothing to repair")
    if left:
        raise typer.Exit(1)


def _done(damage: Damage, place: str) -> str:
    if damage.copy is None:
        return (
            f"{damage.layer.label}: an empty state is in its place; {_kept(place)}; "
            "`mlinfra adopt` takes in what exists, before the next apply creates it again"
        )
    return (
        f"{damage.layer.label}: {damage.copy} is in its place; {_kept(place)}; "
        "what was made after the copy is not in it: `mlinfra import` takes in what `mlinfra plan` would make again, "
        "and the next apply what the last one noted"
    )


def _kept(place: str) -> str:
    return f"the damaged one is {place}" if place else "the file was gone"


def _said(damage: Damage) -> str:
    how = "gone" if damage.gone else "damaged"
    if damage.copy is None:
        return f"{damage.layer.label}: `{damage.key}` is {how}, and no copy is whole"
    return (
        f"{damage.layer.label}: `{damage.key}` is {how}; the youngest whole copy is `{damage.copy}` "
        f"of {moment(damage.modified)}, with {damage.resources} entries"
    )


def _chosen(there: tuple[Unfinished, ...], names: list[str]) -> list[Unfinished]:
    """What was named. Raises UsageError for what is not unfinished."""
    known = {one.operation.name for one in there} | {one.operation.urn for one in there}
    for name in names:
        if name not in known:
            raise UsageError(f"nothing unfinished is called `{name}`", hint=close_to(name, known))
    return [one for one in there if one.operation.name in names or one.operation.urn in names]
