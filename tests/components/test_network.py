"""network: how addresses are divided, what is created, what is refused."""

from __future__ import annotations

import json
from collections import Counter
from ipaddress import IPv4Network
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from building import DEV, PROD, made, recorded
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlinfra.components._amounts import share
from mlinfra.components._grammar import Context, Range, expectations
from mlinfra.components.network._network_endpoints import Endpoint, endpoints_of, service_name
from mlinfra.components.network._network_plan import SubnetPlan, subnet_plan
from mlinfra.components.network.network import Network, NetworkNeeds, NetworkOutputs, NetworkSpec, ignored_of, zone_of
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1, protected: true}
components:
  key: {kind: encryption_key}
  main:
    kind: network
    key: key
    cidr: 10.20.0.0/16
    zones: [eu-west-1a, euw1-az2]
    private_prefix: 18
    public_prefix: 24
    public: true
    pod_cidr: 100.64.0.0/16
    pod_prefix: 17
    nat: per_zone
    endpoints: all
    extra_endpoints: [bedrock-agent-runtime]
    flow_logs: {traffic: rejected, retention_days: 90, interval_seconds: 60}
    expected:
      nat_processed_gib: 200
      endpoint_processed_gib: {min: 1, expected: 2, max: 3}
      flow_log_gib: 4
"""

KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the region is asked about its zones; it has three."""
    seen: list[dict[str, Any]] = []

    def answer(**question: Any) -> SimpleNamespace:
        seen.append(question)
        return SimpleNamespace(names=pulumi.Output.from_input(["eu-west-1a", "eu-west-1b", "eu-west-1c"]))

    monkeypatch.setattr(aws, "get_availability_zones_output", answer)
    return seen


def build(context: Context = DEV, needs: NetworkNeeds | None = None, **told: Any) -> Network:
    return Network("main", NetworkSpec.model_validate(told), needs or NetworkNeeds(), context=context)


# --- addresses -------------------------------------------------------------------------------------------------------


def test_private_subnets_start_the_range_and_public_ones_end_it() -> None:
    assert subnet_plan("10.0.0.0/16", 3, pod_cidr="100.64.0.0/16") == SubnetPlan(
        private=("10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"),
        public=("10.0.252.0/22", "10.0.248.0/22", "10.0.244.0/22"),
        pods=("100.64.0.0/19", "100.64.32.0/19", "100.64.64.0/19"),
    )


def test_prefixes_can_be_chosen_and_tiers_left_out() -> None:
    assert subnet_plan("10.0.0.0/20", 2, private_prefix=21, public=False) == SubnetPlan(
        private=("10.0.0.0/21", "10.0.8.0/21")
    )
    assert subnet_plan("10.0.0.0/24", 1, private_prefix=25, public_prefix=25) == SubnetPlan(
        private=("10.0.0.0/25",), public=("10.0.0.128/25",)
    )


@given(
    prefix=st.integers(16, 28),
    zones=st.integers(1, 6),
    inner=st.none() | st.integers(16, 28),
    outer=st.none() | st.integers(16, 28),
)
def test_whatever_is_accepted_fits_and_overlaps_nowhere(
    prefix: int, zones: int, inner: int | None, outer: int | None
) -> None:
    whole = f"10.0.0.0/{prefix}"
    try:
        plan = subnet_plan(whole, zones, private_prefix=inner, public_prefix=outer)
    except ValueError:
        return
    blocks = [IPv4Network(block) for block in (*plan.private, *plan.public)]
    assert len(blocks) == 2 * zones
    assert all(block.subnet_of(IPv4Network(whole)) and block.prefixlen <= 28 for block in blocks)
    assert not any(a.overlaps(b) for place, a in enumerate(blocks) for b in blocks[:place])


@pytest.mark.parametrize("zones", range(1, 6))
def test_another_zone_moves_no_subnet(zones: int) -> None:
    few, more = (subnet_plan("10.0.0.0/16", count, pod_cidr="100.64.0.0/16") for count in (zones, zones + 1))
    assert (more.private[:zones], more.public[:zones], more.pods[:zones]) == (few.private, few.public, few.pods)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"cidr": "ten"}, "is not an IPv4 range"),
        ({"cidr": "10.0.0.1/16"}, "the range around it is `10.0.0.0/16`"),
        ({"cidr": "10.0.0.0/8"}, "a VPC takes /16 to /28"),
        ({"cidr": "10.0.0.0/29"}, "a VPC takes /16 to /28"),
        ({"cidr": "8.8.0.0/16"}, "is a public range"),
        ({"cidr": "172.17.0.0/16"}, "which SageMaker's containers use"),
        ({"cidr": "10.0.0.0/24", "zones": 6}, "do not fit into `10.0.0.0/24`"),
        ({"private_prefix": 17, "zones": 3}, "do not fit into `10.0.0.0/16`"),
        ({"private_prefix": 17, "zones": 2}, "2 private subnets of /17 and 2 public ones of /22"),
        ({"cidr": "10.0.0.0/20", "private_prefix": 18}, "takes 20 to 28"),
        ({"pod_prefix": 20}, "`pod_cidr`, which is not given"),
        ({"pod_cidr": "10.0.128.0/20"}, "overlaps `cidr`"),
        ({"pod_cidr": "192.168.0.0/16"}, "cannot join"),
        ({"pod_cidr": "100.64.0.0/16", "pod_prefix": 17, "zones": 3}, "3 pod subnets of /17 do not fit"),
        ({"zones": 0}, "greater than or equal to 1"),
        ({"zones": 7}, "less than or equal to 6"),
        ({"zones": ["eu-west-1a", "eu-west-1a"]}, "names a zone twice"),
        ({"zones": ["west"]}, "should match pattern"),
        ({"public": False, "nat": "single"}, "say `nat: none`"),
        ({"flow_logs": {"retention_days": 31}}, "Input should be 1, 3, 5"),
        ({"extra_endpoints": ["S3!"]}, "should match pattern"),
        ({"endpoints": "some"}, "'minimal', 'private' or 'all'"),
    ],
)
def test_refuses(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NetworkSpec.model_validate(told)
    assert message in str(refused.value)


def test_a_second_range_of_the_same_private_space_may_join() -> None:
    assert subnet_plan("10.0.0.0/16", 1, pod_cidr="10.64.0.0/16").pods == ("10.64.0.0/19",)


# --- children --------------------------------------------------------------------------------------------------------


def test_a_network_without_extras_is_exactly_this() -> None:
    children = made(
        lambda: build(
            zones=["eu-west-1a"], nat="none", public=False, flow_logs={"traffic": "none"}, endpoints="minimal"
        )
    )
    assert children == {
        "main": {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "enableDnsSupport": True},
        "main-default": {"vpcId": "main", "ingress": [], "egress": []},
        "main-private-1": {
            "vpcId": "main",
            "cidrBlock": "10.0.0.0/19",
            "mapPublicIpOnLaunch": False,
            "availabilityZone": "eu-west-1a",
        },
        "main-private-1-table": {"vpcId": "main"},
        "main-private-1-routes": {"subnetId": "main-private-1", "routeTableId": "main-private-1-table"},
        "main-s3": {
            "vpcId": "main",
            "serviceName": "com.amazonaws.eu-west-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": ["main-private-1-table"],
        },
        "main-dynamodb": {
            "vpcId": "main",
            "serviceName": "com.amazonaws.eu-west-1.dynamodb",
            "vpcEndpointType": "Gateway",
            "routeTableIds": ["main-private-1-table"],
        },
    }


def test_a_full_network_has_these_children() -> None:
    recorder = recorded(
        lambda: build(
            needs=NetworkNeeds(key=EncryptionKeyOutputs.of(arn=KEY)),
            zones=["eu-west-1a", "euw1-az2"],
            pod_cidr="100.64.0.0/16",
            nat="per_zone",
            endpoints="all",
            extra_endpoints=["bedrock-agent-runtime", "s3"],
        )
    )
    assert Counter(recorder.types.values()) == {
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": 1,
        "aws:ec2/subnet:Subnet": 6,
        "aws:ec2/internetGateway:InternetGateway": 1,
        "aws:ec2/routeTable:RouteTable": 3,
        "aws:ec2/route:Route": 3,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 6,
        "aws:ec2/eip:Eip": 2,
        "aws:ec2/natGateway:NatGateway": 2,
        "aws:ec2/vpcEndpoint:VpcEndpoint": len(endpoints_of("all")) + 1,
        "aws:ec2/securityGroup:SecurityGroup": 1,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:ec2/flowLog:FlowLog": 1,
    }
    children = {
        name: {key: value for key, value in inputs.items() if key != "tags"} for name, inputs in recorder.inputs.items()
    }
    assert {name: children[name] for name in ("main-private-2", "main-pods-2", "main-private-2-out")} == {
        "main-private-2": {
            "vpcId": "main",
            "cidrBlock": "10.0.32.0/19",
            "mapPublicIpOnLaunch": False,
            "availabilityZoneId": "euw1-az2",
        },
        "main-pods-2": {
            "vpcId": "main",
            "cidrBlock": "100.64.32.0/19",
            "mapPublicIpOnLaunch": False,
            "availabilityZoneId": "euw1-az2",
        },
        "main-private-2-out": {
            "routeTableId": "main-private-2-table",
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": "main-nat-2",
        },
    }
    assert children["main-pods-2-routes"] == {"subnetId": "main-pods-2", "routeTableId": "main-private-2-table"}
    assert children["main-ecr-api"] == {
        "vpcId": "main",
        "serviceName": "com.amazonaws.eu-west-1.ecr.api",
        "vpcEndpointType": "Interface",
        "subnetIds": ["main-private-1", "main-private-2"],
        "securityGroupIds": ["main-endpoints"],
        "privateDnsEnabled": True,
    }
    assert children["main-endpoints-pods"] == {
        "securityGroupId": "main-endpoints",
        "description": "TLS from inside the network",
        "cidrIpv4": "100.64.0.0/16",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
    }
    assert children["main-flow-logs"] == {
        "name": DEV.physical_name("main", "flow-logs", limit=512),
        "retentionInDays": 30,
        "kmsKeyId": KEY,
    }


def test_subnets_say_what_they_are_for() -> None:
    inputs = recorded(lambda: build(zones=["eu-west-1a"], pod_cidr="100.64.0.0/16")).inputs
    own = {
        tier: {key: value for key, value in inputs[f"main-{tier}-1"]["tags"].items() if key not in DEV.tags}
        for tier in ("private", "public", "pods")
    }
    assert own == {
        "private": {
            "Name": "shop-dev-main-private-1",
            "kubernetes.io/role/internal-elb": "1",
            "karpenter.sh/discovery": "shop-dev-main",
        },
        "public": {"Name": "shop-dev-main-public-1", "kubernetes.io/role/elb": "1"},
        "pods": {"Name": "shop-dev-main-pods-1"},
    }


@pytest.mark.parametrize(
    ("told", "context", "gateways"),
    [
        ({}, DEV, ["main-nat-1"] * 3),
        ({}, PROD, ["main-nat-1", "main-nat-2", "main-nat-3"]),
        ({"nat": "single"}, PROD, ["main-nat-1"] * 3),
        ({"nat": "none"}, PROD, []),
        ({"public": False}, DEV, []),
    ],
)
def test_private_subnets_go_out_through(told: dict[str, Any], context: Context, gateways: list[str]) -> None:
    inputs = recorded(lambda: build(context, **told)).inputs
    assert [
        inputs[name]["natGatewayId"]
        for name in sorted(inputs)
        if name.startswith("main-private-") and name.endswith("-out")
    ] == gateways
    assert ("main-internet" in inputs) is told.get("public", True)


def test_only_a_counted_zone_may_wander(asked: list[dict[str, Any]]) -> None:
    seen: list[Any] = []
    recorded(lambda: zone_of(3, 1)["availability_zone"].apply(seen.append))
    assert seen == ["eu-west-1b"]
    # Local zones and Wavelength zones are opted into, and have hardly any of the instance types.
    assert asked == [{"state": "available", "filters": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]}]
    assert zone_of(("eu-west-1c", "euw1-az1"), 0) == {"availability_zone": "eu-west-1c"}
    assert zone_of(("eu-west-1c", "euw1-az1"), 1) == {"availability_zone_id": "euw1-az1"}
    assert (ignored_of(3), ignored_of(("eu-west-1c",))) == (["availabilityZone"], [])


@pytest.mark.parametrize(("context", "days"), [(DEV, 30), (PROD, 365)])
def test_flow_logs_are_kept(context: Context, days: int) -> None:
    children = made(lambda: build(context))
    assert children["main-flow-logs"]["retentionInDays"] == days
    assert children["main-flow-log"] == {
        "vpcId": "main",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": "arn:cloudwatch:logGroup:main-flow-logs",
        "iamRoleArn": "arn:iam:role:main-flow-logs-role",
        "maxAggregationInterval": 600,
    }


def test_the_flow_log_role_writes_to_its_group_only() -> None:
    children = made(build)
    role, written = children["main-flow-logs-role"], json.loads(children["main-flow-logs-policy"]["policy"])
    assert json.loads(role["assumeRolePolicy"])["Statement"][0]["Principal"] == {
        "Service": "vpc-flow-logs.amazonaws.com"
    }
    assert written["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": ["arn:cloudwatch:logGroup:main-flow-logs", "arn:cloudwatch:logGroup:main-flow-logs:*"],
        },
        {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": ["*"]},
    ]


def test_two_networks_do_not_collide() -> None:
    def program() -> None:
        for name in ("one", "two"):
            Network(name, NetworkSpec(zones=1), NetworkNeeds(), context=DEV)

    children = made(program)
    assert children["one-flow-logs"]["name"] != children["two-flow-logs"]["name"]


def test_outputs_are_in_the_order_of_the_zones() -> None:
    seen: list[Any] = []

    def program() -> None:
        outputs = build(zones=["eu-west-1b", "eu-west-1a"]).outputs
        pulumi.Output.all(
            outputs.vpc_id, outputs.cidr, outputs.private_subnet_ids, outputs.public_subnet_ids, outputs.zones
        ).apply(seen.append)
        assert outputs.pod_subnet_ids is None
        assert outputs.endpoint_security_group_id is None

    recorded(program)
    assert seen == [
        [
            "main",
            "10.0.0.0/16",
            ["main-private-1", "main-private-2"],
            ["main-public-1", "main-public-2"],
            ["eu-west-1b", "eu-west-1a"],
        ]
    ]
    assert NetworkOutputs.levels() == ()


# --- endpoints and amounts -------------------------------------------------------------------------------------------


def test_sets_of_endpoints_grow_and_only_the_free_ones_are_in_the_smallest() -> None:
    minimal, private, everything = (endpoints_of(wanted) for wanted in ("minimal", "private", "all"))
    assert [(endpoint.service, endpoint.interface) for endpoint in minimal] == [("s3", False), ("dynamodb", False)]
    assert set(minimal) < set(private) < set(everything)
    assert {"ecr.api", "ecr.dkr", "sts", "logs", "kms", "eks-auth", "sagemaker.runtime"} <= {e.service for e in private}


def test_an_endpoint_that_the_table_does_not_know_is_an_interface() -> None:
    assert endpoints_of("minimal", ["bedrock-agent", "studio", "s3"])[2:] == (
        Endpoint("bedrock-agent", "Interface", "com.amazonaws.{region}.bedrock-agent"),
        Endpoint("studio", "Interface", "aws.sagemaker.{region}.studio"),
    )


def test_the_name_of_a_service_waits_for_a_region_that_is_not_known_yet() -> None:
    studio = endpoints_of("all", [])[-1]
    assert service_name(studio, "eu-west-1") == "com.amazonaws.eu-west-1.xray"
    seen: list[str] = []
    name = service_name(studio, pulumi.Output.from_input("eu-west-1"))
    assert isinstance(name, pulumi.Output)
    recorded(lambda: name.apply(seen.append))
    assert seen == ["com.amazonaws.eu-west-1.xray"]


def test_what_to_reckon_with_is_divided_among_gateways_and_given_to_each_endpoint() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        recorded(
            lambda: build(
                PROD,
                extra_endpoints=["sts"],
                expected={
                    "nat_processed_gib": 100,
                    "endpoint_processed_gib": 7,
                    "flow_log_gib": 2,
                    "between_zones_gib": 5,
                    "to_internet_gib": 4,
                },
            )
        )
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:ec2/vpc:Vpc", "main"): {"between_zones_gib": Range.of(5), "to_internet_gib": Range.of(4)},
        **{
            ("aws:ec2/natGateway:NatGateway", f"main-nat-{number}"): {"processed_gib": Range.of("33.33")}
            for number in (1, 2, 3)
        },
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "main-sts"): {"processed_gib": Range.of(7)},
        ("aws:cloudwatch/logGroup:LogGroup", "main-flow-logs"): {"ingested_gib": Range.of(2)},
    }


def test_nothing_crosses_zones_in_a_network_of_one() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        recorded(lambda: build(zones=1))
    finally:
        expectations.reset(token)
    assert found["aws:ec2/vpc:Vpc", "main"] == {
        "between_zones_gib": Range.of(0),
        "to_internet_gib": Range.of(1, 20, 500),
    }


def test_a_share_is_of_each_amount() -> None:
    assert share(Range.of(1, 10, 100), 4) == Range.of("0.25", "2.5", 25)
