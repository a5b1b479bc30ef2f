"""Alert rules worth having on an ML cluster, by pack, as the Prometheus operator writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Pack: TypeAlias = Literal["gpu", "serving", "scaling"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert: when ``expression`` (PromQL) holds for ``lasting``, somebody is told ``says`` and what to do about it.

    ``severity`` is ``critical`` for what needs somebody now, ``warning`` for what needs somebody this week.
    """

    name: str
    severity: Literal["critical", "warning"]
    expression: str
    lasting: str
    says: str
    do: str

    def document(self) -> dict[str, Any]:
        """The rule as a PrometheusRule holds it."""
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": self.lasting,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.says, "description": self.do},
        }


PACKS: Mapping[Pack, Sequence[Rule]] = {
    "gpu": (
        Rule(
            "GpuXidError",
            "critical",
            "DCGM_FI_DEV_XID_ERRORS > 0",
            "1m",
            "GPU {{ $labels.gpu }} on {{ $labels.Hostname }} reports Xid {{ $value }}",
            "Xid 48, 63, 64, 74, 79, 94 and 95 are hardware: drain the node. Others are mostly the program.",
        ),
        Rule(
            "GpuMemoryRowsFailing",
            "critical",
            "DCGM_FI_DEV_ROW_REMAP_FAILURE > 0 or increase(DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS[1h]) > 0",
            "1m",
            "GPU {{ $labels.gpu }} on {{ $labels.Hostname }} has memory errors that cannot be corrected",
            "Results can be wrong. Drain the node and let it be replaced.",
        ),
        Rule(
            "GpuTooHot",
            "warning",
            "DCGM_FI_DEV_GPU_TEMP > 88",
            "10m",
            "GPU {{ $labels.gpu }} on {{ $labels.Hostname }} is at {{ $value }} degrees and slows down",
            "Drain the node if it lasts: AWS replaces the host when the instance is stopped.",
        ),
        Rule(
            "GpuIdle",
            "warning",
            'avg by (namespace, pod) (avg_over_time(DCGM_FI_DEV_GPU_UTIL{pod!=""}[1h])) < 10',
            "1h",
            "{{ $labels.namespace }}/{{ $labels.pod }} used {{ $value | humanize }} % of its GPUs in the last hour",
            "Scale it down, or give it a smaller GPU.",
        ),
        Rule(
            "GpuMetricsMissing",
            "warning",
            'sum(kube_node_status_allocatable{resource="nvidia_com_gpu"}) > 0 '
            "unless on () count(DCGM_FI_DEV_GPU_TEMP) > 0",
            "15m",
            "There are GPU nodes and no GPU metrics",
            "Look whether the DCGM exporter runs on GPU nodes: it needs a toleration for their taint.",
        ),
    ),
    "serving": (
        Rule(
            "ModelServerDown",
            "critical",
            'kube_deployment_status_replicas_available{deployment!=""} == 0 and on (namespace, deployment) '
            'kube_deployment_labels{label_mlinfra_kind="model_server"}',
            "10m",
            "Model server {{ $labels.namespace }}/{{ $labels.deployment }} has had no ready replica for 10 minutes",
            "See its events and log: no GPU node, a slow load, or out of memory.",
        ),
        Rule(
            "ModelServerQueueGrows",
            "critical",
            "sum by (namespace, model_name) (vllm:num_requests_waiting) > 20",
            "5m",
            "{{ $value }} requests wait for {{ $labels.model_name }} in {{ $labels.namespace }}",
            "Raise `scaling.max`, or look why new replicas do not start.",
        ),
        Rule(
            "ModelServerSlowFirstToken",
            "warning",
            "histogram_quantile(0.95, sum by (namespace, model_name, le) "
            "(rate(vllm:time_to_first_token_seconds_bucket[5m]))) > 5",
            "10m",
            "{{ $labels.model_name }} in {{ $labels.namespace }}: first token after {{ $value | humanizeDuration }}",
            "More replicas shorten the queue; a smaller `max_model_len` leaves more room for requests.",
        ),
        Rule(
            "ModelServerCacheFull",
            "warning",
            "avg by (namespace, model_name) (vllm:kv_cache_usage_perc) > 0.95",
            "10m",
            "The KV cache of {{ $labels.model_name }} in {{ $labels.namespace }} is full, and requests are set aside",
            "Shorten `max_model_len`, add GPUs, or add replicas.",
        ),
        Rule(
            "ModelServerRestarts",
            "warning",
            'increase(kube_pod_container_status_restarts_total{container="server"}[30m]) > 2',
            "1m",
            "{{ $labels.namespace }}/{{ $labels.pod }} has restarted {{ $value | humanize }} times in half an hour",
            "Read the log of the container before: mostly out of memory, of the GPU or of the host.",
        ),
    ),
    "scaling": (
        Rule(
            "PodsWaitForNodes",
            "warning",
            'sum by (namespace, pod) (kube_pod_status_phase{phase="Pending"}) > 0',
            "20m",
            "{{ $labels.namespace }}/{{ $labels.pod }} has waited for a node for 20 minutes",
            "No capacity in the zones, a limit of the pool, or a quota: see the events of the pod.",
        ),
        Rule(
            "ScalerAtMaximum",
            "warning",
            "kube_horizontalpodautoscaler_status_current_replicas == on (namespace, horizontalpodautoscaler) "
            "kube_horizontalpodautoscaler_spec_max_replicas and on (namespace, horizontalpodautoscaler) "
            "kube_horizontalpodautoscaler_spec_max_replicas > kube_horizontalpodautoscaler_spec_min_replicas",
            "30m",
            "{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} has been at its maximum for half an hour",
            "Raise the maximum, or accept the queue.",
        ),
        Rule(
            "ScalerCannotSeeItsMetric",
            "critical",
            "sum by (exported_namespace, scaledObject) (increase(keda_scaler_errors_total[10m])) > 5",
            "10m",
            "KEDA cannot read the metric of {{ $labels.scaledObject }}: it does not scale",
            "Look whether Prometheus answers, and whether the query gives one number.",
        ),
    ),
}
"""The packs, beside what the chart itself watches (nodes, volumes, pods).

Metrics are those of DCGM exporter's default counters, vLLM 0.27, kube-state-metrics and KEDA 2.20.
"""


def rule_spec(pack: Pack) -> dict[str, Any]:
    """The ``spec`` of the PrometheusRule that holds a pack."""
    return {"groups": [{"name": f"mlinfra-{pack}", "rules": [rule.document() for rule in PACKS[pack]]}]}
