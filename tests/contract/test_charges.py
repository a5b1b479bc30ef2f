"""Laws over charges: whatever a kind creates is priced or free for a reason, and nothing is declared for nobody."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from contract.every_graph import GRAPHS, graph_of

from mlinfra.components._registry import find
from mlinfra.cost import Estimate, coverage, estimate, usage_keys
from mlinfra.cost.charges import _registry
from mlinfra.cost.prices.catalogue import FOLDER as PRICES

ROOT = Path(__file__).parent.parent.parent
TODAY = date(2026, 11, 1)


@cache
def priced(graph: str) -> Estimate:
    return estimate(graph_of(graph), today=TODAY)


@pytest.mark.parametrize("graph", GRAPHS)
def test_every_resource_is_priced_or_free_for_a_reason(graph: str) -> None:
    nodes = graph_of(graph).nodes
    assert coverage(node.type for node in nodes) == ()
    charged = {charge.resource for charge in priced(graph).charges}
    assert [n.urn for n in nodes if n.custom and not n.type.startswith("pulumi:") and n.urn not in charged] == []
    silent = [c for c in priced(graph).charges if c.status in ("free", "unpriced") and not c.reason]
    assert silent == []


@pytest.mark.parametrize("graph", GRAPHS)
def test_kinds_say_how_much_of_everything_is_expected(graph: str) -> None:
    """Those that take `expected`, that is."""
    kinds = {part.name: part.kind for part in priced(graph).components}
    takes = {name for name, kind in kinds.items() if kind and "expected" in find(kind).spec.model_fields}
    assert [(c.resource, c.usage) for c in priced(graph).needs_usage if c.component in takes] == []


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_kinds_expect_matters_to_a_charge(graph: str) -> None:
    unheard = [
        (node.name, key) for node in graph_of(graph).nodes for key in node.usage if key not in usage_keys(node.type)
    ]
    assert unheard == []


@pytest.mark.parametrize("graph", GRAPHS)
def test_the_least_the_expected_and_the_most_ascend(graph: str) -> None:
    for charge in priced(graph).charges:
        known = [figure for figure in charge.amount if figure is not None]
        assert known == sorted(known), charge
        amounts = [] if charge.quantity is None else [f for f in charge.quantity.amount if f is not None]
        assert amounts == sorted(amounts), charge


def test_every_declared_type_exists() -> None:
    coverage([])  # finds the declarations
    declared = {*_registry._functions, *_registry._free}
    text = resources.files("pulumi_aws").joinpath("__init__.py").read_text("utf-8")
    real = set(re.findall(r'"(aws:[A-Za-z0-9/]+:[A-Za-z0-9]+)": "', text))
    assert len(real) > 1000
    assert sorted(name for name in declared if name.startswith("aws:") and name not in real) == []
    assert {name.partition(":")[0] for name in declared} == {"aws", "kubernetes"}


def test_every_price_table_is_looked_up_by_a_charge() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "mlinfra" / "cost" / "charges").glob("*.py"))
    assert [path.stem for path in PRICES.glob("*.csv") if f'"{path.stem}"' not in source] == []
