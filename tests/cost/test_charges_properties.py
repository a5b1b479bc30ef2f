"""Laws of arithmetic, over random quantities: more never costs less, parts sum up, figures stay exact."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pricing_graphs import TODAY, graph, node, priced

from mlinfra.cost import estimate
from mlinfra.cost.charges import usage_keys
from mlinfra.graph.model import ResourceNode, Value

USED: Mapping[str, Mapping[str, Value]] = {
    "aws:s3/bucket:Bucket": {},
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "rules": [{"transitions": [{"days": 30, "storageClass": "STANDARD_IA"}]}]
    },
    "aws:s3/bucketNotification:BucketNotification": {"eventbridge": True},
    "aws:kms/key:Key": {},
    "aws:ec2/natGateway:NatGateway": {},
    "aws:ec2/vpc:Vpc": {},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]},
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": 30},
    "aws:sns/topic:Topic": {},
    "aws:sqs/queue:Queue": {},
    "aws:glue/crawler:Crawler": {},
    "aws:glue/catalogDatabase:CatalogDatabase": {},
    "aws:athena/workgroup:Workgroup": {},
    "aws:ecr/repository:Repository": {},
    "aws:lambda/function:Function": {"memorySize": 1024, "ephemeralStorage": {"size": 2048}},
    "aws:dynamodb/table:Table": {"billingMode": "PAY_PER_REQUEST"},
    "aws:secretsmanager/secret:Secret": {},
    "aws:lb/loadBalancer:LoadBalancer": {"subnets": ["a", "b"]},
    "kubernetes:networking.k8s.io/v1:Ingress": {"spec": {"ingressClassName": "alb"}},
    "kubernetes:karpenter.sh/v1:NodePool": {
        "spec": {
            "limits": {"cpu": "64"},
            "template": {
                "spec": {
                    "requirements": [
                        {"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["m6i", "g5"]}
                    ]
                }
            },
        }
    },
}
FIGURES = st.decimals(0, 10**9, places=3)
TRIPLES = st.lists(FIGURES, min_size=3, max_size=3).map(lambda figures: tuple(sorted(figures)))
LAW = settings(deadline=None, max_examples=40)  # a first example reads the tables
TYPES = pytest.mark.parametrize("type_", USED)


def used(type_: str, figures: object, name: str = "it") -> ResourceNode:
    return node(type_, name, dict.fromkeys(usage_keys(type_), figures), **USED[type_])


def cost_of(*nodes: ResourceNode) -> Decimal:
    figure = priced(*nodes).totals.expected
    assert figure is not None
    return figure


@TYPES
@LAW
@given(figures=TRIPLES)
def test_amounts_ascend_and_are_exact(type_, figures):
    result = priced(used(type_, figures))
    assert result.complete
    for charge in result.charges:
        assert all(isinstance(figure, Decimal) and figure >= 0 for figure in charge.amount), charge
        assert list(charge.amount) == sorted(charge.amount), charge
        assert list(charge.quantity.amount) == sorted(charge.quantity.amount) if charge.quantity else True
    for place in range(3):
        assert sum(charge.amount[place] for charge in result.charges) == result.totals[place]


@TYPES
@LAW
@given(one=FIGURES, other=FIGURES)
def test_more_use_never_costs_less(type_, one, other):
    small, large = sorted((one, other))
    assert cost_of(used(type_, small)) <= cost_of(used(type_, large))


@TYPES
@LAW
@given(figure=st.decimals(0, 1000, places=2), count=st.integers(1, 4))
def test_several_of_a_thing_cost_that_many_times_as_much(type_, figure, count):
    one = cost_of(used(type_, figure))
    assert cost_of(*(used(type_, figure, str(n)) for n in range(count))) == count * one


@LAW
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.randoms())
def test_tiers_do_not_depend_on_the_order_of_resources(sizes, random):
    shuffled = random.sample(sizes, len(sizes))
    totals = [
        cost_of(*(used("aws:ec2/vpc:Vpc", size, str(n)) for n, size in enumerate(order))) for order in (sizes, shuffled)
    ]
    assert totals[0] == totals[1]


@LAW
@given(st.lists(st.integers(0, 300_000), min_size=2, max_size=6, unique=True))
def test_the_next_gib_to_the_internet_never_costs_more_than_the_one_before(sizes):
    ordered = sorted(sizes)
    costs = [cost_of(used("aws:ec2/vpc:Vpc", size)) for size in ordered]
    # Less what crosses zones, 2 × 0.01 a GiB, whose price has no tiers.
    steps = [
        (after - before) / (high - low) - Decimal("0.02")
        for (low, high), (before, after) in zip(pairwise(ordered), pairwise(costs), strict=True)
    ]
    rounding = Decimal("1e-20")
    assert all(Decimal("0.05") - rounding <= step <= Decimal("0.09") + rounding for step in steps)
    assert all(later <= earlier + rounding for earlier, later in pairwise(steps))


@LAW
@given(
    low=st.integers(0, 20),
    more=st.integers(0, 20),
    desired=st.integers(0, 40),
    stated=st.none() | st.integers(0, 60),
)
def test_nodes_stay_within_their_group(low, more, desired, stated):
    sizes = {"minSize": low, "desiredSize": desired, "maxSize": low + more}
    group = node(
        "aws:eks/nodeGroup:NodeGroup", usage={} if stated is None else {"average_nodes": stated},
        instanceTypes=["m5.large", "m5.xlarge"], scalingConfig=sizes,
    )  # fmt: skip
    nodes = priced(group).charges[0]
    expected = min(max(desired if stated is None else stated, low), low + more)
    assert nodes.quantity.amount == (low * 730, expected * 730, (low + more) * 730)
    # 0.096 an hour, and at most the larger type's 0.192
    assert nodes.amount == (
        low * 730 * Decimal("0.096"), expected * 730 * Decimal("0.096"), (low + more) * 730 * Decimal("0.192"),
    )  # fmt: skip


@LAW
@given(average=TRIPLES, limit=st.integers(1, 400))
def test_a_pool_never_exceeds_its_limits(average, limit):
    spec = {**USED["kubernetes:karpenter.sh/v1:NodePool"]["spec"], "limits": {"cpu": str(limit)}}
    pool = node("kubernetes:karpenter.sh/v1:NodePool", usage={"average_nodes": average}, spec=spec)
    nodes = priced(pool).charges[0]
    assert list(nodes.amount) == sorted(nodes.amount)
    # m6i.large, the smallest, has 2 vCPUs and costs 0.096 an hour; the dearest vCPU is a quarter of g5.xlarge's 1.006.
    assert nodes.amount.expected <= limit // 2 * 730 * Decimal("0.096")
    assert nodes.amount.max <= limit * 730 * Decimal("0.2515") + Decimal("1e-20")


@LAW
@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), FIGURES, min_size=1))
def test_an_estimate_is_the_sum_of_its_components(parts):
    nodes = [node("aws:sqs/queue:Queue", name, {"requests": figure}, component=name) for name, figure in parts.items()]
    result = estimate(graph(*nodes), today=TODAY)
    assert result.totals.expected == sum(component.total.range.expected for component in result.components)
    assert [component.name for component in result.components] == list(parts)
