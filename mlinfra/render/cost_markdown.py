"""An estimate as Markdown, for a comment on a pull request."""

from __future__ import annotations

from mlinfra.cost.model import ComponentEstimate, Estimate
from mlinfra.render import cost_lines
from mlinfra.render.markdown import code, table
from mlinfra.render.money import amounts, money, monthly, price
from mlinfra.render.plan_lines import missing


def cost_markdown(estimate: Estimate, title: str) -> str:
    """The sum, the components, what is not in the sum, what was assumed."""
    rows = [(code(name), *rest) for name, *rest in cost_lines.component_rows(estimate)]
    low, middle, high = (f"**{money(figure)}**" for figure in estimate.totals)
    rows.append(("**Total**", "", low, middle, high, "" if estimate.complete else "at least"))
    lines = [f"### {title}", "", f"**Cost**: {' · '.join([monthly(estimate.total), *missing(estimate)])}", ""]
    lines += table(("Component", "Kind", "Min", "Expected", "Max", ""), rows, right=(2, 3, 4))
    if absent := list(cost_lines.absent(estimate)):
        lines += ["", "Not in the sum:", "", *(f"- {text}" for text in absent)]
    if estimate.assumptions:
        lines += [
            "",
            "<details><summary>Assumed</summary>",
            "",
            *(f"- {text}" for text in estimate.assumptions),
            "",
            "</details>",
        ]
    return "\n".join(lines)


def explain_markdown(part: ComponentEstimate, title: str) -> str:
    """Every line of a component as a table."""
    rows = [
        (
            f"{charge.name} ({code(cost_lines.resource_name(charge.resource))})",
            cost_lines.amount_text(charge),
            f"{amounts(charge.quantity.amount)} {charge.unit}" if charge.quantity else "",
            price(charge.price.usd) if charge.price else "",
            code(charge.formula) if charge.formula else "",
            f"{charge.price.source}, {charge.price.as_of.isoformat()}" if charge.price else charge.reason or "",
        )
        for charge in part.charges
    ]
    lines = [f"### {title}", "", monthly(part.total), ""]
    return "\n".join([*lines, *table(("Line", "Amount", "Quantity", "Price", "Formula", "Source"), rows)])
