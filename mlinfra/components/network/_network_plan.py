"""Which addresses the subnets of a network get: arithmetic only, so that a blueprint is refused before AWS refuses it.

Private subnets are taken from the start of the range upwards and public ones from its end downwards. Adding a zone
therefore never moves a
subnet that exists, which would replace it and everything in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

LARGEST, SMALLEST = 16, 28
"""Prefix lengths that a VPC and a subnet may have (Amazon VPC user guide, "VPC CIDR blocks", 2026-11)."""
MOST_ZONES = 6
"""As many zones as the largest region has (us-east-1)."""
DOCKER_RANGE = IPv4Network("172.17.0.0/16")
"""Docker's bridge: SageMaker and other services that run containers lose their way in a VPC that uses it (same
page)."""
PRIVATE_RANGES = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
SHARED_RANGE = IPv4Network("100.64.0.0/10")
"""Carrier-grade NAT space (RFC 6598): joins a VPC of any private range, and nothing else in a company uses it."""


@dataclass(frozen=True, slots=True)
class SubnetPlan:
    """The ranges of the subnets, one per zone in each tier that there is."""

    private: tuple[str, ...]
    public: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()


def parse_cidr(text: str) -> IPv4Network:
    """A private range that a VPC may have. Raises ValueError that says what is allowed."""
    try:
        network = IPv4Network(text, strict=False)
    except ValueError:
        raise ValueError(f"`{text}` is not an IPv4 range; write it like `10.0.0.0/16`") from None
    if str(network) != text:
        raise ValueError(f"`{text}` does not start a range of that size; the range around it is `{network}`")
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ValueError(f"`{text}` has prefix /{network.prefixlen}; a VPC takes /{LARGEST} to /{SMALLEST}")
    if not any(network.subnet_of(wide) for wide in (*PRIVATE_RANGES, SHARED_RANGE)):
        allowed = ", ".join(str(wide) for wide in (*PRIVATE_RANGES, SHARED_RANGE))
        raise ValueError(f"`{text}` is a public range; a network lies within one of {allowed}")
    if network.overlaps(DOCKER_RANGE):
        raise ValueError(f"`{text}` overlaps {DOCKER_RANGE}, which SageMaker's containers use; take another range")
    return network


def subnet_plan(
    cidr: str,
    zones: int,
    *,
    private_prefix: int | None = None,
    public_prefix: int | None = None,
    public: bool = True,
    pod_cidr: str | None = None,
    pod_prefix: int | None = None,
) -> SubnetPlan:
    """Divide ``cidr`` (and ``pod_cidr``) among ``zones``.

    Left out, a private subnet is an eighth of the range and a public one a 64th: six zones fit, and a part stays
    free. Raises ValueError where
    the subnets do not fit, or the second range cannot join the first.
    """
    whole = parse_cidr(cidr)
    inner = _prefix("private_prefix", private_prefix, whole, 3)
    outer = _prefix("public_prefix", public_prefix, whole, 6)
    private = _blocks(whole, inner, range(zones))
    last = 2 ** (outer - whole.prefixlen) - 1
    outside = _blocks(whole, outer, range(last, last - zones, -1)) if public and zones <= last + 1 else ()
    needed = zones * 2 ** (32 - inner) + (zones * 2 ** (32 - outer) if public else 0)
    if needed > whole.num_addresses or len(private) < zones or any(a.overlaps(b) for a in private for b in outside):
        tiers = f"{zones} private subnets of /{inner}" + (f" and {zones} public ones of /{outer}" if public else "")
        raise ValueError(f"{tiers} do not fit into `{cidr}`: take a wider range, fewer zones or longer prefixes")
    return SubnetPlan(
        private=tuple(map(str, private)),
        public=tuple(map(str, outside)),
        pods=_pod_subnets(whole, zones, pod_cidr, pod_prefix),
    )


def _pod_subnets(primary: IPv4Network, zones: int, cidr: str | None, prefix: int | None) -> tuple[str, ...]:
    if cidr is None:
        if prefix is not None:
            raise ValueError("`pod_prefix` divides `pod_cidr`, which is not given")
        return ()
    second = parse_cidr(cidr)
    if second.overlaps(primary):
        raise ValueError(f"`pod_cidr` `{cidr}` overlaps `cidr` `{primary}`")
    if not second.subnet_of(SHARED_RANGE) and not any(
        second.subnet_of(wide) and primary.subnet_of(wide) for wide in PRIVATE_RANGES
    ):
        raise ValueError(f"`pod_cidr` `{cidr}` cannot join `{primary}`: take a range within {SHARED_RANGE}")
    length = _prefix("pod_prefix", prefix, second, 3)
    found = _blocks(second, length, range(zones))
    if len(found) < zones:
        raise ValueError(f"{zones} pod subnets of /{length} do not fit into `{cidr}`")
    return tuple(map(str, found))


def _prefix(field: str, given: int | None, whole: IPv4Network, longer: int) -> int:
    if given is None:
        return min(whole.prefixlen + longer, SMALLEST)
    if not max(LARGEST, whole.prefixlen) <= given <= SMALLEST:
        raise ValueError(f"`{field}` is {given}; a subnet of `{whole}` takes {whole.prefixlen} to {SMALLEST}")
    return given


def _blocks(whole: IPv4Network, prefix: int, places: Sequence[int]) -> tuple[IPv4Network, ...]:
    """The blocks of that prefix at ``places`` of the range, without those that lie beyond it."""
    size = 2 ** (32 - prefix)
    count = 2 ** (prefix - whole.prefixlen)
    start = int(whole.network_address)
    return tuple(IPv4Network((start + place * size, prefix)) for place in places if 0 <= place < count)
