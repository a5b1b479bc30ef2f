"""Endpoints of AWS services: which a network can have (a table, read once), and how they are made."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from mlinfra.components._grammar import Component, Range

EndpointSet = Literal["minimal", "private", "all"]
INCLUDES = {"minimal": ("minimal",), "private": ("minimal", "private"), "all": ("minimal", "private", "all")}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service, how it joins a network (``Gateway`` or ``Interface``), and its name with ``{region}`` in it."""

    service: str
    type: str
    name: str

    @property
    def interface(self) -> bool:
        """Whether it has addresses in the subnets, and a price by the hour."""
        return self.type == "Interface"


@functools.cache
def _table() -> tuple[tuple[str, Endpoint], ...]:
    path = Path(__file__).parent / "data" / "endpoints.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple((row["set"], Endpoint(row["service"], row["type"], row["name"])) for row in csv.DictReader(file))


def endpoints_of(wanted: EndpointSet, extra: Sequence[str] = ()) -> tuple[Endpoint, ...]:
    """The endpoints of a set, and those named beyond it; each once."""
    found = {row.service: row for part, row in _table() if part in INCLUDES[wanted]}
    known = {row.service: row for _, row in _table()}
    for service in extra:
        plain = Endpoint(service, "Interface", "com.amazonaws.{region}." + service)
        found.setdefault(service, known.get(service, plain))
    return tuple(found.values())


def console_name(component: Component[Any, Any, Any], *parts: str) -> dict[str, str]:
    """The tag that the console of the VPC shows as a name."""
    return {"Name": "-".join((component.context.blueprint, component.context.environment, *parts))}


def add_endpoints(
    component: Component[Any, Any, Any],
    name: str,
    *,
    vpc_id: pulumi.Output[str],
    wanted: Sequence[Endpoint],
    callers: Mapping[str, str],
    subnet_ids: Sequence[pulumi.Output[str]],
    route_table_ids: Sequence[pulumi.Output[str]],
    processed_gib: Range,
) -> aws.ec2.SecurityGroup | None:
    """Make the endpoints as children of ``component``; returns the group of the interface endpoints, if there are any.

    ``callers`` are the ranges that may call them, by a word for the rule's name.
    """
    group = None
    if any(endpoint.interface for endpoint in wanted):
        group = _group(component, name, vpc_id, callers)
    for endpoint in wanted:
        made = aws.ec2.VpcEndpoint(
            f"{name}-{endpoint.service.replace('.', '-')}",
            vpc_id=vpc_id,
            service_name=service_name(endpoint, component.context.region),
            vpc_endpoint_type=endpoint.type,
            route_table_ids=None if endpoint.interface else list(route_table_ids),
            subnet_ids=list(subnet_ids) if endpoint.interface else None,
            security_group_ids=[group.id] if group and endpoint.interface else None,
            private_dns_enabled=True if endpoint.interface else None,
            tags=console_name(component, name, endpoint.service),
            opts=component.child(),
        )
        if endpoint.interface:
            component.expect(made, processed_gib=processed_gib)
    return group


def service_name(endpoint: Endpoint, region: str | pulumi.Output[str]) -> str | pulumi.Output[str]:
    """The name of the service in a region."""
    before, after = endpoint.name.split("{region}")
    return f"{before}{region}{after}" if isinstance(region, str) else pulumi.Output.concat(before, region, after)


def _group(
    component: Component[Any, Any, Any], name: str, vpc_id: pulumi.Output[str], callers: Mapping[str, str]
) -> aws.ec2.SecurityGroup:
    group = aws.ec2.SecurityGroup(
        f"{name}-endpoints",
        description="Calls of AWS services from inside the network",
        vpc_id=vpc_id,
        tags=console_name(component, name, "endpoints"),
        opts=component.child(),
    )
    for part, cidr in callers.items():
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-{part}",
            security_group_id=group.id,
            description="TLS from inside the network",
            cidr_ipv4=cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=component.child(),
        )
    return group
