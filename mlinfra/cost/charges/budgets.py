"""What AWS Budgets costs. Budgets are billed by the day and counted over the account."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Line, Tier
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import Quantity
from mlinfra.graph.model import ResourceNode

DAYS = Decimal("30.4166667")
"""Days in a month of 730 hours, to seven digits so that two budgets are exactly twice one."""
BUDGETS = (Tier(2 * DAYS, None), Tier(None, "budget"))
"""The first two budgets of an account cost nothing: part of the price list, not of a free tier that ends."""
ACTIONS = (Tier(2 * DAYS, None), Tier(None, "budget with actions"))
"""The same for budgets that have actions."""


@charges_for("aws:budgets/budget:Budget")
def budget(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """One budget."""
    yield Line(
        "Budget",
        Quantity.exactly(DAYS, "budget-day"),
        "budgets",
        formula="30.4 days × price, from the third budget on",
        tiers=BUDGETS,
    )


@charges_for("aws:budgets/budgetAction:BudgetAction")
def action(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A budget with actions costs by the day, however many it has."""
    named = node.inputs.get("budgetName")
    if next(n for n in look.of_type(node.type) if n.inputs.get("budgetName") == named) is not node:
        yield Free("a further action of a budget whose actions are billed already")
        return
    yield Line(
        "Budget with actions",
        Quantity.exactly(DAYS, "budget-day"),
        "budgets",
        formula="30.4 days × price, from the third budget with actions on",
        tiers=ACTIONS,
    )


free(
    "Cost Explorer and its anomaly detection cost nothing to set up",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    "aws:costexplorer/anomalySubscription:AnomalySubscription",
    "aws:costexplorer/costAllocationTag:CostAllocationTag",
    "aws:costexplorer/costCategory:CostCategory",
    "aws:computeoptimizer/enrollmentStatus:EnrollmentStatus",
    "aws:costoptimizationhub/enrollmentStatus:EnrollmentStatus",
)
