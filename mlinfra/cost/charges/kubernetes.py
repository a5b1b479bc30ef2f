"""The Kubernetes objects that make something at AWS: volumes and load balancers. All others run on nodes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Line, Unpriced
from mlinfra.cost.charges._nodes import volumes
from mlinfra.cost.charges._quantities import parse_quantity
from mlinfra.cost.charges._reading import Reading, get, inputs, known, listed, number
from mlinfra.cost.charges._registry import RUNS_ON_NODES, charges_for
from mlinfra.cost.model import HOURS, Quantity, Range
from mlinfra.graph.model import ResourceNode, Value

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
EBS = "ebs.csi.aws.com"
AUTO_EBS = "ebs.csi.eks.amazonaws.com"
GIB = Decimal(1024) ** 3
LCU = {
    "capacity_units": "load balancer capacity units used on average (LCU); left out: one for each GiB an hour",
    "processed_gib": "data through the load balancer a month, GiB",
}


@charges_for("kubernetes:core/v1:PersistentVolumeClaim")
def claim(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """The volume that a claim asks for."""
    yield from _claimed(look, get(inputs(node), "spec"), Range.exactly(1))


@charges_for("kubernetes:apps/v1:StatefulSet")
def stateful_set(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A volume for each replica and claim template."""
    spec = get(inputs(node), "spec")
    templates = listed(get(spec, "volumeClaimTemplates"))
    if not templates:
        yield Free(RUNS_ON_NODES)
    for template in templates:
        yield from _claimed(look, get(template, "spec"), Range.exactly(number(get(spec, "replicas"), 1)))


def _claimed(look: Reading, spec: Value, count: Range) -> Iterator[Item]:
    size = parse_quantity(get(spec, "resources", "requests", "storage"))
    wanted = get(spec, "storageClassName")
    storage_class = _storage_class(look, wanted)
    if get(spec, "volumeName") is not None or wanted == "":
        yield Free("takes a volume that exists already and is priced itself")
        return
    if storage_class is None:
        look.assume("a claim whose storage class is not in the graph gets a gp3 volume")
    provisioner = EBS if storage_class is None else get(storage_class, "provisioner")
    if provisioner not in (EBS, AUTO_EBS):
        yield Unpriced(
            "Volume",
            f"no charge is known for volumes of {provisioner if isinstance(provisioner, str) else 'their provisioner'}",
        )
        return
    parameters = get(storage_class, "parameters") if storage_class is not None else None
    disk: dict[str, Value] = {
        "volumeSize": None if size is None else str(size / GIB),
        "volumeType": get(parameters, "type") or "gp3",
        "iops": get(parameters, "iops"),
        "throughput": get(parameters, "throughput"),
    }
    yield from volumes("Volume", count, [disk])


def _storage_class(look: Reading, wanted: Value) -> dict[str, Value] | None:
    """The storage class that a claim names, or the default one."""
    for node in look.of_type(STORAGE_CLASS):
        made = inputs(node)
        default = get(made, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class") == "true"
        if (wanted is None and default) or (wanted is not None and wanted == get(made, "metadata", "name")):
            return made
        if look.referred(wanted, STORAGE_CLASS) is node:
            return made
    return None


@charges_for("kubernetes:core/v1:Service", usage=LCU)
def service(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A service of type LoadBalancer makes one: a network one through AWS's controller, a classic one without it."""
    spec = get(inputs(node), "spec")
    if get(spec, "type") != "LoadBalancer":
        yield Free(RUNS_ON_NODES if known(get(spec, "type")) else "taken for a service inside the cluster")
        return
    kind = get(inputs(node), "metadata", "annotations", "service.beta.kubernetes.io/aws-load-balancer-type")
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
        return
    yield from balancer(node, look, "network")


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
    first = next(
        n
        for n in look.of_type(node.type)
        if (group is None and n is node) or (group is not None and _group(n) == group)
    )
    if first is not node:
        yield Free("shares the load balancer of its group")
        return
    yield from balancer(node, look, "application")


def _group(node: ResourceNode) -> Value:
    return get(inputs(node), "metadata", "annotations", "alb.ingress.kubernetes.io/group.name")


@charges_for("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer", usage=LCU)
def load_balancer(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """An application or network load balancer."""
    yield from balancer(node, look, str(node.inputs.get("loadBalancerType", "application")))


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


@charges_for("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")
def release(_node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Charts run on nodes; what they make at AWS does not show in the graph."""
    look.assume("volumes and load balancers that Helm charts make themselves are not in the sum")
    yield Free(RUNS_ON_NODES)
