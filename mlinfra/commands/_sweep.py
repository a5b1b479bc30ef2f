"""What a destroy leaves: the data that is kept and what it costs, and what nobody meant to keep."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import typer

from mlinfra.commands._output import emit, interactive, note
from mlinfra.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlinfra.engine.destroy import Destruction
    from mlinfra.engine.session import Session
    from mlinfra.engine.sweep import Leftover


def kept_lines(found: Destruction) -> list[str]:
    """What stays in the account, with ids, for before the question; nothing where nothing does."""
    from mlinfra.render.plan_lines import type_text

    if not found.remains:
        return []
    settings = len(found.graph.nodes) - len(found.remains)
    beside = f", with {settings} settings of it" if settings else ""
    return [
        f"Stays in the account, outside of the state{beside}:",
        *(f"  {node.name}  {type_text(node.type)}  {found.identity(node)}" for node in found.remains),
    ]


def swept(session: Session, found: Destruction, output: str, *, purge: bool, yes: bool) -> Mapping[str, object]:
    """Say what is kept and what was left; with ``purge`` delete that after asking. As a document for ``--format json``."""
    kept = _kept(found, output)
    try:
        left = _left(session, found)
    except EngineError as error:
        note(f"warning: {error.message}")
        return {"kept": kept, "leftovers": None}
    if output == "text":
        for line in _leftover_lines(left):
            emit(line)
    gone = _purged(session, left, output, yes=yes) if purge and left else {}
    return {
        "kept": kept,
        "leftovers": [
            {
                "arn": one.arn,
                "type": one.words,
                "component": one.component,
                "monthly_usd": None if one.monthly is None else format(one.monthly, "f"),
                "deleted": one.arn in gone and gone[one.arn] is None,
                "reason": gone.get(one.arn),
            }
            for one in left
        ],
    }


def _kept(found: Destruction, output: str) -> list[dict[str, object]]:
    from mlinfra.commands._estimates import estimated
    from mlinfra.render.plan_lines import type_text

    if not found.remains:
        return []
    priced = estimated(found.graph)
    costs = {node.urn: [c.amount.expected for c in priced.charges if c.resource == node.urn] for node in found.remains}
    if output == "text":
        emit("")
        total = priced.total
        emit(f"kept on purpose, {_monthly(total.range.expected, complete=total.complete)}:")
        for node in found.remains:
            emit(f"  {node.name}  {type_text(node.type)}  {found.identity(node)}")
        first, *others = found.remains
        likewise = ", and likewise the others" if others else ""
        emit(
            f"before the next apply: `mlinfra import {first.component}.{first.name} {found.identity(first)}`{likewise}"
        )
    return [
        {
            "name": node.name,
            "type": node.type,
            "component": node.component,
            "id": found.identity(node),
            "monthly_usd": format(sum(filter(None, costs[node.urn]), Decimal(0)), "f")
            if any(costs[node.urn])
            else None,
        }
        for node in found.remains
    ]


def _left(session: Session, found: Destruction) -> tuple[Leftover, ...]:
    from mlinfra.engine.aws import clients
    from mlinfra.engine.places import sandbox_folder
    from mlinfra.engine.sandbox import Cloud
    from mlinfra.engine.sweep import known_arns, left_in_sandbox, leftovers

    if found.declared is None:
        raise EngineError(
            "what the blueprint keeps is not known, because it cannot be evaluated; nothing was looked for"
        )
    # What the blueprint keeps is nobody's leftover, also where an earlier destroy has taken it out of the state.
    kept = replace(found.declared, nodes=(*found.declared.nodes, *(found.before.nodes if found.before else ())))
    if session.options.sandbox:
        return left_in_sandbox(session.deployment, Cloud(sandbox_folder(os.environ) / "cloud.db"), kept=kept)
    known = known_arns(found.states.values())
    return leftovers(session.deployment, clients(session.deployment), known=known, kept=kept)


def _leftover_lines(left: tuple[Leftover, ...]) -> list[str]:
    if not left:
        return ["nothing else carries the deployment's tags"]
    from mlinfra.render.terminal import printable

    lines = ["", f"left over, {len(left)} (`mlinfra destroy --purge` deletes them after asking):"]
    for one in left:
        component = f" of `{one.component}`" if one.component else ""
        lines.append(f"  {one.words}{component}, {_monthly(one.monthly, complete=True)}")
        lines.append(f"    {printable(one.arn)}")
    return lines


def _purged(session: Session, left: tuple[Leftover, ...], output: str, *, yes: bool) -> Mapping[str, str | None]:
    from mlinfra.engine.aws import clients
    from mlinfra.engine.places import sandbox_folder
    from mlinfra.engine.purge import purge, purge_sandbox
    from mlinfra.engine.sandbox import Cloud

    if not yes and not (interactive() and typer.confirm(f"delete these {len(left)}?", default=False, err=True)):
        note("they were left alone")
        return {}
    if session.options.sandbox:
        gone = purge_sandbox(left, Cloud(sandbox_folder(os.environ) / "cloud.db"))
    else:
        gone = purge(left, clients(session.deployment))
    if output == "text":
        emit(f"{sum(reason is None for reason in gone.values())} deleted")
        for arn, reason in gone.items():
            if reason is not None:
                emit(f"  not deleted: {arn}: {reason}")
    return gone


def _monthly(amount: Decimal | None, *, complete: bool) -> str:
    from mlinfra.render.money import money

    if amount is None:
        return "price unknown"
    return f"{'' if complete else 'at least '}{money(amount)} a month"
