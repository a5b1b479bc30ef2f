from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from pricing_graphs import TODAY, amount, graph, node, priced

from mlinfra.cost import coverage, estimate, explain, usage_keys
from mlinfra.cost.model import UNKNOWN_RANGE, Range
from mlinfra.graph.model import SECRET, UNKNOWN, Derived, ResourceNode

BUCKET = "aws:s3/bucket:Bucket"


def storage(*gib, region="us-east-1"):
    buckets = (
        node(BUCKET, str(n), {"stored_gib": size, "put_requests": 0, "get_requests": 0}) for n, size in enumerate(gib)
    )
    return priced(*buckets, region=region).totals.expected


def test_empty_graph_costs_nothing():
    result = priced()
    assert (result.totals, result.complete, result.components) == (Range(0, 0, 0), True, ())


def test_unknown_type_is_not_priced_and_the_total_is_at_least():
    result = priced(node("aws:ec2/eip:Eip"), node("aws:made/up:Up"))
    assert [(c.status, c.reason) for c in result.charges] == [
        ("stale", None),
        ("unpriced", "no charge is known for type `aws:made/up:Up`"),
    ]
    assert (result.totals.expected, result.complete) == (Decimal("3.650"), False)


def test_only_what_a_provider_makes_is_priced():
    component = ResourceNode(
        urn="urn:c", type="mlinfra:data:Bucket", name="c", custom=False, component="c", kind="bucket"
    )
    provider = ResourceNode(urn="urn:p", type="pulumi:providers:aws", name="p", component="c")
    result = priced(component, provider, node("random:index/randomId:RandomId", component="c"))
    assert [c.name for c in result.components] == ["c"]
    assert [(c.status, c.reason) for c in result.charges] == [("free", "makes nothing that anybody bills")]


def test_use_that_nobody_stated_stays_unknown():
    result = priced(node(BUCKET))
    assert [(c.status, c.usage, c.amount) for c in result.charges] == [
        ("needs_usage", key, (None, None, None)) for key in ("stored_gib", "put_requests", "get_requests")
    ]
    assert (result.totals, result.complete) == (UNKNOWN_RANGE, False)


def test_numbers_that_only_the_deployment_knows_stay_unknown():
    for value in (UNKNOWN, SECRET, Derived(("urn:x",)), "${{urn:pulumi:a::b::c::d#count}}", True, float("nan"), "many"):
        sizes = {"minSize": 1, "desiredSize": value, "maxSize": 3}
        charge = priced(node("aws:eks/nodeGroup:NodeGroup", instanceTypes=["m5.large"], scalingConfig=sizes)).charges[0]
        assert (charge.status, charge.amount) == ("unpriced", (Decimal("70.080"), None, Decimal("210.240"))), value


def test_region_without_a_price_is_not_priced():
    result = priced(node("aws:eks/cluster:Cluster", version="1.34"), region="ap-south-2")
    charge = result.charges[0]
    assert (charge.status, charge.amount.expected) == ("unpriced", None)
    assert charge.reason == "no price of `cluster, standard support` (eks) is known for ap-south-2"


def test_region_of_the_resource_counts_before_that_of_the_graph():
    assert priced(node("aws:ec2/natGateway:NatGateway", region="eu-west-1")).charges[0].amount.expected == Decimal(
        "35.040"
    )  # 730 × 0.048


def test_unknown_region_is_not_priced():
    assert priced(node("aws:ec2/eip:Eip"), region=None).charges[0].reason == "the region of the resource is not known"


def test_stale_prices_are_priced_and_say_so():
    gpu = node("aws:ec2/instance:Instance", instanceType="g5.xlarge", rootBlockDevice={"volumeSize": 10})
    cpu = node("aws:ec2/instance:Instance", "cpu", instanceType="m5.large", rootBlockDevice={"volumeSize": 10})
    # both rows are of 2026-07-20: 30 days for accelerators, 180 for the rest
    seen = [
        [c.status for c in priced(gpu, cpu, today=day).charges if c.name.startswith("Instance")]
        for day in (date(2026, 8, 19), date(2026, 8, 20), date(2027, 1, 16), date(2027, 1, 17))
    ]
    assert seen == [["priced", "priced"], ["stale", "priced"], ["stale", "priced"], ["stale", "stale"]]
    assert priced(gpu, today=date(2026, 8, 20)).charges[0].amount.expected == Decimal("734.380")


@given(st.lists(st.integers(0, 10**6), max_size=6))
def test_storage_is_additive(sizes):
    assert storage(*sizes) == storage(sum(sizes))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_storage_is_monotone(one, other):
    assert storage(min(one, other)) <= storage(max(one, other))


def test_storage_tiers_are_continuous():
    for edge in (51_200, 512_000):
        step = storage(edge + 1) - storage(edge)
        assert 0 < step <= Decimal("0.023")


def test_estimates_of_parts_add_up():
    one, other = node("aws:ec2/eip:Eip", "a", component="one"), node("aws:ec2/eip:Eip", "b", component="other")
    result = priced(one, other)
    assert [c.name for c in result.components] == ["one", "other"]
    assert sum(c.total.range.expected for c in result.components) == result.totals.expected == Decimal("7.300")


def test_components_stand_in_the_order_of_the_graph_also_without_charges():
    first = ResourceNode(urn="urn:c", type="mlinfra:x:Y", name="first", custom=False, component="first", kind="y")
    assert [
        c.name
        for c in priced(
            first, node("aws:ec2/eip:Eip", component="b"), node("aws:ec2/eip:Eip", "n", component=None)
        ).components
    ] == ["first", "b", None]


def test_overrides_replace_what_the_resource_carries():
    bucket = node(BUCKET, usage={"stored_gib": 1, "put_requests": 0, "get_requests": 0})
    result = estimate(graph(bucket), usage={BUCKET: {"stored_gib": amount(100)}}, today=TODAY)
    assert result.totals.expected == Decimal("2.300")


def test_explanations_name_formula_price_source_and_date():
    (line,) = explain(priced(node("aws:ec2/eip:Eip")), "part")
    assert (line.name, line.formula, line.price_key, str(line.as_of)) == (
        "Public IPv4 address",
        "730 hours × price",
        "public_ipv4/us-east-1/address/hour",
        "2024-07-01",
    )
    assert line.source
    assert line.amount == (Decimal("3.650"),) * 3


def test_coverage_names_what_is_unknown():
    types = [
        BUCKET,
        "aws:iam/role:Role",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:s3.services.k8s.aws/v1alpha1:Bucket",
        "aws:no/such:Such",
        "pulumi:pulumi:Stack",
    ]
    assert coverage(types) == ("aws:no/such:Such", "kubernetes:s3.services.k8s.aws/v1alpha1:Bucket")


def test_usage_keys_tell_their_meaning():
    assert set(usage_keys("aws:kms/key:Key")) == {"requests"}
    assert usage_keys("aws:iam/role:Role") == {}


def test_time_grows_with_the_graph_and_no_faster():
    result = priced(
        *(node(BUCKET, str(n), {"stored_gib": 1, "put_requests": 1, "get_requests": 1}) for n in range(10_000))
    )
    assert len(result.charges) == 30_000
    assert result.totals.expected == Decimal("230.054")  # 10 000 × (0.023 + 0.000005 + 0.0000004)
