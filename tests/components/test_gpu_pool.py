"""gpu_pool: managed and Karpenter's, EFA, reservations, sharing, and what it refuses."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from building import DEV, made
from pydantic import ValidationError

from mlinfra.components._grammar import Layer, Range, expectations
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.compute.gpu_pool import GpuPool, GpuPoolNeeds, GpuPoolSpec
from mlinfra.components.compute.karpenter import KarpenterOutputs
from mlinfra.errors import UsageError

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  cluster: {kind: eks_cluster, network: main}
  karpenter: {kind: karpenter, cluster: cluster}
  train:
    kind: gpu_pool
    cluster: cluster
    instance_types: [p5.48xlarge]
    provisioner: managed
    capacity: capacity_block
    reservation_id: cr-0123456789abcdef0
    subnet_id: subnet-0123456789abcdef0
    min_size: 0
    desired_size: 2
    max_size: 2
    disk_gib: 500
    disk_throughput_mibps: 1000
    efa: true
    taints: [{key: team, value: research, effect: NoExecute}]
    labels: {team: research}
    expected: {average_nodes: {min: 0, expected: 1, max: 2}}
  serve:
    kind: gpu_pool
    cluster: cluster
    karpenter: karpenter
    instance_types: [g6e.xlarge, g6e.2xlarge]
    provisioner: karpenter
    capacity: spot
    max_size: 8
    ami_version: v20260810
    local_disks: false
    sharing: {mode: time_slicing, replicas: 4}
    tainted: false
    empty_minutes: 5
    expire_days: 7
  parts:
    kind: gpu_pool
    cluster: cluster
    karpenter: karpenter
    provisioner: karpenter
    instance_types: [p4d.24xlarge]
    capacity: reservation
    reservation_id: cr-0123456789abcdef0
    efa: true
    sharing: {mode: mig, profile: 1g.5gb}
"""


def cluster() -> EksClusterOutputs:
    return EksClusterOutputs.of(
        name="shop",
        endpoint="https://api",
        certificate_authority="Y2E=",
        version="1.35",
        security_group_id="sg-1",
        node_role_arn="arn:nodes",
        node_role_name="nodes",
        vpc_id="vpc-1",
        private_subnet_ids=["subnet-a", "subnet-b"],
        region="eu-west-1",
        max_pods=110,
    )


def karpenter() -> KarpenterOutputs:
    return KarpenterOutputs.of(
        cluster_name="shop",
        namespace="kube-system",
        version="1.14.1",
        node_role_arn="arn:karpenter",
        node_role_name="karpenter",
        instance_profile_name="profile",
        queue_arn="arn:queue",
    )


def children(**spec: Any) -> dict[str, dict[str, Any]]:
    return made(
        lambda: GpuPool(
            "gpus",
            GpuPoolSpec.model_validate(spec),
            GpuPoolNeeds(cluster=cluster(), karpenter=karpenter()),
            context=DEV,
        )
    )


def test_a_managed_pool_is_a_node_group_with_a_template() -> None:
    found = children(instance_types=["g6.xlarge", "g6.2xlarge"])
    assert sorted(found) == ["gpus", "gpus-template"]
    launch = found["gpus"].pop("launchTemplate")
    assert launch["id"] == "gpus-template"
    assert found["gpus"] == {
        "clusterName": "shop",
        "nodeRoleArn": "arn:nodes",
        "subnetIds": ["subnet-a", "subnet-b"],
        "amiType": "AL2023_x86_64_NVIDIA",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["g6.xlarge", "g6.2xlarge"],
        "scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 4},
        "updateConfig": {"maxUnavailable": 1},
        "nodeRepairConfig": {"enabled": True},
        "labels": {"mlinfra/pool": "gpus", "mlinfra/accelerator": "nvidia", "nvidia.com/gpu.present": "true"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
    }
    template = found["gpus-template"]
    assert b"strategy: RAID0" in base64.b64decode(template["userData"])
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert "networkInterfaces" not in template


def test_efa_puts_one_type_into_one_zone_and_one_placement_group() -> None:
    found = children(instance_types=["p4d.24xlarge"], efa=True)
    assert sorted(found) == ["gpus", "gpus-efa", "gpus-efa-in", "gpus-efa-out", "gpus-placement", "gpus-template"]
    assert found["gpus"]["subnetIds"] == ["subnet-a"]
    assert found["gpus-template"]["placement"] == {"groupName": "gpus-placement"}
    assert found["gpus-template"]["networkInterfaces"] == [
        {
            "networkCardIndex": card,
            "deviceIndex": 0 if card == 0 else 1,
            "interfaceType": "efa" if card == 0 else "efa-only",
            "securityGroups": ["sg-1", "gpus-efa"],
            "deleteOnTermination": "true",
        }
        for card in range(4)
    ]
    for way in ("in", "out"):
        rule = found[f"gpus-efa-{way}"]
        assert (rule["securityGroupId"], rule["referencedSecurityGroupId"], rule["ipProtocol"]) == (
            "gpus-efa",
            "gpus-efa",
            "-1",
        )


def test_a_capacity_block_is_bought_as_one() -> None:
    found = children(
        instance_types=["p5.48xlarge"],
        capacity="capacity_block",
        reservation_id="cr-0123456789abcdef0",
        subnet_id="subnet-0123456789abcdef0",
    )
    assert found["gpus"]["capacityType"] == "CAPACITY_BLOCK"
    assert found["gpus"]["subnetIds"] == ["subnet-0123456789abcdef0"]
    assert found["gpus-template"]["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert found["gpus-template"]["capacityReservationSpecification"] == {
        "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}
    }


def test_karpenters_pool_is_two_objects_with_a_limit() -> None:
    found = children(instance_types=["g6.12xlarge", "g6.xlarge"], provisioner="karpenter", max_size=3, capacity="spot")
    assert sorted(found) == ["gpus", "gpus-class"]
    assert found["gpus"]["spec"] == {
        "template": {
            "metadata": {
                "labels": {"mlinfra/pool": "gpus", "mlinfra/accelerator": "nvidia", "nvidia.com/gpu.present": "true"}
            },
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "gpus"},
                "requirements": [
                    {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
                    {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                    {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]},
                    {
                        "key": "node.kubernetes.io/instance-type",
                        "operator": "In",
                        "values": ["g6.12xlarge", "g6.xlarge"],
                    },
                ],
                "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}],
                "expireAfter": "720h",
            },
        },
        "limits": {"nvidia.com/gpu": "12"},
        "disruption": {
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": "10m",
            "budgets": [{"nodes": "10%"}],
        },
    }
    spec = found["gpus-class"]["spec"]
    assert (spec["instanceProfile"], spec["instanceStorePolicy"]) == ("profile", "RAID0")
    assert spec["kubelet"] == {"maxPods": 110}


def test_karpenter_never_replaces_a_node_under_a_job_that_spans_nodes() -> None:
    found = children(
        instance_types=["p4d.24xlarge"],
        provisioner="karpenter",
        efa=True,
        capacity="reservation",
        reservation_id="cr-0123456789abcdef0",
    )
    pool, spec = found["gpus"]["spec"], found["gpus-class"]["spec"]
    assert pool["template"]["spec"]["expireAfter"] == "Never"
    assert pool["disruption"]["budgets"] == [
        {"nodes": "100%", "reasons": ["Empty"]},
        {"nodes": "0", "reasons": ["Drifted"]},
    ]
    assert pool["template"]["spec"]["requirements"][2]["values"] == ["reserved"]
    assert spec["capacityReservationSelectorTerms"] == [{"id": "cr-0123456789abcdef0"}]
    assert spec["placementGroupSelector"] == {"name": "gpus-placement"}
    assert spec["subnetSelectorTerms"] == [{"id": "subnet-a"}]
    assert [each["id"] for each in spec["securityGroupSelectorTerms"]] == ["sg-1", "gpus-efa"]
    assert len(spec["networkInterfaces"]) == 5


def test_karpenter_has_to_be_there() -> None:
    spec = GpuPoolSpec(instance_types=("g6.xlarge",), provisioner="karpenter")
    assert GpuPool.requirements(spec) == {"karpenter": "it starts the nodes"}
    with pytest.raises(UsageError, match="nothing gives it Karpenter"):
        made(lambda: GpuPool("gpus", spec, GpuPoolNeeds(cluster=cluster()), context=DEV))


@pytest.mark.parametrize(("provisioner", "layer"), [("managed", Layer.CLUSTER), ("karpenter", Layer.PLATFORM)])
def test_the_provisioner_decides_the_layer(provisioner: Any, layer: Layer) -> None:
    assert GpuPool.layer_of(GpuPoolSpec(instance_types=("g6.xlarge",), provisioner=provisioner)) is layer


@pytest.mark.parametrize(
    ("spec", "ami", "labels", "taint"),
    [
        (
            {"instance_types": ["trn1.32xlarge"]},
            "AL2023_x86_64_NEURON",
            {"mlinfra/accelerator": "neuron"},
            "aws.amazon.com/neuron",
        ),
        (
            {"instance_types": ["g5g.xlarge"]},
            "AL2023_ARM_64_NVIDIA",
            {"mlinfra/accelerator": "nvidia", "nvidia.com/gpu.present": "true"},
            "nvidia.com/gpu",
        ),
        (
            {"instance_types": ["g6.xlarge"], "os": "bottlerocket"},
            "BOTTLEROCKET_x86_64_NVIDIA",
            {"mlinfra/accelerator": "nvidia"},
            "nvidia.com/gpu",
        ),
        (
            {"instance_types": ["g6.xlarge"], "sharing": {"mode": "mps", "replicas": 2}},
            "AL2023_x86_64_NVIDIA",
            {
                "mlinfra/accelerator": "nvidia",
                "nvidia.com/gpu.present": "true",
                "nvidia.com/device-plugin.config": "mps-2",
                "nvidia.com/mps.capable": "true",
            },
            "nvidia.com/gpu",
        ),
    ],
)
def test_image_labels_and_taint_follow_from_the_accelerator(
    spec: dict[str, Any], ami: str, labels: dict[str, str], taint: str
) -> None:
    group = children(**spec)["gpus"]
    assert (group["amiType"], group["labels"]) == (ami, {"mlinfra/pool": "gpus", **labels})
    assert [each["key"] for each in group["taints"]] == [taint]


def test_workloads_learn_what_to_ask_for() -> None:
    seen: dict[str, Any] = {}

    def program() -> None:
        spec = GpuPoolSpec(instance_types=("p4d.24xlarge",), efa=True)
        outputs = GpuPool("gpus", spec, GpuPoolNeeds(cluster=cluster()), context=DEV).outputs
        for field, value in outputs.exports().items():
            value.apply(lambda found, field=field: seen.update({field: found}))

    made(program)
    assert seen == {
        "name": "gpus",
        "cluster_name": "shop",
        "resource_name": "nvidia.com/gpu",
        "accelerators_per_node": 8,
        "efa_interfaces": 4,
        "node_selector": {"mlinfra/pool": "gpus"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}],
    }


@pytest.mark.parametrize(
    ("spec", "token", "expected"),
    [
        ({"desired_size": 2}, "aws:eks/nodeGroup:NodeGroup", Range.of(2)),
        ({"provisioner": "karpenter", "max_size": 5}, "kubernetes:karpenter.sh/v1:NodePool", Range.of(0, 3, 5)),
        ({"expected": {"average_nodes": 1}}, "aws:eks/nodeGroup:NodeGroup", Range.of(1)),
    ],
)
def test_what_to_reckon_with_reaches_the_pool(spec: dict[str, Any], token: str, expected: Range) -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    reset = expectations.set(found)
    try:
        children(instance_types=["g6.xlarge"], **spec)
    finally:
        expectations.reset(reset)
    assert found == {(token, "gpus"): {"average_nodes": expected}}


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ({"instance_types": ["m7i.large"]}, "not an instance type with NVIDIA GPUs"),
        ({"instance_types": ["g6.huge"]}, "family g6 has g6.12xlarge"),
        ({"instance_types": []}, "at least 1"),
        ({"instance_types": ["g6.xlarge", "trn1.2xlarge"]}, "make two pools"),
        ({"instance_types": ["g6.xlarge", "g5g.xlarge"]}, "make two pools"),
        ({"instance_types": ["trn1.2xlarge"], "os": "bottlerocket"}, "there is no bottlerocket image"),
        ({"instance_types": ["g6.xlarge"], "provisioner": "karpenter", "min_size": 1}, "leave out `min_size`"),
        ({"instance_types": ["g6.xlarge"], "desired_size": 9}, "must not decrease"),
        ({"instance_types": ["g6f.xlarge"], "provisioner": "karpenter"}, "part of a GPU"),
        ({"instance_types": ["g6.xlarge"], "capacity": "reservation"}, "they need it"),
        ({"instance_types": ["g6.xlarge"], "reservation_id": "cr-0123456789abcdef0"}, "they need it"),
        (
            {
                "instance_types": ["p5.48xlarge", "p5e.48xlarge"],
                "capacity": "reservation",
                "reservation_id": "cr-0123456789abcdef0",
            },
            "one instance type",
        ),
        (
            {"instance_types": ["g6.xlarge"], "capacity": "capacity_block", "reservation_id": "cr-0123456789abcdef0"},
            "not sold as capacity-block",
        ),
        ({"instance_types": ["trn2u.48xlarge"], "capacity": "spot"}, "not sold as spot"),
        ({"instance_types": ["g6.xlarge"], "efa": True}, "has no EFA"),
        ({"instance_types": ["p4d.24xlarge", "p4de.24xlarge"], "efa": True}, "one instance type"),
        ({"instance_types": ["inf2.xlarge"], "sharing": {"mode": "mps", "replicas": 2}}, "for NVIDIA GPUs"),
        (
            {"instance_types": ["g6.xlarge"], "os": "bottlerocket", "sharing": {"mode": "mps", "replicas": 2}},
            "needs `os: al2023`",
        ),
        ({"instance_types": ["g6.xlarge"], "sharing": {"mode": "mig", "profile": "1g.5gb"}}, "cannot be cut by MIG"),
        ({"instance_types": ["g6.xlarge"], "sharing": {"mode": "mps"}}, "`replicas` goes with"),
        ({"instance_types": ["g6.xlarge"], "sharing": {"profile": "1g.5gb"}}, "`profile` goes with"),
        ({"instance_types": ["g6.xlarge"], "sharing": {"mode": "mps", "replicas": 17}}, "less than or equal to 16"),
        ({"instance_types": ["g6.xlarge"], "ami_version": "v20260810"}, "is for Karpenter"),
        ({"instance_types": ["g6.xlarge"], "labels": {"karpenter.sh/x": "y"}}, "is reserved"),
    ],
)
def test_refuses(wrong: dict[str, Any], because: str) -> None:
    with pytest.raises(ValidationError, match=because):
        GpuPoolSpec.model_validate(wrong)
