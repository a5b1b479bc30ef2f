"""gpu_operator: one device plugin, and what goes with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import DEV, made
from pydantic import ValidationError

from mlinfra.components.compute._gpu_sharing import Sharing, configurations
from mlinfra.components.compute._gpu_values import operator_values
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.compute.gpu_operator import GpuOperator, GpuOperatorNeeds, GpuOperatorSpec

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  cluster: {kind: eks_cluster, network: main}
  devices: {kind: gpu_operator, cluster: cluster, mode: operator, dcgm_exporter: true, efa: true, neuron: true}
"""

CLUSTER = EksClusterOutputs.of(
    name="shop",
    endpoint="https://api",
    certificate_authority="Y2E=",
    version="1.35",
    security_group_id="sg-1",
    node_role_arn="arn:nodes",
    node_role_name="nodes",
    vpc_id="vpc-1",
    private_subnet_ids=["subnet-a"],
    region="eu-west-1",
)


def charts(spec: dict[str, Any]) -> dict[str, tuple[str, str]]:
    found = made(
        lambda: GpuOperator(
            "devices", GpuOperatorSpec.model_validate(spec), GpuOperatorNeeds(cluster=CLUSTER), context=DEV
        )
    )
    return {name: (inputs["chart"], inputs["version"]) for name, inputs in found.items() if "chart" in inputs}


PLUGIN = ("nvidia-device-plugin", "0.20.0")
OPERATOR = ("gpu-operator", "v26.7.0")
EXPORTER = ("dcgm-exporter", "4.8.2")
EFA = ("aws-efa-k8s-device-plugin", "v0.5.30")
NEURON = ("oci://public.ecr.aws/neuron/neuron-helm-chart", "1.3.0")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, {"devices": PLUGIN, "devices-dcgm-exporter": EXPORTER}),
        ({"dcgm_exporter": False}, {"devices": PLUGIN}),
        ({"mode": "operator"}, {"devices": OPERATOR}),
        ({"mode": "operator", "efa": True}, {"devices": OPERATOR, "devices-efa": EFA}),
        ({"mode": "none", "neuron": True}, {"devices-neuron": NEURON}),
    ],
)
def test_there_is_at_most_one_nvidia_plugin_and_one_exporter(spec: dict[str, Any], expected: dict[str, Any]) -> None:
    assert charts(spec) == expected


@pytest.mark.parametrize("metrics", [True, False])
def test_the_operator_leaves_driver_and_toolkit_to_the_image(*, metrics: bool) -> None:
    values = operator_values(metrics=metrics)
    assert (values["driver"], values["toolkit"]) == ({"enabled": False}, {"enabled": False})
    assert values["dcgmExporter"] == {"enabled": metrics, "serviceMonitor": {"enabled": False}}
    assert set(values["devicePlugin"]["config"]["data"]) == set(configurations())


@pytest.mark.parametrize(
    ("sharing", "sharing_section"),
    [
        (
            Sharing(mode="time_slicing", replicas=4),
            {
                "timeSlicing": {
                    "failRequestsGreaterThanOne": True,
                    "resources": [{"name": "nvidia.com/gpu", "replicas": 4}],
                }
            },
        ),
        (Sharing(mode="mps", replicas=16), {"mps": {"resources": [{"name": "nvidia.com/gpu", "replicas": 16}]}}),
    ],
)
def test_a_pool_asks_for_a_configuration_that_is_there(sharing: Sharing, sharing_section: dict[str, Any]) -> None:
    chosen = configurations()[sharing.labels["nvidia.com/device-plugin.config"]]
    assert json.loads(chosen) == {"version": "v1", "flags": {"migStrategy": "single"}, "sharing": sharing_section}


def test_whole_gpus_are_the_default() -> None:
    assert Sharing().labels == {}
    assert json.loads(configurations()["whole-gpu"]) == {"version": "v1", "flags": {"migStrategy": "single"}}
    assert Sharing(mode="mig", profile="1g.10gb").labels == {"nvidia.com/mig.config": "all-1g.10gb"}


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing is installed"):
        GpuOperatorSpec(mode="none")
