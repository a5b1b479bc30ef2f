"""What networks cost: NAT gateways, public addresses, endpoints. VPCs, subnets, routes and security groups are free."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Line, Tier, Unpriced
from mlinfra.cost.charges._reading import Reading, inputs, known, show
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import HOURS, Quantity
from mlinfra.graph.model import ResourceNode

PIB = Decimal(1_048_576)
ENDPOINT_DATA = (
    Tier(PIB, "data, first 1 PiB"),
    Tier(5 * PIB, "data, next 4 PiB"),
    Tier(None, "data, over 5 PiB"),
)
TIB = Decimal(1024)
INTERNET = (
    Tier(10 * TIB, "internet, first 10 TiB"),
    Tier(50 * TIB, "internet, next 40 TiB"),
    Tier(150 * TIB, "internet, next 100 TiB"),
    Tier(None, "internet, over 150 TiB"),
)


@charges_for(
    "aws:ec2/natGateway:NatGateway", usage={"processed_gib": "data through the gateway a month, both ways, GiB"}
)
def nat_gateway(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Hours of the gateway and data through it. A regional gateway is billed in each zone it serves: at least one."""
    if node.inputs.get("availabilityMode") == "regional":
        yield Unpriced(
            "Gateway hours", "a regional gateway is billed by the zones that it comes to serve, which are not known"
        )
    else:
        yield Line(
            "Gateway hours", Quantity.exactly(HOURS, "hour"), "nat_gateway", "gateway", formula="730 hours × price"
        )
    processed = look.use(node, "processed_gib", "GiB")
    yield Line("Data processed", processed, "nat_gateway", "data processed", usage="processed_gib")


@charges_for("aws:ec2/eip:Eip")
def address(_node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """A public IPv4 address, whether attached or idle."""
    yield Line(
        "Public IPv4 address", Quantity.exactly(HOURS, "hour"), "public_ipv4", "address", formula="730 hours × price"
    )


@charges_for(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    usage={"processed_gib": "data through an interface endpoint a month, GiB"},
)
def endpoint(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Gateway endpoints are free; interface endpoints cost in every zone that they stand in, and by data."""
    kind = node.inputs.get("vpcEndpointType", "Gateway")
    if not known(kind):
        yield Unpriced("Endpoint hours", "the type of the endpoint is not known before the deployment")
        return
    if kind == "Gateway":
        yield Free("gateway endpoints cost nothing")
        return
    subnets = inputs(node).get("subnetIds")
    zones = Decimal(len(subnets)) if isinstance(subnets, list) else None
    if subnets is None:
        look.assume("endpoints that name no subnet are reckoned in one zone")
        zones = Decimal(1)
    if kind not in ("Interface", "GatewayLoadBalancer"):
        yield Unpriced("Endpoint hours", f"no price of endpoints of type {kind} is known")
        return
    sku = "interface endpoint" if kind == "Interface" else "gateway load balancer endpoint"
    yield Line(
        "Endpoint hours",
        Quantity.exactly(None if zones is None else zones * HOURS, "zone-hour"),
        "vpc_endpoint",
        sku,
        formula=f"{show(zones)} zones × 730 hours × price",
        why="the number of subnets is not known before the deployment",
    )
    data = look.use(node, "processed_gib", "GiB")
    if kind == "Interface":
        yield Line("Data processed", data, "vpc_endpoint", usage="processed_gib", tiers=ENDPOINT_DATA)
    else:
        yield Line("Data processed", data, "vpc_endpoint", "gateway load balancer data", usage="processed_gib")


@charges_for("aws:ec2/flowLog:FlowLog")
def flow_log(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """A log group bills what it takes in; delivery to a bucket or a stream is billed by itself."""
    if node.inputs.get("logDestinationType", "cloud-watch-logs") == "cloud-watch-logs":
        yield Free("ingestion and storage are in the use of the log group where it lands")
    else:
        yield Unpriced("Log delivery", "no price of logs that are delivered past CloudWatch is known")


@charges_for(
    "aws:ec2/vpc:Vpc",
    usage={
        "between_zones_gib": "data from one zone to another a month, GiB",
        "to_internet_gib": "data to the internet a month, GiB, load balancers and NAT gateways included",
    },
)
def vpc(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """What crosses its zones and leaves it. A GiB between zones is billed twice: where it goes out and where in."""
    crossing = look.use(node, "between_zones_gib", "GiB").scaled(2)
    formula = "`between_zones_gib` × 2, out of one zone and into the other, × price"
    yield Line("Data between zones", crossing, "data_transfer", "between zones", formula, usage="between_zones_gib")
    leaving = look.use(node, "to_internet_gib", "GiB")
    yield Line("Data to the internet", leaving, "data_transfer", usage="to_internet_gib", tiers=INTERNET)


free(
    "networks are billed by what stands in them",
    *(
        f"aws:ec2/{name}:{name[0].upper()}{name[1:]}"
        for name in (
            "vpcIpv4CidrBlockAssociation", "subnet", "internetGateway", "internetGatewayAttachment",
            "egressOnlyInternetGateway", "routeTable", "route", "routeTableAssociation",
            "mainRouteTableAssociation", "securityGroup", "securityGroupRule", "defaultSecurityGroup",
            "defaultRouteTable", "defaultNetworkAcl", "networkAcl", "networkAclRule", "networkAclAssociation",
            "vpcEndpointRouteTableAssociation", "vpcEndpointPolicy", "vpcEndpointSubnetAssociation",
            "securityGroupAssociation", "natGatewayEipAssociation", "vpcBlockPublicAccessOptions", "vpcDhcpOptions",
            "vpcDhcpOptionsAssociation", "networkInterface", "eipAssociation", "managedPrefixList",
            "managedPrefixListEntry", "tag",
        )
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupVpcAssociation:SecurityGroupVpcAssociation",
)  # fmt: skip
