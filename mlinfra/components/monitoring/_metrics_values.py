"""Values of the kube-prometheus-stack release, and where Alertmanager sends what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from mlinfra.components._charts import TOLERATE_SYSTEM_NODES, Chart, charts

ALERTMANAGER_ACCOUNT = "alertmanager"
"""The service account that may publish to the topics."""
FULL_NAME = "metrics"
"""What services of the release are called: ``metrics-prometheus``, ``metrics-alertmanager``, ``metrics-grafana``."""


def stack_chart() -> Chart:
    """The chart; its version with source and date is in ``data/metrics_charts.csv``."""
    return charts(Path(__file__).parent / "data" / "metrics_charts.csv")["kube-prometheus-stack"]


def stack_values(
    *,
    retention_days: int,
    storage_gib: int,
    storage_class: pulumi.Input[str],
    keep_volumes: bool,
    grafana: bool,
    grafana_admin_secret: str | None,
    alertmanager_config: Mapping[str, Any],
    cluster: pulumi.Output[str],
    replicas: int,
) -> dict[str, Any]:
    """Persistent, found by any ServiceMonitor, without the parts of the control plane that EKS does not show."""
    system = [dict(toleration) for toleration in TOLERATE_SYSTEM_NODES]
    volumes = {"whenDeleted": "Retain" if keep_volumes else "Delete", "whenScaled": "Retain"}
    everything = {
        f"{kind}SelectorNilUsesHelmValues": False for kind in ("rule", "serviceMonitor", "podMonitor", "probe")
    }
    hidden = ("kubeControllerManager", "kubeEtcd", "kubeScheduler", "kubeProxy")
    without = (
        "etcd",
        "kubeControllerManager",
        "kubeProxy",
        "kubeSchedulerAlerting",
        "kubeSchedulerRecording",
        "windows",
    )
    return {
        "fullnameOverride": FULL_NAME,
        **{part: {"enabled": False} for part in hidden},
        "defaultRules": {"rules": dict.fromkeys(without, False)},
        "prometheusOperator": {"tolerations": system, "admissionWebhooks": {"patch": {"tolerations": system}}},
        "kube-state-metrics": {
            "tolerations": system,
            # Makes the label that model servers carry visible to the rules.
            "metricLabelsAllowlist": ["deployments=[mlinfra/kind]"],
        },
        "prometheus": {
            "podDisruptionBudget": {"enabled": replicas > 1},
            "prometheusSpec": {
                **everything,
                "replicas": replicas,
                "retention": f"{retention_days}d",
                # Prometheus's GB are GiB. The rest of the volume is for the log that is not yet compacted.
                "retentionSize": f"{storage_gib * 85 // 100}GB",
                "externalLabels": {"cluster": cluster},
                "enableAdminAPI": False,
                "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "6Gi"}},
                "tolerations": system,
                "persistentVolumeClaimRetentionPolicy": volumes,
                "storageSpec": _claim(storage_class, storage_gib),
            },
        },
        "alertmanager": {
            "serviceAccount": {"create": True, "name": ALERTMANAGER_ACCOUNT},
            "config": dict(alertmanager_config),
            "alertmanagerSpec": {
                "replicas": replicas,
                "tolerations": system,
                "persistentVolumeClaimRetentionPolicy": volumes,
                "storage": _claim(storage_class, 2),
            },
        },
        "grafana": _grafana(storage_class, grafana_admin_secret, system) if grafana else {"enabled": False},
    }


def _grafana(
    storage_class: pulumi.Input[str], admin_secret: str | None, system: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """Without an admin secret the chart makes up a password in the cluster and keeps it: none is ever a default."""
    found: dict[str, Any] = {
        "enabled": True,
        "fullnameOverride": f"{FULL_NAME}-grafana",
        "persistence": {
            "enabled": True,
            "size": "5Gi",
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
        },
        # One volume that only one pod can hold: the old pod has to go first.
        "deploymentStrategy": {"type": "Recreate"},
        "tolerations": list(system),
        "grafana.ini": {
            "analytics": {"reporting_enabled": False, "check_for_updates": False},
            "auth.anonymous": {"enabled": False},
            "users": {"allow_sign_up": False},
        },
    }
    if admin_secret is not None:
        found["admin"] = {"existingSecret": admin_secret, "userKey": "admin-user", "passwordKey": "admin-password"}
    return found


def _claim(storage_class: pulumi.Input[str], size_gib: int) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{size_gib}Gi"}},
        "storageClassName": storage_class,
    }
    return {"volumeClaimTemplate": {"spec": spec}}


def alertmanager_config(
    topics: Mapping[str, pulumi.Output[str]] | None, region: pulumi.Input[str], repeat_hours: int
) -> dict[str, Any]:
    """Critical and warning alerts go to the topic of their severity, signed with the pod's role; others to nobody."""
    quiet: dict[str, Any] = {"name": "null"}
    route: dict[str, Any] = {
        "receiver": "null",
        "group_by": ["alertname", "namespace"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": f"{repeat_hours}h",
        "routes": [{"receiver": "null", "matchers": ['alertname =~ "Watchdog|InfoInhibitor"']}],
    }
    inhibit = [
        {
            "source_matchers": ["severity = critical"],
            "target_matchers": ["severity =~ warning|info"],
            "equal": ["namespace", "alertname"],
        }
    ]
    receivers = [quiet]
    for severity, arn in (topics or {}).items():
        route["routes"].append({"receiver": severity, "matchers": [f"severity = {severity}"]})
        receivers.append(
            {
                "name": severity,
                "sns_configs": [
                    {
                        "topic_arn": arn,
                        "sigv4": {"region": region},
                        "send_resolved": True,
                        # SNS refuses subjects of more than 100 characters.
                        "subject": f"[{severity}] {{{{ .Status }}}}: {{{{ .CommonLabels.alertname }}}}",
                        "message": MESSAGE,
                    }
                ],
            }
        )
    return {"global": {"resolve_timeout": "5m"}, "inhibit_rules": inhibit, "route": route, "receivers": receivers}


MESSAGE = """{{ range .Alerts }}{{ .Status }}: {{ .Annotations.summary }}
{{ .Annotations.description }}
since {{ .StartsAt }}

{{ end }}"""
"""The text of a message; Alertmanager fills it in."""
