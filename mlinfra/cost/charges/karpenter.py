"""What Karpenter's node pools can cost: from the cheapest nodes that are allowed to the dearest, up to the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from functools import cache

from mlinfra.cost.charges._lines import Free, Item, Unpriced
from mlinfra.cost.charges._nodes import UNIT, disks_of, joined, node_hours, spot, volumes
from mlinfra.cost.charges._quantities import parse_quantity
from mlinfra.cost.charges._reading import Reading, get, inputs, listed, number, show, span, texts
from mlinfra.cost.charges._registry import charges_for
from mlinfra.cost.data.tables import Instance, instances
from mlinfra.cost.model import ZERO, Price, PriceKey, Range
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
    requirements = listed(get(spec, "template", "spec", "requirements"))
    allowed = [machine for machine in instances().values() if machine.current or _names_family(requirements, machine)]
    allowed = [machine for machine in allowed if all(_fits(requirement, machine) for requirement in requirements)]
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
    count, price, formula = _reckon(node, look, spec, region, prices=prices, capacity=capacity)
    open_end = "the pool has no limits, or a price is not known: the most that it can cost is open"
    yield node_hours("Nodes", count, price, formula, open_end)
    yield from volumes("Node volumes", count, _disks(look, spec))


def _reckon(
    node: ResourceNode, look: Reading, spec: Value, region: str, *, prices: Mapping[Instance, Price], capacity: set[str]
) -> tuple[Range, Price, str]:
    cheapest = min(prices, key=lambda m: (prices[m].usd or ZERO, m.type))
    most = {machine: _most(get(spec, "limits"), machine) for machine in prices}
    bounded = {machine: nodes for machine, nodes in most.items() if nodes is not None}
    dearest, top = cheapest, None
    if len(bounded) == len(prices):
        dearest = max(bounded, key=lambda m: (bounded[m] * (prices[m].usd or ZERO), m.type))
        top = bounded[dearest]
    price = joined(
        prices[cheapest].key,
        prices[cheapest].usd,
        (prices[cheapest], prices[dearest]),
        (prices[cheapest].usd, prices[dearest].usd),
    )
    if "spot" in capacity:
        offer, _ = spot(look, region, (cheapest.type,))
        if offer is not None:
            price = joined(offer.key, offer.usd, (offer, price), (offer.range.min, prices[dearest].usd))
    count = _count(node, look, spec, top)
    kinds = cheapest.type if dearest is cheapest else f"{cheapest.type} to {dearest.type}"
    return (
        count,
        price,
        f"{span(count)} nodes ({kinds}{', spot allowed' if 'spot' in capacity else ''}) × 730 hours × price",
    )


def _count(node: ResourceNode, look: Reading, spec: Value, top: Decimal | None) -> Range:
    fixed = number(get(spec, "replicas"))
    if fixed is not None:
        return Range.exactly(fixed)
    stated = look.use(node, "average_nodes", "node").amount
    if stated.expected is not None:
        varied = stated.min != stated.max
        return Range(stated.min if varied else ZERO, stated.expected, stated.max if varied else top)
    look.assume("a Karpenter pool without `average_nodes` runs one node on average, of the cheapest type allowed")
    return Range(ZERO, Decimal(1) if top is None else min(Decimal(1), top), top)


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


def _fits(requirement: Value, machine: Instance) -> bool:
    """Whether an instance type meets one requirement. Labels that say nothing about the type narrow nothing."""
    key, operator, values = get(requirement, "key"), get(requirement, "operator"), texts(get(requirement, "values"))
    if not isinstance(key, str):
        return True
    labels = _all_labels()[machine.type]
    if key not in labels or (operator not in ("Exists", "DoesNotExist") and not values):
        return True
    own = labels[key]
    if isinstance(operator, str) and operator in SETS:
        return SETS[operator](set(own), set(values))
    mine, bound = number(own[0]) if own else None, number(values[0]) if values else None
    if mine is None or bound is None:
        return False
    return {"Gt": mine > bound, "Lt": mine < bound, "Gte": mine >= bound, "Lte": mine <= bound}.get(str(operator), True)


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


def _names_family(requirements: list[Value], machine: Instance) -> bool:
    """Whether the requirements ask by name for a type of an older generation, which are otherwise not considered."""
    wanted = {
        value
        for requirement in requirements
        if get(requirement, "operator") == "In"
        for value in texts(get(requirement, "values"))
    }
    return machine.type in wanted or machine.family in wanted


def _capacity_types(requirements: list[Value]) -> set[str]:
    for requirement in requirements:
        if get(requirement, "key") == "karpenter.sh/capacity-type" and get(requirement, "operator") == "In":
            return set(texts(get(requirement, "values")))
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
