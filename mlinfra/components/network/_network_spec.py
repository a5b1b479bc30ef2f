"""What a blueprint may say about a network."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from mlinfra.components._grammar import Context, Range, RefusedError, Spec, by_environment
from mlinfra.components._regions import Region, regions
from mlinfra.components.network._network_endpoints import EndpointSet
from mlinfra.components.network._network_flow_log import FlowLogs
from mlinfra.components.network._network_plan import MOST_ZONES, SubnetPlan, parse_cidr, subnet_plan

Nat = Literal["none", "single", "per_zone"]
Zone = Annotated[
    str, Field(pattern=r"^([a-z]{2}(-[a-z]+)+-\d[a-f]|[a-z]{3,5}\d-az\d)$", examples=["eu-west-1a", "use1-az1"])
]
Service = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]+$", examples=["bedrock-agent-runtime"])]


class Expected(Spec):
    """What passes through the network in a month, over all zones; for the estimate, never a limit."""

    nat_processed_gib: Range = Range.of(10, 100, 1_000)
    """Data through the NAT gateways, both ways, GiB. Left out: 10 to 1,000, expected 100: packages and images from
    outside."""
    endpoint_processed_gib: Range = Range.of(1, 20, 500)
    """Data through each interface endpoint, GiB. Left out: 1 to 500, expected 20."""
    flow_log_gib: Range = Range.of(1, 5, 50)
    """Flow logs written, GiB. Left out: 1 to 50, expected 5."""
    between_zones_gib: Range = Range.of(0, 200, 5_000)
    """Data from one zone to another, GiB; none in a network of one zone. Left out: 0 to 5,000, expected 200."""
    to_internet_gib: Range = Range.of(1, 20, 500)
    """Data to the internet, through NAT and load balancers, GiB. Left out: 1 to 500, expected 20: answers are small."""


class NetworkSpec(Spec):
    """What a blueprint may say about a network."""

    cidr: str = "10.0.0.0/16"
    """Address range of the VPC, /16 to /28, within a private range. It cannot be changed. Left out: 10.0.0.0/16."""
    zones: (
        Annotated[int, Field(ge=1, le=MOST_ZONES)] | Annotated[tuple[Zone, ...], Field(min_length=1, max_length=6)]
    ) = 3
    """How many availability zones, or which: names (`eu-west-1a`) or IDs (`euw1-az1`), which mean the same place in
    every account. Left out: 3."""
    private_prefix: int | None = Field(default=None, ge=16, le=28)
    """Prefix length of a private subnet. Left out: an eighth of the range (/19 of a /16: 8,187 addresses)."""
    public_prefix: int | None = Field(default=None, ge=16, le=28)
    """Prefix length of a public subnet. Left out: a 64th of the range (/22 of a /16: 1,019 addresses)."""
    public: bool = True
    """Make public subnets and an internet gateway, for load balancers and NAT. Left out: true."""
    pod_cidr: str | None = None
    """A second range that only pods take addresses of, `100.64.0.0/16` for example. Left out: pods share the private
    subnets."""
    pod_prefix: int | None = Field(default=None, ge=16, le=28)
    """Prefix length of a pod subnet. Left out: an eighth of the second range."""
    nat: Nat | None = by_environment(protected="per_zone", otherwise="single")
    """How private subnets reach the internet: one gateway, one per zone, or none. Left out: per_zone in a protected
    environment, single elsewhere."""
    endpoints: EndpointSet = "minimal"
    """Which AWS services are reached without NAT. minimal: S3 and DynamoDB, free. private: what a cluster or a job
    needs in a network without internet. all: all that the kinds of a platform call. Left out: minimal."""
    extra_endpoints: tuple[Service, ...] = ()
    """Interface endpoints beyond the set, by the end of their name: `bedrock-agent-runtime`. Left out: none."""
    flow_logs: FlowLogs = FlowLogs()
    """What is written down about traffic. Left out: all of it."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a small team."""

    @field_validator("cidr", "pod_cidr")
    @classmethod
    def _a_range(cls, value: str | None) -> str | None:
        if value is not None:
            parse_cidr(value)
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.plan()
        if isinstance(self.zones, tuple) and len(set(self.zones)) < len(self.zones):
            raise ValueError("`zones` names a zone twice")
        if not self.public and self.nat in ("single", "per_zone"):
            raise ValueError(f"`nat: {self.nat}` stands in public subnets, and `public` is false; say `nat: none`")
        return self

    def filled(self, context: Context) -> Self:
        """The same, with what was left to the environment. Raises RefusedError for zones that its region does not have."""
        found = super().filled(context)
        region = regions().get(context.region) if isinstance(context.region, str) else None
        if region is None:
            return found
        if isinstance(self.zones, tuple):
            for place, zone in enumerate(self.zones):
                if region.lacks(zone):
                    raise RefusedError(
                        f"`{zone}` is not a zone of `{region.name}`", field=f"zones.{place}", hint=zone_hint(region)
                    )
        elif region.zone_ids and self.zones > len(region.zone_ids):
            raise RefusedError(
                f"`{region.name}` has {len(region.zone_ids)} zones, and `zones` is {self.zones}",
                field="zones",
                hint=f"say `zones: {len(region.zone_ids)}`",
            )
        return found

    @property
    def zone_count(self) -> int:
        """How many zones."""
        return self.zones if isinstance(self.zones, int) else len(self.zones)

    def plan(self) -> SubnetPlan:
        """The ranges of the subnets."""
        return subnet_plan(
            self.cidr,
            self.zone_count,
            private_prefix=self.private_prefix,
            public_prefix=self.public_prefix,
            public=self.public,
            pod_cidr=self.pod_cidr,
            pod_prefix=self.pod_prefix,
        )


def zone_hint(region: Region) -> str:
    """What may stand instead."""
    ids = f", or an ID: {', '.join(f'`{zone}`' for zone in region.zone_ids)}" if region.zone_ids else ""
    return f"a name such as `{region.name}a`{ids}"
