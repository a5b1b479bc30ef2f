"""An estimate as text: the components, the largest lines, what is not in the sum, what was assumed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from mlinfra.cost.model import Charge, ComponentEstimate, Estimate
from mlinfra.render import cost_lines
from mlinfra.render.money import amounts, money, monthly, price
from mlinfra.render.plan_lines import missing
from mlinfra.render.tables import table
from mlinfra.render.terminal import PLAIN, Terminal, wrapped

LARGEST = 5


def cost_text(estimate: Estimate, title: str, *, terminal: Terminal = PLAIN) -> str:
    """What each component costs a month, and what there is to know about the sum."""
    rows = cost_lines.component_rows(estimate)
    lines = [terminal.paint(title, "bold"), ""]
    if rows:
        low, middle, high = estimate.totals
        total = ("Total", "", money(low), money(middle), money(high), "")
        rows = [*rows, ("", "", "", "", "", ""), total]
    lines += [table(cost_lines.HEADINGS, rows, right=(2, 3, 4), whole=(0, 1), terminal=terminal), ""]
    lines += [*wrapped("Cost: ", [monthly(estimate.total), *missing(estimate)], " · ", terminal.width), ""]
    if largest := cost_lines.largest(estimate, LARGEST):
        lines += [terminal.paint("Largest lines", "bold")]
        rows = [(f"  {name}", *rest) for name, *rest in largest]
        body = table(("", "", "", ""), rows, right=(2,), whole=(0,), terminal=terminal)
        lines += [body, ""]
    if absent := list(cost_lines.absent(estimate)):
        lines += [terminal.paint("Not in the sum", "bold"), *_points(absent, terminal.width), ""]
    if estimate.assumptions:
        lines += [terminal.paint("Assumed", "bold"), *_points(estimate.assumptions, terminal.width)]
    return "\n".join(lines).rstrip()


def explain_text(part: ComponentEstimate, title: str, *, terminal: Terminal = PLAIN) -> str:
    """Every line of a component: quantity, price, formula, source and date."""
    lines = [terminal.paint(title, "bold"), "", monthly(part.total)]
    for charge in part.charges:
        if charge.status != "free":
            lines += ["", *_charge(charge, terminal)]
    if free := cost_lines.free(part):
        lines += ["", terminal.paint("Free of charge", "bold"), *_points(free, terminal.width)]
    return "\n".join(lines)


def usage_text(estimate: Estimate, usage: cost_lines.Usage, *, terminal: Terminal = PLAIN) -> str:
    """The usage keys that the estimate depends on, with what is reckoned with."""
    rows = cost_lines.usage_rows(estimate, usage)
    if not rows:
        return "Nothing in this estimate depends on use."
    return table(("COMPONENT", "RESOURCE", "KEY", "PRESENT VALUE"), rows, whole=(0, 2), terminal=terminal)


def _charge(charge: Charge, terminal: Terminal) -> Iterator[str]:
    yield f"{terminal.paint(charge.name, 'bold')}   {cost_lines.amount_text(charge)}"
    yield f"  resource   {cost_lines.resource_name(charge.resource)}"
    if charge.quantity is not None:
        yield f"  quantity   {amounts(charge.quantity.amount)} {charge.unit}"
    if charge.price is not None:
        band = charge.price.range
        shown = (
            price(band.expected)
            if band.min == band.max
            else f"{price(band.min)} to {price(band.max)}, reckoned with {price(band.expected)}"
        )
        yield f"  price      {shown} for one {charge.price.unit}"
    if charge.formula:
        yield from textwrap.wrap(f"  formula    {charge.formula}", terminal.width, subsequent_indent=" " * 13)
    if charge.key is not None:
        yield f"  looked up  {charge.key}"
    if charge.price is not None:
        old = ", older than its budget" if charge.price.stale else ""
        unsure = ", not confirmed by a second source" if charge.price.confidence == "low" else ""
        text = f"  source     {charge.price.source}, {charge.price.as_of.isoformat()}{old}{unsure}"
        yield from textwrap.wrap(
            text, terminal.width, subsequent_indent=" " * 13, break_long_words=False, break_on_hyphens=False
        )
    if charge.usage:
        yield f"  depends on `expected: {{{charge.usage}: …}}`"
    if charge.reason:
        yield from textwrap.wrap(f"  because    {charge.reason}", terminal.width, subsequent_indent=" " * 13)


def _points(texts: list[str] | tuple[str, ...], width: int) -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(
            text, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )
