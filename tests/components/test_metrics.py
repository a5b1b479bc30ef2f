"""metrics: what is collected and kept, who is told, and that there is no default password."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from building import DEV, PROD, made
from pydantic import ValidationError

from mlinfra.components.compute.cluster_services import ClusterServicesOutputs
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.monitoring._alert_rules import PACKS, rule_spec
from mlinfra.components.monitoring._metrics_values import alertmanager_config, stack_chart
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.components.monitoring.metrics import Metrics, MetricsNeeds, MetricsSpec
from mlinfra.errors import UsageError

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  key: {kind: encryption_key}
  oncall: {kind: alerts, email: ml@example.com, critical: {email: pager@example.com}, key: key}
  cluster: {kind: eks_cluster, network: main, key: key}
  services: {kind: cluster_services, cluster: cluster}
  metrics:
    kind: metrics
    cluster: cluster
    cluster_services: services
    alerts: oncall
    retention_days: 30
    storage_gib: 200
    storage_class: gp3
    deletion: retain
    replicas: 2
    grafana: true
    grafana_admin_secret: grafana-admin
    gpu: true
    alert_rules: [gpu, serving, scaling]
    repeat_hours: 4
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
SERVICES = ClusterServicesOutputs.of(storage_class="gp3")
ALERTS = AlertsOutputs.of(topic_arn="arn:all", critical_topic_arn="arn:pager", key_arn="arn:key")
OURS = {"app.kubernetes.io/managed-by": "mlinfra"}
KUBERNETES = {"apiVersion": "monitoring.coreos.com/v1"}


def children(context: Any = DEV, alerts: AlertsOutputs | None = None, **spec: Any) -> dict[str, dict[str, Any]]:
    needs = MetricsNeeds(cluster=CLUSTER, cluster_services=SERVICES, alerts=alerts)
    return made(lambda: Metrics("metrics", MetricsSpec.model_validate(spec), needs, context=context))


def claim(size: str) -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "storageClassName": "gp3",
    }
    return {"volumeClaimTemplate": {"spec": spec}}


def test_creates_exactly_these_children() -> None:
    found = children(alerts=ALERTS)
    values = found["metrics"].pop("values")
    rules = {name: found.pop(f"metrics-rules-{name}") for name in ("gpu", "serving", "scaling")}
    trust = json.loads(found["metrics-role"].pop("assumeRolePolicy"))
    rights = json.loads(found["metrics-policy"].pop("policy"))["Statement"]
    assert found == {
        "metrics-namespace": {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": "monitoring",
                "labels": {
                    **OURS,
                    "pod-security.kubernetes.io/enforce": "privileged",
                    "pod-security.kubernetes.io/warn": "restricted",
                },
            },
        },
        "metrics-role": {},
        "metrics-policy": {"role": "metrics-role"},
        "metrics-identity": {
            "clusterName": "shop",
            "namespace": "monitoring",
            "serviceAccount": "alertmanager",
            "roleArn": "arn:iam:role:metrics-role",
        },
        "metrics": {
            "chart": "kube-prometheus-stack",
            "name": "kube-prometheus-stack",
            "version": "88.5.3",
            "repositoryOpts": {"repo": "https://prometheus-community.github.io/helm-charts"},
            "namespace": "monitoring",
            "timeout": 900,
            "compat": "true",
        },
        "metrics-gpu-operator": {
            **KUBERNETES,
            "kind": "ServiceMonitor",
            "metadata": {"name": "mlinfra-dcgm-operator", "namespace": "monitoring", "labels": OURS},
            "spec": {
                "namespaceSelector": {"any": True},
                "selector": {"matchLabels": {"app": "nvidia-dcgm-exporter"}},
                "endpoints": [{"port": "gpu-metrics", "interval": "15s", "honorLabels": True}],
            },
        },
        "metrics-gpu-chart": {
            **KUBERNETES,
            "kind": "ServiceMonitor",
            "metadata": {"name": "mlinfra-dcgm-chart", "namespace": "monitoring", "labels": OURS},
            "spec": {
                "namespaceSelector": {"any": True},
                "selector": {"matchLabels": {"app.kubernetes.io/name": "dcgm-exporter"}},
                "endpoints": [{"port": "metrics", "interval": "15s", "honorLabels": True}],
            },
        },
    }
    assert trust["Statement"][0]["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert [statement["Resource"] for statement in rights] == [["arn:all", "arn:pager"], ["arn:key"]]
    for name, rule in rules.items():
        assert rule == {
            **KUBERNETES,
            "kind": "PrometheusRule",
            "metadata": {"name": f"mlinfra-{name}", "namespace": "monitoring", "labels": OURS},
            "spec": rule_spec(name),  # type: ignore[arg-type]  # the names are those of the packs
        }
    prometheus = values["prometheus"]["prometheusSpec"]
    assert (prometheus["retention"], prometheus["retentionSize"]) == ("15d", "42GB")
    assert prometheus["storageSpec"] == claim("50Gi")
    assert values["alertmanager"]["alertmanagerSpec"]["storage"] == claim("2Gi")
    assert values["grafana"]["persistence"]["storageClassName"] == "gp3"


def test_there_is_no_password_in_the_values() -> None:
    made_up = children()["metrics"]["values"]["grafana"]
    assert "password" not in json.dumps(made_up).lower()
    given = children(grafana_admin_secret="grafana-admin")["metrics"]["values"]["grafana"]
    assert given["admin"] == {
        "existingSecret": "grafana-admin",
        "userKey": "admin-user",
        "passwordKey": "admin-password",
    }


def test_without_alerts_nobody_is_told_and_there_is_no_role() -> None:
    found = children()
    assert "metrics-role" not in found
    assert found["metrics"]["values"]["alertmanager"]["config"]["receivers"] == [{"name": "null"}]


@pytest.mark.parametrize(
    ("context", "deletion", "fate"),
    [(DEV, None, "Delete"), (PROD, None, "Retain"), (DEV, "retain", "Retain"), (PROD, "delete", "Delete")],
)
def test_volumes_stay_where_data_stays(context: Any, deletion: Any, fate: str) -> None:
    values = children(context, deletion=deletion)["metrics"]["values"]
    for part in (values["prometheus"]["prometheusSpec"], values["alertmanager"]["alertmanagerSpec"]):
        assert part["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": fate, "whenScaled": "Retain"}


def test_each_severity_goes_to_its_topic() -> None:
    config = alertmanager_config({"critical": ALERTS.topic("critical"), "warning": ALERTS.topic("warning")}, "x", 4)
    assert config["route"]["repeat_interval"] == "4h"
    assert [(route["receiver"], route["matchers"]) for route in config["route"]["routes"]] == [
        ("null", ['alertname =~ "Watchdog|InfoInhibitor"']),
        ("critical", ["severity = critical"]),
        ("warning", ["severity = warning"]),
    ]
    assert [receiver["name"] for receiver in config["receivers"]] == ["null", "critical", "warning"]
    assert config["receivers"][1]["sns_configs"][0]["sigv4"] == {"region": "x"}


def test_parts_can_be_left_out() -> None:
    found = children(grafana=False, gpu=False, alert_rules=["serving"])
    assert sorted(found) == ["metrics", "metrics-namespace", "metrics-rules-serving"]
    assert found["metrics"]["values"]["grafana"] == {"enabled": False}


def test_a_storage_class_has_to_come_from_somewhere() -> None:
    assert list(Metrics.requirements(MetricsSpec())) == ["cluster_services"]
    assert Metrics.requirements(MetricsSpec(storage_class="fast")) == {}
    values = children(storage_class="fast")["metrics"]["values"]
    spec = values["prometheus"]["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert spec["storageClassName"] == "fast"


@pytest.mark.parametrize("services", [None, ClusterServicesOutputs()])
def test_volumes_without_a_storage_class_are_refused_in_a_program_too(services: ClusterServicesOutputs | None) -> None:
    needs = MetricsNeeds(cluster=CLUSTER, cluster_services=services)
    with pytest.raises(UsageError, match="`metrics` has no storage class for its volumes"):
        made(lambda: Metrics("metrics", MetricsSpec(), needs, context=DEV))


def test_every_rule_can_be_told_apart_and_acted_on() -> None:
    rules = [rule for pack in PACKS.values() for rule in pack]
    assert len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.expression.count("(") == rule.expression.count(")"), rule.name
        assert rule.expression.count("{") == rule.expression.count("}"), rule.name
        assert re.fullmatch(r"\d+[mh]", rule.lasting), rule.name
        assert rule.do.endswith("."), rule.name


def test_a_rule_as_prometheus_reads_it() -> None:
    (group,) = rule_spec("gpu")["groups"]
    assert group["name"] == "mlinfra-gpu"
    assert group["rules"][0] == {
        "alert": "GpuXidError",
        "expr": "DCGM_FI_DEV_XID_ERRORS > 0",
        "for": "1m",
        "labels": {"severity": "critical"},
        "annotations": {
            "summary": "GPU {{ $labels.gpu }} on {{ $labels.Hostname }} reports Xid {{ $value }}",
            "description": "Xid 48, 63, 64, 74, 79, 94 and 95 are hardware: drain the node. "
            "Others are mostly the program.",
        },
    }


def test_the_chart_is_pinned() -> None:
    assert stack_chart().version == "88.5.3"


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention_days": 0},
        {"storage_gib": 5},
        {"replicas": 4},
        {"alert_rules": ["everything"]},
        {"grafana_admin_secret": "Not A Name"},
        {"deletion": "snapshot"},
        {"grafana_admin_password": "hunter2"},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MetricsSpec.model_validate(wrong)
