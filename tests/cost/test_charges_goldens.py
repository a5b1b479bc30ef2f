"""Hand-checked charges per service; the arithmetic stands beside each figure. Prices of us-east-1 as shipped."""

from datetime import date
from decimal import Decimal

import pytest
from pricing_graphs import graph, lines, node, priced, urn

from mlinfra.cost import estimate
from mlinfra.graph.model import UNKNOWN, Derived


def test_bucket():
    result = priced(
        node(
            "aws:s3/bucket:Bucket",
            usage={"stored_gib": (10, 100, 500), "put_requests": 100_000, "get_requests": 1_000_000},
        )
    )
    assert lines(result) == {
        "Storage, standard": ("0.23", "2.3", "11.5", "priced"),  # × 0.023
        "PUT requests": ("0.5", "0.5", "0.5", "priced"),  # 100 × 0.005 a thousand
        "GET requests": ("0.4", "0.4", "0.4", "priced"),  # 1000 × 0.0004 a thousand
    }


def test_storage_tiers_run_over_the_account():
    halves = [
        node("aws:s3/bucket:Bucket", name, {"stored_gib": 40_000, "put_requests": 0, "get_requests": 0})
        for name in "ab"
    ]
    amounts = [
        str(charge.amount.expected.normalize())
        for charge in priced(*halves).charges
        if charge.name.startswith("Storage")
    ]
    # 40 000 × 0.023; then the 11 200 left of the first 50 TiB × 0.023, and 28 800 × 0.022
    assert amounts == ["9.2E+2", "257.6", "633.6"]


def test_key_with_requests():
    result = priced(node("aws:kms/key:Key", usage={"requests": 20_000}))
    assert lines(result) == {
        "Key": ("1", "1", "1", "stale"),
        "Requests": ("0.06", "0.06", "0.06", "stale"),
    }  # 2 × 0.03 a 10 000


def test_network():
    result = priced(
        node("aws:ec2/natGateway:NatGateway", usage={"processed_gib": 100}),
        node("aws:ec2/eip:Eip"),
        node("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", vpcEndpointType="Gateway"),
        node(
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            "sts",
            {"processed_gib": 50},
            vpcEndpointType="Interface",
            subnetIds=["a", UNKNOWN, "c"],
        ),
        node("aws:ec2/flowLog:FlowLog", logDestinationType="cloud-watch-logs"),
    )
    assert [(c.name, str(c.amount.expected.normalize())) for c in result.charges] == [
        ("Gateway hours", "32.85"),  # 730 × 0.045
        ("Data processed", "4.5"),  # 100 × 0.045
        ("Public IPv4 address", "3.65"),  # 730 × 0.005
        ("no charge", "0"),
        ("Endpoint hours", "21.9"),  # 3 zones × 730 × 0.01
        ("Data processed", "0.5"),  # 50 × 0.01
        ("no charge", "0"),
    ]


def test_monitoring():
    band = [{"id": "m1", "metric": {"period": 60}}, {"id": "e1", "expression": "ANOMALY_DETECTION_BAND(m1)"}]
    result = priced(
        node("aws:cloudwatch/logGroup:LogGroup", usage={"ingested_gib": 10, "stored_gib": 20}),
        node("aws:cloudwatch/metricAlarm:MetricAlarm", "plain", period=300),
        node("aws:cloudwatch/metricAlarm:MetricAlarm", "fast", period=10),
        node("aws:cloudwatch/metricAlarm:MetricAlarm", "band", thresholdMetricId="e1", metricQueries=band),
        node("aws:cloudwatch/compositeAlarm:CompositeAlarm"),
        node("aws:cloudwatch/dashboard:Dashboard"),
    )
    assert [None if c.amount.expected is None else str(c.amount.expected.normalize()) for c in result.charges] == [
        "5",  # 10 × 0.50
        "0.6",  # 20 × 0.03
        "0.1",
        "0.3",
        "0.3",  # a metric and the two edges of its band × 0.10
        None,  # no price of composite alarms is known
        "3",
    ]


def test_the_first_two_budgets_cost_nothing():
    result = priced(
        *(node("aws:budgets/budget:Budget", str(n)) for n in range(3)),
        node("aws:costexplorer/anomalyMonitor:AnomalyMonitor"),
    )
    assert [(c.status, f"{c.amount.expected:.4f}") for c in result.charges] == [
        ("free", "0.0000"),
        ("free", "0.0000"),
        ("priced", "0.6083"),  # 30.4166667 days × 0.02
        ("free", "0.0000"),
    ]


def test_lake():
    result = priced(
        node("aws:glue/catalogDatabase:CatalogDatabase", usage={"objects": 1000, "requests": 100_000}),
        node("aws:glue/crawler:Crawler", usage={"dpu_hours": 10}),
        node("aws:athena/workgroup:Workgroup", usage={"scanned_gib": 512}),
        node("aws:ecr/repository:Repository", usage={"stored_gib": 30}),
    )
    assert {c.name: str(c.amount.expected.normalize()) for c in result.charges} == {
        "Catalogue objects": "0.01",  # 1000 ÷ 100 000 × 1.00
        "Catalogue requests": "0.1",  # 0.1 million × 1.00
        "Processing": "4.4",  # 10 × 0.44
        "Data scanned": "2.5",  # 512 ÷ 1024 × 5.00
        "Image storage": "3",  # 30 × 0.10
    }


CONFIGURATION = urn("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "config")
ENDPOINT = urn("aws:sagemaker/endpoint:Endpoint", "endpoint")


def serving(variant, usage=None, scaling=None, shadow=None):
    parts = [
        node(
            "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
            "config",
            productionVariants=[variant],
            shadowProductionVariants=shadow,
        ),
        node("aws:sagemaker/endpoint:Endpoint", "endpoint", usage, endpointConfigName=f"${{{{{CONFIGURATION}#name}}}}"),
    ]
    if scaling is not None:
        parts.append(node("aws:appautoscaling/target:Target", minCapacity=1, maxCapacity=4, resourceId=scaling))
    return [charge for charge in priced(*parts).charges if charge.status != "free"]


VARIANT = {"variantName": "main", "instanceType": "ml.g5.xlarge", "initialInstanceCount": 2}


def test_endpoint_with_fixed_instances():
    instances, data, out = serving(VARIANT, {"processed_gib_in": 10})
    assert (instances.amount.min, instances.amount.max) == (
        Decimal("2056.264"),
        Decimal("2056.264"),
    )  # 2 × 730 × 1.4084
    assert (data.status, out.status) == ("unpriced", "needs_usage")  # no price of data processed is known in us-east-1


@pytest.mark.parametrize(
    "resource_id",
    [f"endpoint/${{{{{ENDPOINT}#name}}}}/variant/main", Derived((ENDPOINT,))],
    ids=["reference", "derived"],
)
def test_endpoint_that_scales(resource_id):
    instances = serving(VARIANT, {"average_instances": 3}, resource_id)[0]
    # 1, 3 and 4 instances × 730 × 1.4084
    assert instances.amount == (Decimal("1028.132"), Decimal("3084.396"), Decimal("4112.528"))
    assert instances.formula == "1 to 4, expected 3 instances × 730 hours × price; expected: `average_instances`"


def test_another_endpoints_scaling_does_not_count():
    instances = serving(VARIANT, None, "endpoint/other/variant/main")[0]
    assert instances.quantity.amount == (1460, 1460, 1460)


def test_shadow_variants_and_attached_storage_cost():
    cpu = {"variantName": "main", "instanceType": "ml.m5.large", "initialInstanceCount": 1, "volumeSizeInGb": 50}
    found = {c.name: c.amount.expected for c in serving(cpu, shadow=[{**VARIANT, "initialInstanceCount": 1}])}
    assert found == {
        "Instances, main (ml.m5.large)": Decimal("83.95"),  # 730 × 0.115
        "Storage, main": Decimal(7),  # 50 × 0.14
        "Shadow instances, main (ml.g5.xlarge)": Decimal("1028.132"),
        "Data in": None,
        "Data out": None,
    }


def test_endpoint_without_its_configuration_is_not_priced():
    result = priced(node("aws:sagemaker/endpoint:Endpoint", endpointConfigName="made-elsewhere"))
    assert (result.charges[0].status, result.complete) == ("unpriced", False)


@pytest.mark.parametrize(
    ("version", "support", "expected"),
    [("1.34", None, "73"), ("1.32", None, "438"), ("1.32", "STANDARD", "73"), ("9.99", None, "73")],
)  # 730 × 0.10; 730 × 0.60 from the day after standard support ended
def test_cluster(version, support, expected):
    cluster = node(
        "aws:eks/cluster:Cluster", version=version, upgradePolicy=None if support is None else {"supportType": support}
    )
    assert priced(cluster).charges[0].amount.expected == Decimal(expected)


def test_cluster_leaves_standard_support_on_its_last_day():
    cluster = node("aws:eks/cluster:Cluster", version="1.33")
    days = (date(2026, 7, 29), date(2026, 7, 30))
    assert [priced(cluster, today=day).charges[0].amount.expected for day in days] == [Decimal(73), Decimal(438)]


def test_managed_nodes():
    group = node(
        "aws:eks/nodeGroup:NodeGroup", usage={"average_nodes": 2}, instanceTypes=["g5.xlarge"], diskSize=100,
        scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 4.0},
    )  # fmt: skip
    nodes, disks = priced(group).charges
    assert nodes.amount == (Decimal(0), Decimal("1468.76"), Decimal("2937.52"))  # 0, 2, 4 × 730 × 1.006
    assert disks.amount == (0, 16, 32)  # × 100 GiB × 0.08


def test_nodes_of_a_launch_template_carry_its_volumes():
    template = urn("aws:ec2/launchTemplate:LaunchTemplate", "lt")
    result = priced(
        node(
            "aws:ec2/launchTemplate:LaunchTemplate", "lt", instanceType="m5.large",
            blockDeviceMappings=[{"ebs": {"volumeSize": 200, "volumeType": "gp3", "iops": 4000, "throughput": 250}}],
        ),
        node("aws:eks/nodeGroup:NodeGroup", launchTemplate={"id": f"${{{{{template}#id}}}}"}, scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 1}),
    )  # fmt: skip
    assert {c.name: str(c.amount.expected.normalize()) for c in result.charges if c.status != "free"} == {
        "Nodes (m5.large)": "70.08",  # 730 × 0.096
        "Node volumes (gp3)": "16",  # 200 × 0.08
        "Node volumes (gp3) IOPS": "5",  # 1000 over 3000 × 0.005
        "Node volumes (gp3) throughput": "5",  # 125 over 125 × 0.04
    }


def test_spot_is_a_band_below_on_demand():
    group = node(
        "aws:eks/nodeGroup:NodeGroup",
        capacityType="SPOT",
        instanceTypes=["p5.48xlarge"],
        scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 1},
    )
    charge = priced(group).charges[0]
    # us-east-1 zones: 17.6289, 19.2531, 21.1543, 25.7522, 55.04, 55.04; on demand 55.04
    assert charge.price.range == (Decimal("17.6289"), Decimal("25.7522"), Decimal("55.04"))
    assert charge.price.confidence == "low"


def test_spot_without_a_known_price_expects_the_ceiling_and_knows_no_minimum():
    group = node(
        "aws:eks/nodeGroup:NodeGroup",
        capacityType="SPOT",
        instanceTypes=["m5.large"],
        scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 1},
    )
    result = priced(group)
    assert result.charges[0].amount == (None, Decimal("70.080"), Decimal("70.080"))
    assert not result.complete


def test_capacity_blocks_cost_whether_used_or_not():
    group = node(
        "aws:eks/nodeGroup:NodeGroup",
        capacityType="CAPACITY_BLOCK",
        instanceTypes=["p5.48xlarge"],
        scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 2},
    )
    charge = priced(group).charges[0]
    assert charge.quantity.amount == (1460, 1460, 1460)
    assert charge.price.key.service == "ec2_capacity_block"


def pool(usage=None, requirements=(), limits=None, **spec):
    return node(
        "kubernetes:karpenter.sh/v1:NodePool", "pool", usage, metadata={"name": "pool"},
        spec={"limits": limits, "template": {"spec": {"requirements": list(requirements)}}, **spec},
    )  # fmt: skip


def need(key, *values, operator="In"):
    return {"key": key, "operator": operator, "values": list(values)}


G5 = need("node.kubernetes.io/instance-type", "g5.xlarge", "g5.12xlarge")


def test_karpenter_pool_runs_from_nothing_to_its_limits():
    nodes, disks = priced(pool({"average_nodes": 2}, [G5], {"nvidia.com/gpu": "8", "cpu": "1000"})).charges
    # expected 2 × g5.xlarge 1.006; at most 2 × g5.12xlarge 5.672 (8 GPUs) against 8 × g5.xlarge: 11.344 > 8.048
    assert nodes.amount == (0, Decimal("1468.760"), Decimal("8281.120"))
    assert disks.amount == (0, Decimal("3.2"), Decimal("12.8"))  # 2, and at most 8 × 20 GiB × 0.08


def test_karpenter_pool_without_limits_has_no_known_maximum():
    result = priced(pool(None, [G5]))
    assert result.charges[0].amount == (0, Decimal("734.380"), None)  # one node expected, said in the assumptions
    assert not result.complete
    assert any("one node on average" in text for text in result.assumptions)


@pytest.mark.parametrize(
    ("requirements", "cheapest"),
    [
        ([need("karpenter.k8s.aws/instance-family", "g6")], "g6.xlarge"),
        ([need("karpenter.k8s.aws/instance-category", "g"), need("karpenter.k8s.aws/instance-gpu-count", "3", operator="Gt"), need("karpenter.k8s.aws/instance-family", "g6")], "g6.12xlarge"),
        ([need("karpenter.k8s.aws/instance-gpu-count", "4", operator="Gt"), need("karpenter.k8s.aws/instance-family", "g6")], "g6.48xlarge"),
        ([need("karpenter.k8s.aws/instance-gpu-count", "4", operator="Gte"), need("karpenter.k8s.aws/instance-family", "g6")], "g6.12xlarge"),
        ([need("karpenter.k8s.aws/instance-family", "g6"), need("karpenter.k8s.aws/instance-size", "xlarge", operator="NotIn")], "g6.2xlarge"),
        ([need("karpenter.k8s.aws/instance-accelerator-name", "inferentia2")], "inf2.xlarge"),
    ],
)  # fmt: skip
def test_karpenter_requirements_narrow(requirements, cheapest):
    assert priced(pool(None, requirements)).charges[0].price.key.sku == cheapest


def test_claims_and_load_balancers_of_kubernetes():
    result = priced(
        node("kubernetes:storage.k8s.io/v1:StorageClass", metadata={"name": "fast"}, provisioner="ebs.csi.aws.com", parameters={"type": "gp3"}),
        node("kubernetes:core/v1:PersistentVolumeClaim", spec={"storageClassName": "fast", "resources": {"requests": {"storage": "100Gi"}}}),
        node("kubernetes:core/v1:Service", "in", spec={"type": "ClusterIP"}),
        node("kubernetes:core/v1:Service", "out", {"capacity_units": 1}, spec={"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"}),
        node("kubernetes:networking.k8s.io/v1:Ingress", usage={"capacity_units": 2}, spec={"ingressClassName": "alb"}),
        node("kubernetes:apps/v1:Deployment"),
    )  # fmt: skip
    assert [(c.name, str(c.amount.expected.normalize())) for c in result.charges if c.status != "free"] == [
        ("Volume (gp3)", "8"),  # 100 × 0.08
        ("Network load balancer", "16.425"),  # 730 × 0.0225
        ("Capacity units", "4.38"),  # 730 × 0.006
        ("Application load balancer", "16.425"),
        ("Capacity units", "11.68"),  # 2 × 730 × 0.008
    ]


def test_prometheus_ingestion_by_tier():
    workspace = node(
        "aws:amp/workspace:Workspace",
        usage={"samples": 3_000_000_000, "stored_gib": 10, "queried_samples": 1_000_000_000},
    )
    found = [str(c.amount.expected.normalize()) for c in priced(workspace, region="ap-northeast-1").charges]
    assert found == ["1.8E+2", "35", "0.3", "0.1"]  # 200 × 0.90, 100 × 0.35, 10 × 0.03, 1 × 0.10


def test_function():
    function = node(
        "aws:lambda/function:Function", usage={"requests": 1_000_000, "seconds_per_request": "0.5"}, memorySize=512
    )
    assert [str(c.amount.expected.normalize()) for c in estimate(graph(function), today=date(2026, 8, 1)).charges] == [
        "0.2",
        "4.166675",
    ]
    # 1 000 000 × 0.0000002; 1 000 000 × 0.5 s × 0.5 GiB × 0.0000166667


def test_alert_mails_are_counted_on_their_topic():
    topic = urn("aws:sns/topic:Topic", "alerts")
    result = priced(
        node("aws:sns/topic:Topic", "alerts", {"notifications": 1000}),
        node("aws:sns/topicSubscription:TopicSubscription", protocol="email", topic=f"${{{{{topic}#arn}}}}"),
        node(
            "aws:sns/topicSubscription:TopicSubscription",
            "hook",
            {"notifications": 100_000},
            protocol="https",
            topic="arn",
        ),
        node("aws:sns/topicSubscription:TopicSubscription", "fan-out", protocol="sqs", topic="arn"),
        node("aws:sns/topicSubscription:TopicSubscription", "text", protocol="sms", topic="arn"),
    )
    assert [
        (c.status, None if c.amount.expected is None else str(c.amount.expected.normalize())) for c in result.charges
    ] == [
        ("stale", "0.0005"),  # 1000 × 0.50 a million
        ("stale", "0.02"),  # 1000 × 2.00 a 100 000
        ("free", "0"),
        ("stale", "0.06"),  # 100 000 × 0.06 a 100 000
        ("free", "0"),
        ("unpriced", None),
    ]


def test_logs_are_stored_for_as_long_as_they_are_kept():
    kept = node("aws:cloudwatch/logGroup:LogGroup", usage={"ingested_gib": 10}, retentionInDays=365)
    forever = node("aws:cloudwatch/logGroup:LogGroup", "forever", {"ingested_gib": 10})
    amounts = [c.amount.expected for c in priced(kept, forever).charges]
    assert amounts[0] == amounts[2] == 5
    assert f"{amounts[1]:.4f}" == "3.6000"  # 10 × 365 ÷ 30.4167 = 120 GiB × 0.03
    assert amounts[3] is None


def test_ingress_by_data_and_one_balancer_a_group():
    grouped = {"annotations": {"alb.ingress.kubernetes.io/group.name": "shared"}}
    result = priced(
        node(
            "kubernetes:networking.k8s.io/v1:Ingress",
            "a",
            {"processed_gib": 100},
            metadata=grouped,
            spec={"ingressClassName": "alb"},
        ),
        node(
            "kubernetes:networking.k8s.io/v1:Ingress",
            "b",
            {"processed_gib": 100},
            metadata=grouped,
            spec={"ingressClassName": "alb"},
        ),
        node("kubernetes:networking.k8s.io/v1:Ingress", "c", spec={"ingressClassName": "nginx"}),
    )
    assert [(c.status, str(c.amount.expected.normalize())) for c in result.charges] == [
        ("priced", "16.425"),
        ("priced", "0.8"),  # 100 unit-hours × 0.008
        ("free", "0"),
        ("free", "0"),
    ]
