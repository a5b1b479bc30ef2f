"""How charge functions read a resource: numbers from inputs, use, other resources of the graph, and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property

from mlinfra.cost.model import UNKNOWN_RANGE, Quantity, Range
from mlinfra.cost.prices.catalogue import Catalogue
from mlinfra.graph.model import Amount, Derived, ResourceGraph, ResourceNode, Secret, Unknown, Value, references_in

Use = Mapping[str, Mapping[str, Amount]]
"""Usage by URN, after overrides."""
Keys = Callable[[ResourceNode], Iterable[str]]
"""What to find a resource by."""


class Reading:
    """The graph as charge functions see it. ``assumptions`` gathers what was assumed, for the estimate to say."""

    def __init__(self, graph: ResourceGraph, catalogue: Catalogue, use: Use) -> None:
        self.graph = graph
        self.catalogue = catalogue
        self.today: date = catalogue.today
        self.assumptions: dict[str, None] = {}
        self._use = use
        self._indexes: dict[tuple[str, Keys], Mapping[str, tuple[ResourceNode, ...]]] = {}

    def region(self, node: ResourceNode) -> str | None:
        """Where a resource is made: its own region, its provider's, or the graph's."""
        own = node.inputs.get("region")
        if isinstance(own, str) and own:
            return own
        if node.provider is not None:
            provider = self.graph.by_urn.get(node.provider) or self.graph.by_urn.get(node.provider.rpartition("::")[0])
            theirs = None if provider is None else provider.inputs.get("region")
            if isinstance(theirs, str) and theirs:
                return theirs
        return self.graph.region

    def use(self, node: ResourceNode, key: str, unit: str) -> Quantity:
        """How much of ``key`` is expected of a resource; unknown where nobody has said."""
        amount = self._use.get(node.urn, {}).get(key)
        return Quantity(UNKNOWN_RANGE if amount is None else Range(*amount), unit)

    def assume(self, text: str) -> None:
        """Record an assumption; the same one is said once."""
        self.assumptions[text] = None

    def of_type(self, name: str) -> tuple[ResourceNode, ...]:
        """All resources of one type, in order of the graph."""
        return self._by_type.get(name, ())

    def index(self, name: str, keys: Keys) -> Mapping[str, tuple[ResourceNode, ...]]:
        """The resources of type ``name`` by what ``keys`` gives for each, in order of the graph; made once."""
        found = self._indexes.get((name, keys))
        if found is None:
            made: dict[str, list[ResourceNode]] = {}
            for node in self.of_type(name):
                for key in dict.fromkeys(keys(node)):
                    made.setdefault(key, []).append(node)
            found = self._indexes[name, keys] = {key: tuple(nodes) for key, nodes in made.items()}
        return found

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[ResourceNode, ...]]:
        found: dict[str, list[ResourceNode]] = {}
        for node in self.graph.nodes:
            found.setdefault(node.type, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def referred(self, value: Value, name: str) -> ResourceNode | None:
        """The resource of type ``name`` that ``value`` refers to."""
        for urn in urns_in(value):
            node = self.graph.by_urn.get(urn)
            if node is not None and node.type == name:
                return node
        return None


def urns_in(value: Value) -> Iterator[str]:
    """URNs of the resources whose outputs are in a value, also where the way they got there is hidden."""
    if isinstance(value, Derived):
        yield from value.urns
    elif isinstance(value, list):
        for item in value:
            yield from urns_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from urns_in(item)
    else:
        yield from (reference.urn for reference in references_in(value))


def known(value: Value) -> bool:
    """Whether a value itself stands in the graph."""
    return not isinstance(value, Unknown | Secret | Derived) and not (isinstance(value, str) and "${{" in value)


def get(value: Value, *path: str | int) -> Value:
    """The value at a path of keys and positions; None where it ends early, what is unknown stays so."""
    for step in path:
        if isinstance(value, Unknown | Secret | Derived):
            return value
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def listed(value: Value) -> list[Value]:
    """A list as it is, one thing as a list of it, nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def texts(value: Value) -> tuple[str, ...]:
    """The known texts in a list."""
    return tuple(item for item in listed(value) if isinstance(item, str) and known(item))


def number(value: Value, default: Decimal | int | None = None) -> Decimal | None:
    """A number from an input: ``default`` where it is left out, None where it is not known or not a number."""
    if value is None:
        return None if default is None else Decimal(default)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() else None


def clipped(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> Decimal | None:
    """``value`` moved to where ``low`` and ``high`` allow it; a bound that is not known does not hold."""
    if value is None:
        return None
    raised = value if low is None else max(low, value)
    return raised if high is None else min(raised, high)


def inputs(node: ResourceNode) -> dict[str, Value]:
    """The inputs of a resource as one value."""
    return dict(node.inputs)


def show(value: Decimal | None) -> str:
    """A figure for a formula: without an exponent or trailing zeros; ``?`` where it is not known."""
    if value is None:
        return "?"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(amount: Range) -> str:
    """A range for a formula: one figure, or ``2 to 10, expected 4``."""
    low, mid, high = (show(figure) for figure in amount)
    return low if low == mid == high else f"{low} to {high}, expected {mid}"
