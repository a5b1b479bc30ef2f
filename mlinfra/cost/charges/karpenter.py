"""What Karpenter's node pools can cost: from the cheapest nodes that are allowed to the dearest, up to the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from typing import NamedTuple

from mlinfra.cost.charges._lines import Free, Item, Unpriced
from mlinfra.cost.charges._nodes import UNIT, disks_of, joined, node_hours, spot, volumes
from mlinfra.cost.charges._quantities import parse_quantity
from mlinfra.cost.charges._reading import Reading, get, inputs, listed, number, show, span, texts
from mlinfra.cost.charges._registry import charges_for
from mlinfra.cost.data.tables import Instance, instances
from mlinfra.cost.model import ZERO, Money, Price, PriceKey, Range
from mlinfra.graph.model import ResourceNode, Value

RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
MIB = Decimal(1_048_576)
DEFAULT_DISK_GIB = 20


@charges_for(
    "kubernetes:karpenter.sh/v1:NodePool",
    usage={
        "average_nodes": "nodes that run on average; a range also bounds them; left out: one expected, none at least"
    },
)
def node_pool(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Nodes of a pool. Karpenter starts the cheapest type that fits, so that is expected."""
    spec, region = get(inputs(node), "spec"), look.region(node)
    if region is None:
        yield Unpriced("Nodes", "the region of the resource is not known")
        return
    requirements = tuple(map(_requirement, listed(get(spec, "template", "spec", "requirements"))))
    allowed = _allowed(requirements)
    found = {m: look.catalogue.find(PriceKey("ec2_on_demand", region, m.type, UNIT)).price for m in allowed}
    prices = {machine: price for machine, price in found.items() if price is not None and price.usd is not None}
    capacity, types = _capacity_types(requirements), {machine.type for machine in allowed}
    if capacity == {"reserved"} and any(held.inputs.get("instanceType") in types for held in look.of_type(RESERVATION)):
        yield Free("runs in a capacity reservation that is priced itself, used or not", "Nodes")
        return
    if capacity == {"reserved"}:
        look.assume(
            "reserved capacity that is not in the graph is reckoned at its on-demand price while nodes run in it"
        )
    if not prices:
        names = ", ".join(sorted(m.type for m in allowed)[:3])
        yield Unpriced(
            "Nodes",
            f"no price in {region} is known for what the requirements allow ({names or 'no instance type fits them'})",
        )
        return
    if len(prices) < len(allowed):
        look.assume(
            f"node pool {node.name}: {len(allowed) - len(prices)} of {len(allowed)} instance types "
            f"have no price in {region} and are left out"
        )
    fleet = _fleet(node, look, get(spec, "limits"), prices, fixed=number(get(spec, "replicas")))
    price = _price(look, region, fleet, prices, capacity)
    kinds = fleet.cheapest.type if fleet.dearest is fleet.cheapest else f"{fleet.cheapest.type} to {fleet.dearest.type}"
    allowance = ", spot allowed" if "spot" in capacity else ""
    formula = f"{span(fleet.nodes)} nodes ({kinds}{allowance}) × 730 hours × price"
    open_end = "the pool has no limits, or a price is not known: the most that it can cost is open"
    yield node_hours("Nodes", fleet.nodes, price, formula, open_end)
    yield from volumes("Node volumes", fleet.machines, _disks(look, spec))


class _Requirement(NamedTuple):
    """One requirement of a pool, as far as it is known."""

    key: str
    operator: str
    values: tuple[str, ...]


def _requirement(value: Value) -> _Requirement:
    return _Requirement(str(get(value, "key")), str(get(value, "operator")), texts(get(value, "values")))


@cache
def _allowed(requirements: tuple[_Requirement, ...]) -> tuple[Instance, ...]:
    """The instance types that meet all requirements. Older generations count only where they are asked for by name."""
    named = {value for each in requirements if each.operator == "In" for value in each.values}
    return tuple(
        machine
        for machine in instances().values()
        if (machine.current or machine.type in named or machine.family in named)
        and all(_fits(requirement, machine) for requirement in requirements)
    )


class _Fleet(NamedTuple):
    """What a pool may run: ``nodes`` up to the costliest fleet that is allowed, ``machines`` up to the largest one.

    ``hourly`` is what the costliest fleet costs an hour, divided by the most ``nodes``; None where that is open.
    """

    nodes: Range
    machines: Range
    cheapest: Instance
    dearest: Instance
    hourly: Money | None


def _fleet(
    node: ResourceNode, look: Reading, limits: Value, prices: Mapping[Instance, Price], fixed: Decimal | None
) -> _Fleet:
    """Limits always hold; a stated range of `average_nodes` holds the number of nodes as well."""
    cheapest = min(prices, key=lambda m: (prices[m].usd or ZERO, m.type))
    stated = look.use(node, "average_nodes", "node").amount if fixed is None else Range.exactly(fixed)
    if stated.expected is None:
        look.assume("a Karpenter pool without `average_nodes` runs one node on average, of the cheapest type allowed")
        stated = Range.exactly(1)
    held = fixed is not None or stated.min != stated.max
    allowed = {m: _least(_most(limits, m), stated.max if held else None) for m in prices}
    bounded = {machine: nodes for machine, nodes in allowed.items() if nodes is not None}
    expected = _least(stated.expected, allowed[cheapest])
    least = _least(stated.min, expected) if held else ZERO
    if len(bounded) < len(prices):
        open_end = Range(least, expected, None)
        return _Fleet(open_end, open_end, cheapest, cheapest, prices[cheapest].usd)
    if len(bounded) > 1:
        look.assume("the most that a Karpenter pool costs is reckoned with nodes of one type")
    dearest = max(bounded, key=lambda m: (bounded[m] * (prices[m].usd or ZERO), m.type))
    top, hourly = bounded[dearest], prices[dearest].usd
    if expected is not None and expected > top and hourly is not None:
        # The costliest fleet is a few large nodes, fewer than the small ones that are expected: the same amount, spread.
        top, hourly = expected, hourly * top / expected
    largest = Range(least, expected, max(bounded.values()))
    return _Fleet(Range(least, expected, top), largest, cheapest, dearest, hourly)


def _least(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The smaller of two bounds; None where neither holds."""
    return min((bound for bound in (one, other) if bound is not None), default=None)


def _price(look: Reading, region: str, fleet: _Fleet, prices: Mapping[Instance, Price], capacity: set[str]) -> Price:
    """From the cheapest type to that of the costliest fleet; with spot, from the lowest offer."""
    low, high = prices[fleet.cheapest], prices[fleet.dearest]
    price = joined(low.key, low.usd, (low, high), (low.usd, fleet.hourly))
    if "spot" in capacity:
        offer, _ = spot(look, region, (fleet.cheapest.type,))
        if offer is not None:
            return joined(offer.key, offer.usd, (offer, price), (offer.range.min, fleet.hourly))
    return price


def _most(limits: Value, machine: Instance) -> Decimal | None:
    """How many nodes of one type the limits allow; None where no limit holds it."""
    offers = {
        "cpu": machine.vcpus,
        "memory": machine.memory_mib * MIB,
        "nvidia.com/gpu": machine.accelerators if machine.manufacturer == "NVIDIA" else ZERO,
        "aws.amazon.com/neuron": machine.accelerators if machine.accelerator_kind == "neuron" else ZERO,
        "nodes": Decimal(1),
    }
    caps = limits if isinstance(limits, dict) else {}
    allowed = [(parse_quantity(limit), offers[name]) for name, limit in caps.items() if offers.get(name)]
    counts = [(limit / each).to_integral_value(ROUND_FLOOR) for limit, each in allowed if limit is not None]
    return min(counts) if counts else None


SETS: Mapping[str, Callable[[set[str], set[str]], bool]] = {
    "In": lambda own, wanted: bool(own & wanted),
    "NotIn": lambda own, refused: not own & refused,
    "Exists": lambda own, _: bool(own),
    "DoesNotExist": lambda own, _: not own,
}


def _fits(requirement: _Requirement, machine: Instance) -> bool:
    """Whether an instance type meets one requirement. Labels that say nothing about the type narrow nothing."""
    key, operator, values = requirement
    labels = _all_labels()[machine.type]
    if key not in labels or (operator not in ("Exists", "DoesNotExist") and not values):
        return True
    own = labels[key]
    if operator in SETS:
        return SETS[operator](set(own), set(values))
    mine, bound = number(own[0]) if own else None, number(values[0]) if values else None
    if mine is None or bound is None:
        return False
    return {"Gt": mine > bound, "Lt": mine < bound, "Gte": mine >= bound, "Lte": mine <= bound}.get(operator, True)


@cache
def _all_labels() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return {name: _labels(machine) for name, machine in instances().items()}


def _labels(machine: Instance) -> dict[str, tuple[str, ...]]:
    """What Karpenter knows of an instance type, as texts; empty where a label is absent."""
    gpu = machine.accelerator_kind == "gpu"
    neuron = machine.accelerator_kind == "neuron"
    name = (machine.accelerator.split(" (")[0].lower().replace(" ", "-"),) if machine.accelerator else ()
    count = (show(machine.accelerators),) if machine.accelerators else ()
    label = "karpenter.k8s.aws/instance-"
    return {
        "node.kubernetes.io/instance-type": (machine.type,),
        "kubernetes.io/arch": tuple("amd64" if a == "x86_64" else a for a in machine.architectures),
        f"{label}family": (machine.family,),
        f"{label}category": (machine.category,),
        f"{label}generation": () if machine.generation is None else (show(machine.generation),),
        f"{label}size": (machine.size,),
        f"{label}cpu": (show(machine.vcpus),),
        f"{label}memory": (show(machine.memory_mib),),
        f"{label}gpu-name": name if gpu else (),
        f"{label}gpu-count": count if gpu else (),
        f"{label}gpu-manufacturer": (machine.manufacturer.lower(),) if gpu else (),
        f"{label}accelerator-name": name if neuron else (),
        f"{label}accelerator-count": count if neuron else (),
        f"{label}accelerator-manufacturer": (machine.manufacturer.lower(),) if neuron else (),
        f"{label}local-nvme": (show(machine.local_nvme_gb),) if machine.local_nvme_gb else (),
    }


def _capacity_types(requirements: Iterable[_Requirement]) -> set[str]:
    for requirement in requirements:
        if requirement.key == "karpenter.sh/capacity-type" and requirement.operator == "In":
            return set(requirement.values)
    return {"on-demand"}


def _disks(look: Reading, spec: Value) -> list[dict[str, Value]]:
    """The volumes that the pool's node class gives each node."""
    wanted = get(spec, "template", "spec", "nodeClassRef", "name")
    for node_class in look.of_type(NODE_CLASS):
        made = inputs(node_class)
        if get(made, "metadata", "name") == wanted or look.referred(wanted, NODE_CLASS) is node_class:
            disks = disks_of(get(made, "spec", "blockDeviceMappings"))
            if disks:
                return [_in_gib(disk) for disk in disks]
    return [{"volumeSize": DEFAULT_DISK_GIB, "volumeType": "gp3"}]


def _in_gib(disk: dict[str, Value]) -> dict[str, Value]:
    size = parse_quantity(disk.get("volumeSize"))
    return {**disk, "volumeSize": None if size is None else str(size / (MIB * 1024))}
