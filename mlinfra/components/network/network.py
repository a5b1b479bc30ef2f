"""A VPC with public, private and pod subnets in several zones, NAT, endpoints of AWS services, and flow logs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from mlinfra.components._amounts import share
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Range
from mlinfra.components.network._network_endpoints import add_endpoints, console_name, endpoints_of
from mlinfra.components.network._network_flow_log import add_flow_log
from mlinfra.components.network._network_spec import NetworkSpec
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkNeeds(Needs):
    """What a network can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt flow logs with. Without one CloudWatch's own keys encrypt."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkOutputs(Outputs):
    """What other components may use of a network; lists are in the order of the zones."""

    vpc_id: pulumi.Output[str]
    cidr: pulumi.Output[str]
    private_subnet_ids: pulumi.Output[Sequence[str]]
    public_subnet_ids: pulumi.Output[Sequence[str]]
    zones: pulumi.Output[Sequence[str]]
    pod_subnet_ids: pulumi.Output[Sequence[str]] | None = None
    endpoint_security_group_id: pulumi.Output[str] | None = None
    nat_ips: pulumi.Output[Sequence[str]] | None = None
    discovery_tag: pulumi.Output[str] | None = None


class Network(Component[NetworkSpec, NetworkNeeds, NetworkOutputs]):
    """Creates a VPC, its subnets, routes, gateways, endpoints and flow log."""

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: NetworkSpec, needs: NetworkNeeds) -> NetworkOutputs:
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=spec.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=console_name(self, name),
            opts=self.child(),
        )
        # Without rules nothing that forgets to choose a group can talk.
        aws.ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, ingress=[], egress=[], opts=self.child())
        ranges = spec.plan()
        self.expect(
            vpc,
            between_zones_gib=spec.expected.between_zones_gib if len(ranges.private) > 1 else Range.of(0),
            to_internet_gib=spec.expected.to_internet_gib,
        )
        discovery = f"{self.context.blueprint}-{self.context.environment}-{name}"
        inside = {"kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": discovery}
        outside = {"kubernetes.io/role/elb": "1"}
        private = self._subnets(name, "private", vpc.id, zones=spec.zones, ranges=ranges.private, tags=inside)
        public = self._subnets(name, "public", vpc.id, zones=spec.zones, ranges=ranges.public, tags=outside)
        pods: list[aws.ec2.Subnet] = []
        if spec.pod_cidr is not None:
            second = aws.ec2.VpcIpv4CidrBlockAssociation(
                f"{name}-pods", vpc_id=vpc.id, cidr_block=spec.pod_cidr, opts=self.child()
            )
            pods = self._subnets(name, "pods", second.vpc_id, zones=spec.zones, ranges=ranges.pods, tags={})
        outbound = self._public_routes(name, vpc, public) if public else None
        nats = self._nats(name, spec, public, outbound)
        tables = self._private_routes(name, vpc, private, pods, nats)
        group = add_endpoints(
            self,
            name,
            vpc_id=vpc.id,
            wanted=endpoints_of(spec.endpoints, spec.extra_endpoints),
            callers={"vpc": spec.cidr, **({"pods": spec.pod_cidr} if spec.pod_cidr else {})},
            subnet_ids=[subnet.id for subnet in private],
            route_table_ids=[table.id for table in tables],
            processed_gib=spec.expected.endpoint_processed_gib,
        )
        if spec.flow_logs.traffic != "none":
            add_flow_log(
                self,
                name,
                vpc_id=vpc.id,
                spec=spec.flow_logs,
                key_arn=needs.key.arn if needs.key else None,
                ingested_gib=spec.expected.flow_log_gib,
            )
        return NetworkOutputs(
            vpc_id=vpc.id,
            cidr=vpc.cidr_block,
            private_subnet_ids=_ids(private),
            public_subnet_ids=_ids(public),
            zones=pulumi.Output.all(*[subnet.availability_zone for subnet in private]),
            pod_subnet_ids=_ids(pods) if pods else None,
            endpoint_security_group_id=group.id if group else None,
            nat_ips=pulumi.Output.all(*[nat.public_ip for nat in nats]) if nats else None,
            discovery_tag=pulumi.Output.from_input(discovery),
        )

    def _subnets(
        self,
        name: str,
        tier: str,
        vpc_id: pulumi.Output[str],
        *,
        zones: int | tuple[str, ...],
        ranges: Sequence[str],
        tags: dict[str, str],
    ) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{name}-{tier}-{number}",
                vpc_id=vpc_id,
                cidr_block=block,
                map_public_ip_on_launch=False,
                tags={**console_name(self, name, tier, str(number)), **tags},
                opts=self.child(ignore_changes=ignored_of(zones)),
                **zone_of(zones, number - 1),
            )
            for number, block in enumerate(ranges, start=1)
        ]

    def _public_routes(self, name: str, vpc: aws.ec2.Vpc, public: Sequence[aws.ec2.Subnet]) -> aws.ec2.Route:
        gateway = aws.ec2.InternetGateway(
            f"{name}-internet", vpc_id=vpc.id, tags=console_name(self, name), opts=self.child()
        )
        table = aws.ec2.RouteTable(
            f"{name}-public-table", vpc_id=vpc.id, tags=console_name(self, name, "public"), opts=self.child()
        )
        route = aws.ec2.Route(
            f"{name}-public-out",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self.child(),
        )
        for number, subnet in enumerate(public, start=1):
            aws.ec2.RouteTableAssociation(
                f"{name}-public-{number}-routes", subnet_id=subnet.id, route_table_id=table.id, opts=self.child()
            )
        return route

    def _nats(
        self, name: str, spec: NetworkSpec, public: Sequence[aws.ec2.Subnet], outbound: aws.ec2.Route | None
    ) -> list[aws.ec2.NatGateway]:
        homes = public if spec.nat == "per_zone" else public[:1] if spec.nat == "single" else ()
        found = []
        for number, subnet in enumerate(homes, start=1):
            tags = console_name(self, name, "nat", str(number))
            address = aws.ec2.Eip(f"{name}-nat-{number}-ip", domain="vpc", tags=tags, opts=self.child())
            nat = aws.ec2.NatGateway(
                f"{name}-nat-{number}",
                subnet_id=subnet.id,
                allocation_id=address.allocation_id,
                tags=tags,
                # A gateway whose subnet has no way out yet fails to start.
                opts=self.child(depends_on=[outbound] if outbound else ()),
            )
            self.expect(nat, processed_gib=share(spec.expected.nat_processed_gib, len(homes)))
            found.append(nat)
        return found

    def _private_routes(
        self,
        name: str,
        vpc: aws.ec2.Vpc,
        private: Sequence[aws.ec2.Subnet],
        pods: Sequence[aws.ec2.Subnet],
        nats: Sequence[aws.ec2.NatGateway],
    ) -> list[aws.ec2.RouteTable]:
        """One table per zone whatever the NAT, so that going from one gateway to several replaces nothing but
        routes.
        """
        tables = []
        for number, subnet in enumerate(private, start=1):
            table = aws.ec2.RouteTable(
                f"{name}-private-{number}-table",
                vpc_id=vpc.id,
                tags=console_name(self, name, "private", str(number)),
                opts=self.child(),
            )
            if nats:
                aws.ec2.Route(
                    f"{name}-private-{number}-out",
                    route_table_id=table.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=nats[min(number, len(nats)) - 1].id,
                    opts=self.child(),
                )
            tiers = [("private", subnet), *([("pods", pods[number - 1])] if pods else [])]
            for tier, member in tiers:
                aws.ec2.RouteTableAssociation(
                    f"{name}-{tier}-{number}-routes", subnet_id=member.id, route_table_id=table.id, opts=self.child()
                )
            tables.append(table)
        return tables


def zone_of(zones: int | tuple[str, ...], place: int) -> dict[str, Any]:
    """The argument that puts a subnet into the zone at ``place``: the region's own order where only a number of zones
    is wanted.
    """
    if isinstance(zones, tuple):
        return {"availability_zone_id" if "-az" in zones[place] else "availability_zone": zones[place]}
    found = aws.get_availability_zones_output(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    )
    return {"availability_zone": found.names[place]}


def ignored_of(zones: int | tuple[str, ...]) -> list[str]:
    """A subnet stays where it is when AWS opens or closes a zone; only zones that are named can be changed."""
    return [] if isinstance(zones, tuple) else ["availabilityZone"]


def _ids(subnets: Sequence[aws.ec2.Subnet]) -> pulumi.Output[Sequence[str]]:
    return pulumi.Output.all(*[subnet.id for subnet in subnets])
