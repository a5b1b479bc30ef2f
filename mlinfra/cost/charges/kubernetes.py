"""The Kubernetes objects that make something at AWS: volumes and load balancers. All others run on nodes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._claims import claimed
from mlinfra.cost.charges._lines import Free, Item, Line
from mlinfra.cost.charges._reading import Reading, get, inputs, known, listed, number, show
from mlinfra.cost.charges._registry import RUNS_ON_NODES, charges_for
from mlinfra.cost.model import HOURS, Quantity, Range
from mlinfra.graph.model import ResourceNode

SUBNET = "aws:ec2/subnet:Subnet"
PUBLIC = "kubernetes.io/role/elb"
"""The tag by which AWS's controllers find subnets for load balancers that face the internet."""
LCU = {
    "capacity_units": "load balancer capacity units used on average (LCU); left out: one for each GiB an hour",
    "processed_gib": "data through the load balancer a month, GiB",
}


@charges_for("kubernetes:core/v1:PersistentVolumeClaim")
def claim(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """The volume that a claim asks for."""
    yield from claimed(look, get(inputs(node), "spec"), Range.exactly(1))


@charges_for("kubernetes:apps/v1:StatefulSet")
def stateful_set(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A volume for each replica and claim template."""
    spec = get(inputs(node), "spec")
    templates = listed(get(spec, "volumeClaimTemplates"))
    if not templates:
        yield Free(RUNS_ON_NODES)
    for template in templates:
        yield from claimed(look, get(template, "spec"), Range.exactly(number(get(spec, "replicas"), 1)))


@charges_for("kubernetes:core/v1:Service", usage=LCU)
def service(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A service of type LoadBalancer makes one: a network one through AWS's controller, a classic one without it."""
    spec = get(inputs(node), "spec")
    if get(spec, "type") != "LoadBalancer":
        yield Free(RUNS_ON_NODES if known(get(spec, "type")) else "taken for a service inside the cluster")
        return
    annotations = get(inputs(node), "metadata", "annotations")
    kind = get(annotations, "service.beta.kubernetes.io/aws-load-balancer-type")
    if kind is None and get(spec, "loadBalancerClass") is None:
        yield Line(
            "Classic load balancer", Quantity.exactly(HOURS, "hour"), "load_balancer", "classic", "730 hours × price"
        )
        yield Line(
            "Data processed",
            look.use(node, "processed_gib", "GiB"),
            "load_balancer",
            "classic data",
            usage="processed_gib",
        )
        inside = get(annotations, "service.beta.kubernetes.io/aws-load-balancer-internal")
        if inside not in ("true", "0.0.0.0/0"):
            yield public_addresses(_public_subnets(look))
        return
    yield from balancer(node, look, "network")
    if get(annotations, "service.beta.kubernetes.io/aws-load-balancer-scheme") == "internet-facing":
        yield public_addresses(_public_subnets(look))


@charges_for("kubernetes:networking.k8s.io/v1:Ingress", usage=LCU)
def ingress(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """An ingress of class ``alb`` makes an application load balancer; ingresses of one group share it."""
    made = inputs(node)
    annotations = get(made, "metadata", "annotations")
    name = get(made, "spec", "ingressClassName") or get(annotations, "kubernetes.io/ingress.class")
    if name != "alb":
        yield Free("served by a controller inside the cluster, whose own service is priced")
        return
    group = get(annotations, "alb.ingress.kubernetes.io/group.name")
    sharing = look.index(node.type, _group).get(group, ()) if isinstance(group, str) else ()
    if sharing and sharing[0] is not node:
        yield Free("shares the load balancer of its group")
        return
    yield from balancer(node, look, "application")
    if get(annotations, "alb.ingress.kubernetes.io/scheme") == "internet-facing":
        yield public_addresses(_public_subnets(look))


def _group(node: ResourceNode) -> Iterator[str]:
    group = get(inputs(node), "metadata", "annotations", "alb.ingress.kubernetes.io/group.name")
    if isinstance(group, str):
        yield group


@charges_for("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer", usage=LCU)
def load_balancer(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """An application or network load balancer, and its addresses where it faces the internet."""
    yield from balancer(node, look, str(node.inputs.get("loadBalancerType", "application")))
    if node.inputs.get("internal") is not True:
        places = inputs(node).get("subnets") or inputs(node).get("subnetMappings")
        yield public_addresses(Decimal(len(places)) if isinstance(places, list) else None)


def public_addresses(zones: Decimal | None) -> Item:
    """The public IPv4 addresses of a load balancer: one in each zone."""
    return Line(
        "Public IPv4 addresses",
        Quantity.exactly(None if zones is None else zones * HOURS, "hour"),
        "public_ipv4",
        "address",
        f"{show(zones)} zones × 730 hours × price",
        why="the number of its subnets is not known before the deployment",
    )


def _public_subnets(look: Reading) -> Decimal | None:
    """How many subnets AWS's controllers put public load balancers into; None where the graph has none."""
    tagged = look.index(SUBNET, _roles).get(PUBLIC)
    return Decimal(len(tagged)) if tagged else None


def _roles(subnet: ResourceNode) -> Iterator[str]:
    """What load balancers a subnet is for, by its tags."""
    tags = get(inputs(subnet), "tags")
    return iter(tags if isinstance(tags, dict) else ())


def balancer(node: ResourceNode, look: Reading, kind: str) -> Iterator[Item]:
    """Hours, and capacity units as far as they are used."""
    yield Line(
        f"{kind.capitalize()} load balancer",
        Quantity.exactly(HOURS, "hour"),
        "load_balancer",
        kind,
        "730 hours × price",
    )
    units, key = look.use(node, "capacity_units", "LCU").scaled(HOURS, "LCU-hour"), "capacity_units"
    formula = "`capacity_units` × 730 hours × price"
    data = look.use(node, "processed_gib", "LCU-hour")
    if not units.known and data.known:
        # A unit holds 1 GiB an hour; connections and rule evaluations seldom need more.
        units, key, formula = data, "processed_gib", "`processed_gib` × 1 unit-hour for a GiB × price"
    yield Line("Capacity units", units, "load_balancer", f"{kind} capacity", formula, usage=key)
