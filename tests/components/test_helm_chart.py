"""helm_chart: any chart, at one exact version."""

from __future__ import annotations

from typing import Any

import pytest
from building import DEV, made
from pydantic import ValidationError

from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.escape.helm_chart import HelmChart, HelmChartNeeds, HelmChartSpec

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  eks: {kind: eks_cluster}
  lake: {kind: bucket}
  state_metrics:
    kind: helm_chart
    layer: workloads
    cluster: eks
    chart: kube-state-metrics
    repository: https://prometheus-community.github.io/helm-charts
    version: 6.3.0
    namespace: tools
    create_namespace: true
    release_name: state-metrics
    values: {customLabels: {bucket: "${lake.name}"}, extraArgs: ["--resources=pods", "--x=${main.vpc_id}"]}
    skip_crds: true
    timeout_seconds: 900
"""

PLAIN = {"chart": "oci://ghcr.io/org/charts/tool", "version": "1.2.3", "namespace": "tools"}


def build(**told: Any) -> HelmChart:
    cluster = EksClusterOutputs.of(
        name="eks",
        endpoint="https://eks",
        certificate_authority="",
        version="1.34",
        security_group_id="sg-1",
        node_role_arn="arn:aws:iam::111111111111:role/node",
        node_role_name="node",
        vpc_id="vpc-1",
        private_subnet_ids=[],
        region="eu-west-1",
    )
    return HelmChart("my_tool", HelmChartSpec.model_validate(told), HelmChartNeeds(cluster=cluster), context=DEV)


def test_creates_exactly_one_release() -> None:
    assert made(lambda: build(**PLAIN)) == {
        "my_tool": {
            "name": "my-tool",
            "chart": "oci://ghcr.io/org/charts/tool",
            "version": "1.2.3",
            "namespace": "tools",
            "createNamespace": True,
            "values": {},
            "skipCrds": False,
            "timeout": 600,
            "atomic": True,
            "compat": "true",
        }
    }


def test_what_is_said_reaches_the_release() -> None:
    release = made(
        lambda: build(
            chart="tool",
            repository="https://charts.example.com",
            version="v2.0.0-rc.1",
            namespace="tools",
            create_namespace=False,
            release_name="other",
            values={"a": {"b": [1, "x"]}},
            skip_crds=True,
            timeout_seconds=60,
        )
    )["my_tool"]
    assert release == {
        "name": "other",
        "chart": "tool",
        "version": "v2.0.0-rc.1",
        "repositoryOpts": {"repo": "https://charts.example.com"},
        "namespace": "tools",
        "createNamespace": False,
        "values": {"a": {"b": [1, "x"]}},
        "skipCrds": True,
        "timeout": 60,
        "atomic": True,
        "compat": "true",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "^1.2.0"}, "should match pattern"),
        ({"version": "1.x"}, "should match pattern"),
        ({"version": "latest"}, "should match pattern"),
        ({"chart": "tool"}, "where chart `tool` comes from is not said"),
        ({"repository": "https://charts.example.com"}, "leave one out"),
        ({"chart": "tool", "repository": "http://charts.example.com"}, "should match pattern"),
        ({"chart": "tool", "repository": "https://me:word@charts.example.com"}, "should match pattern"),
        ({"namespace": "Tools"}, "should match pattern"),
        ({"release_name": "a" * 54}, "should match pattern"),
        ({"timeout_seconds": 1}, "greater than or equal to 30"),
    ],
)
def test_refuses(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HelmChartSpec.model_validate({**PLAIN, **change})
    assert message in str(refused.value)
