"""Whole cases as one would reckon them by hand from AWS's public price list, N. Virginia; the arithmetic is beside it."""

from decimal import Decimal

import pytest
from pricing_graphs import TODAY, node, priced, urn

from mlinfra.cost.prices.catalogue import Catalogue

ZERO = Decimal(0)


def bill(*nodes, region="us-east-1"):
    """Name → expected amount, as text; ``None`` where it is not known. What is free is left out."""
    return {
        charge.name: None if charge.amount.expected is None else plain(charge.amount.expected)
        for charge in priced(*nodes, region=region).charges
        if charge.status != "free"
    }


def plain(figure):
    return f"{figure:.4f}".rstrip("0").rstrip(".")


def test_a_lake_of_600_tib():
    lake = node(
        "aws:s3/bucket:Bucket",
        usage={"stored_gib": 614_400, "put_requests": 20_000_000, "get_requests": 500_000_000},
    )
    result = priced(lake)
    assert [plain(charge.amount.expected) for charge in result.charges] == [
        "1177.6",  # 50 TiB = 51 200 × 0.023
        "10137.6",  # the next 450 TiB = 460 800 × 0.022
        "2150.4",  # the 100 TiB beyond = 102 400 × 0.021
        "100",  # 20 000 thousand × 0.005
        "200",  # 500 000 thousand × 0.0004
    ]
    assert result.totals.expected == Decimal("13765.6")


def test_colder_classes():
    bucket = urn("aws:s3/bucket:Bucket", "cold")
    rules = [{"transitions": [{"days": 30, "storageClass": "STANDARD_IA"}, {"days": 90, "storageClass": "GLACIER"}]}]
    found = bill(
        node(
            "aws:s3/bucket:Bucket", "cold",
            {"stored_gib": 100, "infrequent_gib": 1000, "retrieved_gib": 50, "put_requests": 0, "get_requests": 0, "transitions": 200_000},
        ),
        node("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", bucket=f"${{{{{bucket}#id}}}}", rules=rules),
    )  # fmt: skip
    assert found == {
        "Storage, standard": "2.3",  # 100 × 0.023
        "Storage, infrequent access": "12.5",  # 1000 × 0.0125
        "Retrieval": "0.5",  # 50 × 0.01
        "PUT requests": "0",
        "GET requests": "0",
        "Moves to STANDARD_IA, GLACIER": "6",  # 200 thousand × 0.03, the dearer of 0.01 and 0.03
    }


def test_moves_to_a_class_without_a_price_are_not_priced():
    rules = [{"noncurrentVersionTransitions": [{"storageClass": "GLACIER_IR"}]}, {"expiration": {"days": 9}}]
    moves = node(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", usage={"transitions": 1}, rules=rules
    )
    (charge,) = priced(moves).charges
    assert (charge.name, charge.status, charge.amount.expected) == ("Moves to GLACIER_IR", "unpriced", None)


def test_deleting_by_age_is_free():
    rules = [{"expiration": {"days": 9}, "noncurrentVersionExpiration": {"noncurrentDays": 3}}]
    (charge,) = priced(node("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", rules=rules)).charges
    assert (charge.status, charge.amount) == ("free", (ZERO, ZERO, ZERO))


def test_a_network_of_three_zones():
    gateways = [node("aws:ec2/natGateway:NatGateway", f"nat-{n}", {"processed_gib": 200}) for n in range(3)]
    result = priced(
        node("aws:ec2/vpc:Vpc", usage={"between_zones_gib": 1000, "to_internet_gib": 500}),
        *gateways,
        *(node("aws:ec2/eip:Eip", f"ip-{n}") for n in range(3)),
        node("aws:ec2/vpcEndpoint:VpcEndpoint", usage={"processed_gib": 100}, vpcEndpointType="Interface", subnetIds=["a", "b", "c"]),
        node("aws:ec2/vpcEndpoint:VpcEndpoint", "s3"),
    )  # fmt: skip
    # 1000 out and in × 0.01 = 20; 500 × 0.09 = 45; gateways 3 × (730 × 0.045 + 200 × 0.045) = 125.55;
    # addresses 3 × 730 × 0.005 = 10.95; endpoint 3 × 730 × 0.01 + 100 × 0.01 = 22.9
    assert result.totals.expected == Decimal(20) + 45 + Decimal("125.55") + Decimal("10.95") + Decimal("22.9")


def test_200_tib_to_the_internet():
    traffic = node("aws:ec2/vpc:Vpc", usage={"between_zones_gib": 0, "to_internet_gib": 204_800})
    amounts = [plain(charge.amount.expected) for charge in priced(traffic).charges if "internet" in charge.name]
    # 10 240 × 0.09; 40 960 × 0.085; 102 400 × 0.07; the 51 200 beyond 150 TiB × 0.05
    assert amounts == ["921.6", "3481.6", "7168", "2560"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("GatewayLoadBalancer", {"Endpoint hours": "7.3", "Data processed": "0.35"}),  # 730 × 0.01; 100 × 0.0035
        ("Resource", {"Endpoint hours": None}),
    ],
)
def test_endpoints_of_other_types(kind, expected):
    found = node("aws:ec2/vpcEndpoint:VpcEndpoint", usage={"processed_gib": 100}, vpcEndpointType=kind, subnetIds=["a"])
    assert bill(found) == expected


def test_logs_past_cloudwatch_are_not_free():
    assert bill(node("aws:ec2/flowLog:FlowLog", logDestinationType="s3")) == {"Log delivery": None}
    assert bill(node("aws:ec2/flowLog:FlowLog")) == {}


@pytest.mark.parametrize(("turns", "most"), [(True, 3), (False, 1)])
def test_a_key_that_turns_costs_more_after_each_of_two_rotations(turns, most):
    key = node("aws:kms/key:Key", usage={"requests": 1_000_000}, enableKeyRotation=turns)
    assert priced(key).totals == (4, 4, most + 3)  # 1 key × 1.00 and 100 × 0.03 a ten thousand


def test_a_cluster_with_its_nodes_and_logs():
    template = urn("aws:ec2/launchTemplate:LaunchTemplate", "lt")
    found = bill(
        node("aws:eks/cluster:Cluster", version="1.34"),
        node("aws:cloudwatch/logGroup:LogGroup", usage={"ingested_gib": 20}, retentionInDays=90),
        node(
            "aws:ec2/launchTemplate:LaunchTemplate", "lt", instanceType="m5.xlarge", monitoring={"enabled": True},
            blockDeviceMappings=[{"ebs": {"volumeSize": 100, "volumeType": "gp3"}}],
        ),
        node("aws:eks/nodeGroup:NodeGroup", launchTemplate={"id": f"${{{{{template}#id}}}}"}, scalingConfig={"minSize": 2, "desiredSize": 3, "maxSize": 6}),
        node("aws:eks/addon:Addon", addonName="vpc-cni"),
        node("aws:eks/addon:Addon", "observing", addonName="amazon-cloudwatch-observability"),
    )  # fmt: skip
    assert found == {
        "Control plane": "73",  # 730 × 0.10
        "Log data ingested": "10",  # 20 × 0.50
        "Log data stored": "1.7753",  # 20 × 90 ÷ 30.4167 = 59.178 × 0.03
        "Nodes (m5.xlarge)": "420.48",  # 3 × 730 × 0.192
        "Node volumes (gp3)": "24",  # 3 × 100 × 0.08
        "Detailed monitoring": "6.3",  # 3 × 7 × 0.30
        "Metrics and logs of container insights": None,
    }


def test_a_group_of_two_types_costs_between_the_cheaper_and_the_dearer():
    sizes = {"minSize": 1, "desiredSize": 1, "maxSize": 1}
    group = node("aws:eks/nodeGroup:NodeGroup", instanceTypes=["m5.xlarge", "m5.large"], scalingConfig=sizes)
    nodes = priced(group).charges[0]
    # 730 × 0.096 and 0.192; the first one named is what EKS tries first
    assert nodes.amount == (Decimal("70.08"), Decimal("140.16"), Decimal("140.16"))


def test_a_group_never_runs_more_nodes_than_its_maximum():
    sizes = {"minSize": 2, "desiredSize": 2, "maxSize": 3}
    averages = [
        priced(node("aws:eks/nodeGroup:NodeGroup", usage={"average_nodes": n}, instanceTypes=["m5.large"], scalingConfig=sizes)).charges[0].quantity.amount
        for n in (1, 2.5, 9)
    ]  # fmt: skip
    assert averages == [(1460, 1460, 2190), (1460, 1825, 2190), (1460, 2190, 2190)]


def test_a_price_made_of_several_is_as_old_as_the_oldest():
    sizes = {"minSize": 1, "desiredSize": 1, "maxSize": 1}
    group = node("aws:eks/nodeGroup:NodeGroup", instanceTypes=["p5.48xlarge"], capacityType="SPOT", scalingConfig=sizes)
    price = priced(group).charges[0].price
    parts = [row for table in ("ec2_spot", "ec2_on_demand") for row in table_rows(table, "p5.48xlarge")]
    assert len({row.as_of for row in parts}) > 1
    assert str(price.as_of) == min(row.as_of for row in parts)


def table_rows(table, instance_type):
    rows = Catalogue(TODAY).skus(table, "us-east-1")
    return [row for sku, row in rows.items() if sku.partition("@")[0] == instance_type]


def test_a_limit_holds_whole_nodes():
    requirement = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["m5.xlarge"]}
    spec = {"limits": {"cpu": "11"}, "template": {"spec": {"requirements": [requirement]}}}
    nodes = priced(node("kubernetes:karpenter.sh/v1:NodePool", spec=spec)).charges[0]
    assert nodes.amount.max == Decimal("280.32")  # 2 with 4 vCPUs each × 730 × 0.192


def test_one_machine_with_everything():
    found = bill(
        node(
            "aws:ec2/instance:Instance", instanceType="t3.medium", associatePublicIpAddress=True, monitoring=True,
            rootBlockDevice={"volumeSize": 50}, ebsBlockDevices=[{"volumeSize": 500, "volumeType": "io1", "iops": 2000}],
        )
    )  # fmt: skip
    assert found == {
        "Instance (t3.medium)": "30.368",  # 730 × 0.0416
        "Root volume (gp3)": "4",  # 50 × 0.08
        "Volume (io1)": "62.5",  # 500 × 0.125
        "Volume (io1) IOPS": "130",  # 2000 × 0.065
        "Public IPv4 address": "3.65",  # 730 × 0.005
        "Detailed monitoring": "2.1",  # 7 × 0.30
    }
    machine = node("aws:ec2/instance:Instance", instanceType="t3.medium")
    assert "burstable instances (T families) keep within their CPU credits" in priced(machine).assumptions


def test_magnetic_volumes_cost_requests_as_well():
    volume = node("aws:ebs/volume:Volume", size=100, type="standard")
    assert bill(volume) == {"Volume (standard)": "5", "Volume (standard) I/O requests": None}  # 100 × 0.05


PUBLIC = [
    node("aws:ec2/subnet:Subnet", f"public-{n}", tags={"kubernetes.io/role/elb": "1"}, component=None) for n in range(3)
]
PRIVATE = node("aws:ec2/subnet:Subnet", "private", tags={"kubernetes.io/role/internal-elb": "1"}, component=None)


@pytest.mark.parametrize(
    ("balancer", "expected"),
    [
        (
            node(
                "kubernetes:networking.k8s.io/v1:Ingress", usage={"processed_gib": 1000}, spec={"ingressClassName": "alb"},
                metadata={"annotations": {"alb.ingress.kubernetes.io/scheme": "internet-facing"}},
            ),
            {"Application load balancer": "16.425", "Capacity units": "8", "Public IPv4 addresses": "10.95"},
        ),
        (
            node(
                "kubernetes:core/v1:Service", usage={"capacity_units": 2},
                spec={"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"},
                metadata={"annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}},
            ),
            {"Network load balancer": "16.425", "Capacity units": "8.76", "Public IPv4 addresses": "10.95"},
        ),
        (
            node("kubernetes:core/v1:Service", usage={"processed_gib": 100}, spec={"type": "LoadBalancer"}),
            {"Classic load balancer": "18.25", "Data processed": "0.8", "Public IPv4 addresses": "10.95"},
        ),
        (
            node(
                "kubernetes:core/v1:Service", usage={"processed_gib": 100}, spec={"type": "LoadBalancer"},
                metadata={"annotations": {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}},
            ),
            {"Classic load balancer": "18.25", "Data processed": "0.8"},
        ),
        (
            node("aws:lb/loadBalancer:LoadBalancer", usage={"capacity_units": 1}, subnets=["a", "b"]),
            {"Application load balancer": "16.425", "Capacity units": "5.84", "Public IPv4 addresses": "7.3"},
        ),
        (
            node("aws:lb/loadBalancer:LoadBalancer", usage={"capacity_units": 1}, internal=True, subnets=["a", "b"]),
            {"Application load balancer": "16.425", "Capacity units": "5.84"},
        ),
    ],
    ids=["ingress", "network", "classic", "classic inside", "own", "own inside"],
)  # fmt: skip
def test_load_balancers_that_face_the_internet_have_an_address_in_each_zone(balancer, expected):
    # 730 × 0.0225 (classic 0.025); units × 730 × 0.008 (network 0.006) or GiB × 0.008; zones × 730 × 0.005
    assert bill(balancer, *PUBLIC, PRIVATE) == expected


def test_addresses_in_a_network_that_is_not_in_the_graph_are_not_known():
    annotations = {"alb.ingress.kubernetes.io/scheme": "internet-facing"}
    ingress = node(
        "kubernetes:networking.k8s.io/v1:Ingress", usage={"processed_gib": 0}, spec={"ingressClassName": "alb"},
        metadata={"annotations": annotations},
    )  # fmt: skip
    assert bill(ingress, PRIVATE)["Public IPv4 addresses"] is None


def test_charts_claim_the_volumes_that_their_values_name():
    def claim(size):
        return {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": size}}}}}

    values = {
        "prometheus": {"prometheusSpec": {"replicas": 2, "storageSpec": claim("50Gi")}},
        "alertmanager": {"alertmanagerSpec": {"storage": claim("2Gi")}},
        "grafana": {"persistence": {"enabled": True, "size": "5Gi"}},
        "loki": {"persistence": {"enabled": False, "size": "500Gi"}},
        "tempo": {"persistence": {"enabled": True, "size": "500Gi", "existingClaim": "kept"}},
    }
    assert bill(node("kubernetes:helm.sh/v3:Release", values=values)) == {
        "Volume, prometheus (gp3)": "8",  # 2 × 50 × 0.08
        "Volume, alertmanager (gp3)": "0.16",  # 2 × 0.08
        "Volume, grafana (gp3)": "0.4",  # 5 × 0.08
    }


def test_a_pool_of_many_small_or_few_large_nodes():
    requirement = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g5.xlarge", "g5.12xlarge"]}
    spec = {"limits": {"nvidia.com/gpu": "8"}, "template": {"spec": {"requirements": [requirement]}}}
    nodes, disks = priced(node("kubernetes:karpenter.sh/v1:NodePool", usage={"average_nodes": 4}, spec=spec)).charges
    # 4 g5.xlarge × 1.006 are expected; the dearest fleet is 2 g5.12xlarge × 5.672, which has fewer nodes
    assert nodes.amount == (ZERO, Decimal("2937.52"), Decimal("8281.12"))
    assert nodes.quantity.amount == (ZERO, 2920, 2920)
    assert disks.amount == (ZERO, Decimal("6.4"), Decimal("12.8"))  # 4, and at most 8 × 20 × 0.08


@pytest.mark.parametrize(
    ("average", "expected", "most"),
    [
        ((1, 2, 3), "1468.76", "11344"),  # three of the type that costs most would have 12 GPUs: the limit of 8 holds
        ((1, 2, 2), "1468.76", "11344"),
        ((1, 1, 1), "734.38", "11344"),  # one figure is an average and no bound
        ((0, 1, 1), "734.38", "5672"),
        ((20, 20, 20), "5875.04", "11344"),  # no more than 8 fit
    ],
)
def test_limits_and_a_stated_range_both_hold(average, expected, most):
    requirement = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g5.xlarge", "g5.12xlarge"]}
    spec = {"limits": {"nvidia.com/gpu": "8"}, "template": {"spec": {"requirements": [requirement]}}}
    nodes = priced(node("kubernetes:karpenter.sh/v1:NodePool", usage={"average_nodes": average}, spec=spec)).charges[0]
    assert plain(nodes.amount.expected) == expected
    assert plain(nodes.amount.max * 1000 / 730) == most  # thousandths of a dollar an hour


CONFIGURATION = urn("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "config")


def test_an_endpoint_without_servers():
    serverless = {"memorySizeInMb": 2048, "maxConcurrency": 5}
    found = bill(
        node("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "config", productionVariants=[{"serverlessConfig": serverless}]),
        node(
            "aws:sagemaker/endpoint:Endpoint", "endpoint",
            {"requests": 500_000, "seconds_per_request": "0.2", "processed_gib_in": 1, "processed_gib_out": 1},
            endpointConfigName=f"${{{{{CONFIGURATION}#name}}}}",
        ),
    )  # fmt: skip
    # 500 000 × 0.2 s × 2 GiB × 0.00002; what the data costs is not known for this region
    assert found == {"Instances, serverless": "4", "Data in": None, "Data out": None}


def test_data_through_an_endpoint_in_ireland():
    variant = {"variantName": "main", "instanceType": "ml.m5.xlarge", "initialInstanceCount": 1, "volumeSizeInGb": 20}
    found = bill(
        node("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "config", productionVariants=[variant]),
        node(
            "aws:sagemaker/endpoint:Endpoint", "endpoint", {"processed_gib_in": 50, "processed_gib_out": 10},
            endpointConfigName=f"${{{{{CONFIGURATION}#name}}}}",
        ),
        region="eu-west-1",
    )  # fmt: skip
    assert found == {
        "Instances, main (ml.m5.xlarge)": "187.61",  # 730 × 0.257
        "Storage, main": "3.08",  # 20 × 0.154
        "Data in": "0.8",  # 50 × 0.016
        "Data out": "0.16",  # 10 × 0.016
    }


def test_ireland_has_prices_of_its_own():
    found = bill(
        node("aws:s3/bucket:Bucket", usage={"stored_gib": 1000, "put_requests": 1000, "get_requests": 10_000}),
        node("aws:cloudwatch/logGroup:LogGroup", usage={"ingested_gib": 10, "stored_gib": 10}),
        node("aws:dynamodb/table:Table", usage={"stored_gib": 10, "reads": 1_000_000, "writes": 1_000_000}, billingMode="PAY_PER_REQUEST"),
        node("aws:ebs/volume:Volume", size=100, type="gp3", iops=5000, throughput=225),
        node("aws:athena/workgroup:Workgroup", usage={"scanned_tib": 2}),
        node("aws:sqs/queue:Queue", usage={"requests": 10_000_000}),
        region="eu-west-1",
    )  # fmt: skip
    assert found == {
        "Storage, standard": "23",  # 1000 × 0.023
        "PUT requests": "0.005",
        "GET requests": "0.004",
        "Log data ingested": "5.7",  # 10 × 0.57
        "Log data stored": "0.3",
        "Storage": "2.83",  # 10 × 0.283
        "Reads": "0.1415",
        "Writes": "0.705",
        "Volume (gp3)": "8.8",  # 100 × 0.088
        "Volume (gp3) IOPS": "11",  # 2000 over 3000 × 0.0055
        "Volume (gp3) throughput": "4.4",  # 100 over 125 × 0.044
        "Data scanned": "10",  # 2 × 5.00
        "Requests": "4",  # 10 × 0.40
    }


def test_events_and_copies_of_a_bucket():
    found = bill(
        node("aws:s3/bucketNotification:BucketNotification", usage={"events": 3_000_000}, eventbridge=True),
        node("aws:s3/bucketNotification:BucketNotification", "queues", queues=[{}]),
        node("aws:s3/bucketReplicationConfig:BucketReplicationConfig", usage={"replicated_gib": 500, "put_requests": 10_000}),
        node("aws:ecr/replicationConfiguration:ReplicationConfiguration", usage={"replicated_gib": 40}, component="images"),
    )  # fmt: skip
    assert found == {
        "Events to EventBridge": "3",  # 3 × 1.00 a million
        "Data to other regions": "0.8",  # of images, which come last: 40 × 0.02; of the bucket: 500 × 0.02
        "PUT requests of copies": "0.05",  # 10 thousand × 0.005
        "Storage of the copies": None,
    }


def test_a_function_with_a_large_disk():
    function = node(
        "aws:lambda/function:Function",
        usage={"requests": 2_000_000, "seconds_per_request": 3},
        memorySize=1024,
        ephemeralStorage={"size": 2560},
        architectures=["arm64"],
    )
    assert bill(function) == {
        "Requests": "0.4",  # 2 × 0.20
        "Duration": "80.0004",  # 6 000 000 s × 1 GiB × 0.0000133334
        "Ephemeral storage": "0.3708",  # 6 000 000 s × 2 GiB over 0.5 × 0.0000000309
    }


def test_file_systems():
    found = bill(
        node("aws:efs/fileSystem:FileSystem", usage={"stored_gib": 100}, throughputMode="provisioned", provisionedThroughputInMibps=10),
        node("aws:fsx/lustreFileSystem:LustreFileSystem", "lustre", storageCapacity=2400, deploymentType="PERSISTENT_2", perUnitStorageThroughput=125, component="lustre"),
    )  # fmt: skip
    # 10 × 6.00; 2400 × 0.145, which stands last under the name that both have
    assert found == {"Storage": "348", "Provisioned throughput": "60"}
    elastic = node("aws:efs/fileSystem:FileSystem", usage={"stored_gib": 100}, throughputMode="elastic")
    assert bill(elastic) == {"Storage": "30", "Elastic throughput": None}  # 100 × 0.30
    scratch = node("aws:fsx/lustreFileSystem:LustreFileSystem", storageCapacity=1200)
    assert bill(scratch) == {"Storage": None}


def test_what_is_free_only_in_its_plain_form():
    found = bill(
        node("aws:ssm/parameter:Parameter"),
        node("aws:ssm/parameter:Parameter", "large", tier="Advanced"),
        node("aws:acm/certificate:Certificate", options={"certificateTransparencyLoggingPreference": "ENABLED"}),
        node("aws:acm/certificate:Certificate", "private", certificateAuthorityArn="arn"),
        node("aws:sfn/stateMachine:StateMachine", usage={"requests": 1_000_000}, type="EXPRESS"),
    )
    assert found == {"Parameter": None, "Certificate": None, "Express executions": "1", "Express duration": None}
    exported = node("aws:acm/certificate:Certificate", options={"export": "ENABLED"})
    assert bill(exported) == {"Certificate": None}
    table = node(
        "aws:dynamodb/table:Table", usage={"stored_gib": 0, "reads": 0, "writes": 0}, billingMode="PAY_PER_REQUEST",
        pointInTimeRecovery={"enabled": True},
    )  # fmt: skip
    assert bill(table)["Point-in-time recovery"] is None


def test_the_first_two_budgets_with_actions_cost_nothing():
    actions = [
        node("aws:budgets/budgetAction:BudgetAction", f"{budget}-{n}", budgetName=budget)
        for budget in "abc"
        for n in "12"
    ]
    assert [charge.status for charge in priced(*actions).charges] == ["free"] * 4 + ["unpriced", "free"]


def test_alerts_to_mail_and_chat():
    found = bill(
        node("aws:sns/topic:Topic", usage={"requests": 100_000, "notifications": 1_000_000}),
        node("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", usage={"notifications": 1_000_000}),
    )
    assert found == {
        "Requests": "0.05",  # 0.1 × 0.50 a million
        "E-mail notifications": "20",  # 10 × 2.00 a 100 000
        "Notifications": "0.6",  # 10 × 0.06 a 100 000
    }
