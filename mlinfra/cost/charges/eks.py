"""What EKS costs: control planes and the nodes of managed node groups."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Line, Unpriced
from mlinfra.cost.charges._nodes import disks_of, node_hours, on_demand, spot, volumes
from mlinfra.cost.charges._reading import Reading, clipped, get, inputs, known, listed, number, span, texts, urns_in
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.data.tables import eks_versions
from mlinfra.cost.model import HOURS, Quantity, Range
from mlinfra.graph.model import ResourceNode, Value

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
DEFAULT_DISK_GIB = 20
"""Root volume of EKS's Linux images where neither node group nor launch template says otherwise."""


@charges_for("aws:eks/cluster:Cluster")
def cluster(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Hours of the control plane; six-fold once the Kubernetes version has left standard support."""
    version, all_inputs = node.inputs.get("version"), inputs(node)
    support = eks_versions().get(version) if isinstance(version, str) else None
    upgrades = get(all_inputs, "upgradePolicy", "supportType") == "STANDARD"
    old = support is not None and look.today > support.standard and not upgrades
    if support is None:
        look.assume("an EKS cluster whose version is left out or not in the table is in standard support")
    sku = "cluster, extended support" if old else "cluster, standard support"
    since = f" (standard support of {version} ended {support.standard})" if old and support is not None else ""
    yield Line(
        "Control plane", Quantity.exactly(HOURS, "cluster-hour"), "eks", sku, formula=f"730 hours × price{since}"
    )
    if get(all_inputs, "computeConfig", "enabled") is True:
        yield Unpriced(
            "Auto Mode nodes and fee",
            "nodes that Auto Mode makes are not in the graph, and no price of its fee is known",
        )
    tier = get(all_inputs, "controlPlaneScalingConfig", "tier")
    if tier not in (None, "standard"):
        yield Unpriced(
            "Provisioned control plane", f"no price of the control plane tier {tier if known(tier) else ''} is known"
        )


@charges_for(
    "aws:eks/nodeGroup:NodeGroup", usage={"average_nodes": "nodes that run on average; left out: the desired size"}
)
def node_group(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Nodes from the group's minimum to its maximum, with their volumes."""
    all_inputs, region = inputs(node), look.region(node)
    template = look.referred(get(all_inputs, "launchTemplate"), TEMPLATE)
    made = {} if template is None else inputs(template)
    types = texts(all_inputs.get("instanceTypes")) or texts(made.get("instanceType"))
    if not types:
        if (
            all_inputs.get("instanceTypes") is not None
            or made.get("instanceType") is not None
            or all_inputs.get("launchTemplate")
        ):
            yield Unpriced("Nodes", "the instance type is not known before the deployment")
            return
        types = ("t3.medium",)
        look.assume("a node group without instance types runs t3.medium, EKS's default")
    count = _count(node, look)
    capacity = all_inputs.get("capacityType", "ON_DEMAND")
    if region is None:
        yield Unpriced("Nodes", "the region of the resource is not known")
    else:
        yield _nodes(look, region, types, count, capacity=capacity, template=made)
    disks = disks_of(made.get("blockDeviceMappings"))
    default: list[dict[str, Value]] = [
        {"volumeSize": all_inputs.get("diskSize", DEFAULT_DISK_GIB), "volumeType": "gp3"}
    ]
    yield from volumes("Node volumes", count, disks or default)
    if get(made, "monitoring", "enabled") is True:
        yield _detailed_monitoring(count)


def _count(node: ResourceNode, look: Reading) -> Range:
    scaling = get(inputs(node), "scalingConfig")
    low, mid, high = (number(get(scaling, key)) for key in ("minSize", "desiredSize", "maxSize"))
    stated = look.use(node, "average_nodes", "node").amount
    expected = mid if stated.expected is None else stated.expected
    return Range(low, clipped(expected, low, high), high)


def _nodes(
    look: Reading, region: str, types: tuple[str, ...], count: Range, *, capacity: Value, template: dict[str, Value]
) -> Item:
    names = ", ".join(types)
    if capacity == "CAPACITY_BLOCK":
        price, reason = on_demand(look, region, types, "ec2_capacity_block")
        full = Range.exactly(count.max)
        formula = f"{span(full)} nodes × 730 hours × price, used or not"
        return node_hours(f"Nodes, capacity block ({names})", full, price, formula, reason)
    if any(look.graph.by_urn[urn].type == RESERVATION for urn in _reservations(template) if urn in look.graph.by_urn):
        return Free("runs in a capacity reservation that is priced itself", "Nodes")
    formula = f"{span(count)} nodes × 730 hours × price"
    if capacity == "SPOT":
        price, reason = spot(look, region, types)
        return node_hours(f"Nodes, spot ({names})", count, price, f"{formula} (a band)", reason)
    price, reason = on_demand(look, region, types)
    return node_hours(f"Nodes ({names})", count, price, formula, reason)


def _reservations(template: dict[str, Value]) -> Iterator[str]:
    yield from urns_in(get(template, "capacityReservationSpecification"))


@charges_for(RESERVATION)
def reservation(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Reserved instances cost as if they ran, used or not."""
    region, kind = look.region(node), node.inputs.get("instanceType")
    count = Range.exactly(number(inputs(node).get("instanceCount")))
    if region is None or not isinstance(kind, str) or not known(kind):
        yield Unpriced("Reserved instances", "region or instance type is not known before the deployment")
        return
    price, reason = on_demand(look, region, (kind,))
    formula = f"{span(count)} instances × 730 hours × price, used or not"
    yield node_hours(f"Reserved instances ({kind})", count, price, formula, reason)


@charges_for("aws:ec2/capacityBlockReservation:CapacityBlockReservation")
def capacity_block(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Paid in advance, at the price of the offering."""
    yield Unpriced(
        "Capacity block",
        "its price is in the offering that it is bought from, and is paid once, in advance, used or not",
    )


@charges_for("aws:ec2/instance:Instance")
def instance(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """One machine, all month, with its root volume."""
    region, kind = look.region(node), node.inputs.get("instanceType")
    if region is None or not isinstance(kind, str) or not known(kind):
        yield Unpriced("Instance", "region or instance type is not known before the deployment")
        return
    price, reason = on_demand(look, region, (kind,))
    yield node_hours(f"Instance ({kind})", Range.exactly(1), price, "730 hours × price", reason)
    made = inputs(node)
    root = made.get("rootBlockDevice")
    disk: dict[str, Value] = dict(root) if isinstance(root, dict) else {"volumeSize": 8}
    yield from volumes("Root volume", Range.exactly(1), [{"volumeSize": 8, **disk}])
    further = [dict(each) for each in listed(made.get("ebsBlockDevices")) if isinstance(each, dict)]
    yield from volumes("Volume", Range.exactly(1), further)
    if made.get("associatePublicIpAddress") is True:
        hours = Quantity.exactly(HOURS, "hour")
        yield Line("Public IPv4 address", hours, "public_ipv4", "address", "730 hours × price")
    if made.get("monitoring") is True:
        yield _detailed_monitoring(Range.exactly(1))


def _detailed_monitoring(count: Range) -> Item:
    """The metrics that an instance sends each minute, billed like custom ones (EC2 user guide, detailed monitoring)."""
    return Line(
        "Detailed monitoring",
        Quantity(count.times(Range.exactly(7)), "metric-month"),
        "cloudwatch",
        "metric, first 10 000",
        f"{span(count)} instances × 7 metrics × price",
        why="the number of instances is not known",
    )


@charges_for("aws:ebs/volume:Volume")
def volume(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """One volume."""
    made = inputs(node)
    disk: dict[str, Value] = {**made, "volumeSize": made.get("size"), "volumeType": made.get("type", "gp2")}
    yield from volumes("Volume", Range.exactly(Decimal(1)), [disk])


@charges_for("aws:eks/capability:Capability")
def capability(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Managed Argo CD, ACK, kro."""
    yield Unpriced("Capability", "no price of EKS capabilities is known")


@charges_for("aws:eks/fargateProfile:FargateProfile")
def fargate(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Pods on Fargate are billed by their size."""
    yield Unpriced("Fargate pods", "which pods run on Fargate, and how large, is not in the graph")


free(
    "the machines made from it are priced where they run",
    TEMPLATE,
    "aws:ec2/placementGroup:PlacementGroup",
    "aws:ec2/keyPair:KeyPair",
)
free("attaches a volume that is priced itself", "aws:ec2/volumeAttachment:VolumeAttachment")
BILLED_ADDONS = {
    "amazon-cloudwatch-observability": "metrics and logs of Container Insights",
    "aws-guardduty-agent": "runtime monitoring by GuardDuty",
}
"""Add-ons with which another service starts to charge, and for what."""


@charges_for("aws:eks/addon:Addon")
def addon(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Free, unless another service charges for what the add-on sends it."""
    billed = BILLED_ADDONS.get(str(node.inputs.get("addonName")))
    if billed is None:
        yield Free("part of a cluster, whose control plane and nodes are priced")
    else:
        yield Unpriced(billed.capitalize(), f"no price of {billed} is known")


free(
    "part of a cluster, whose control plane and nodes are priced",
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:eks/identityProviderConfig:IdentityProviderConfig",
)
