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
    yield Line("Data processed", data, "vpc_endpoint", usage="processed_gib", tiers=ENDPOINT_DATA)


@charges_for("aws:ec2/flowLog:FlowLog")
def flow_log(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Delivery is billed where the log lands."""
    target = (
        "the log group"
        if node.inputs.get("logDestinationType", "cloud-watch-logs") == "cloud-watch-logs"
        else "the bucket"
    )
    yield Free(f"ingestion and storage are in the use of {target} where it lands")


free(
    "networks are billed by what stands in them",
    *(
        f"aws:ec2/{name}:{name[0].upper()}{name[1:]}"
        for name in (
            "vpc", "vpcIpv4CidrBlockAssociation", "subnet", "internetGateway", "internetGatewayAttachment",
            "egressOnlyInternetGateway", "routeTable", "route", "routeTableAssociation",
            "mainRouteTableAssociation", "securityGroup", "securityGroupRule", "defaultSecurityGroup",
            "defaultRouteTable", "defaultNetworkAcl", "networkAcl", "networkAclRule", "networkAclAssociation",
            "vpcEndpointRouteTableAssociation", "vpcEndpointPolicy", "vpcEndpointSubnetAssociation",
            "vpcEndpointSecurityGroupAssociation", "vpcBlockPublicAccessOptions", "vpcDhcpOptions",
            "vpcDhcpOptionsAssociation", "networkInterface", "eipAssociation", "managedPrefixList",
            "managedPrefixListEntry", "tag",
        )
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupVpcAssociation:SecurityGroupVpcAssociation",
)  # fmt: skip
