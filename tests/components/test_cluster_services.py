"""cluster_services: which releases there are, with which rights, and what they make in the account."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import DEV, PROD, granted, made
from pydantic import ValidationError

from mlinfra.components._grammar import policy
from mlinfra.components.compute._load_balancer_policy import controller_policy
from mlinfra.components.compute._service_values import service_charts, service_values
from mlinfra.components.compute.cluster_services import (
    ClusterServices,
    ClusterServicesNeeds,
    ClusterServicesSpec,
    StorageClass,
    storage_parameters,
)
from mlinfra.components.compute.eks_cluster import EksClusterOutputs

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  cluster: {kind: eks_cluster, network: main}
  services:
    kind: cluster_services
    cluster: cluster
    load_balancer_controller: true
    keda: true
    metrics_server: true
    storage_class:
      name: fast
      default: true
      reclaim: Retain
      iops: 6000
      throughput_mibps: 500
      key_arn: arn:aws:kms:eu-west-1:111111111111:key/11111111-2222-3333-4444-555555555555
    cert_manager: true
    external_secrets: true
    external_dns:
      zone_arns: ["arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"]
      domains: [ml.example.com]
      delete_records: true
    namespaces:
      research: {pod_security: baseline, gpus: 8}
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
SYSTEM = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
OURS = {"app.kubernetes.io/managed-by": "mlinfra"}
RESTRICTED = {
    **OURS,
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


def children(context: Any = DEV, **spec: Any) -> dict[str, dict[str, Any]]:
    """What is made, without the long policy and trust documents."""
    found = made(
        lambda: ClusterServices(
            "services", ClusterServicesSpec.model_validate(spec), ClusterServicesNeeds(cluster=CLUSTER), context=context
        )
    )
    for inputs in found.values():
        for document in ("policy", "assumeRolePolicy"):
            inputs.pop(document, None)
    return found


def released(name: str, version: str, repository: str, space: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "chart": name,
        "name": name,
        "version": version,
        "repositoryOpts": {"repo": repository},
        "namespace": space,
        "values": values,
        "timeout": 900,
        "compat": "true",
    }


def test_left_alone_it_makes_exactly_these() -> None:
    assert children() == {
        "services-load-balancer-controller-role": {},
        "services-load-balancer-controller-policy": {"role": "services-load-balancer-controller-role"},
        "services-load-balancer-controller-identity": {
            "clusterName": "shop",
            "namespace": "kube-system",
            "serviceAccount": "aws-load-balancer-controller",
            "roleArn": "arn:iam:role:services-load-balancer-controller-role",
        },
        "services-aws-load-balancer-controller": released(
            "aws-load-balancer-controller",
            "3.5.0",
            "https://aws.github.io/eks-charts",
            "kube-system",
            {
                "clusterName": "shop",
                "region": "eu-west-1",
                "vpcId": "vpc-1",
                "replicaCount": 1,
                "serviceAccount": {"create": True, "name": "aws-load-balancer-controller"},
                "defaultTags": {"owner": "ml", "mlinfra:blueprint": "shop", "mlinfra:environment": "dev"},
                "defaultLoadBalancerScheme": "internal",
                "defaultTargetType": "ip",
                "enableServiceMutatorWebhook": False,
                "enableShield": False,
                "enableWaf": False,
                "podDisruptionBudget": {"maxUnavailable": 1},
                "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}, "limits": {"memory": "500Mi"}},
                "tolerations": SYSTEM,
            },
        ),
        "services-metrics-server": released(
            "metrics-server",
            "3.13.1",
            "https://kubernetes-sigs.github.io/metrics-server",
            "kube-system",
            {
                "replicas": 1,
                "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
                "tolerations": SYSTEM,
            },
        ),
        "services-keda-namespace": {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "keda", "labels": RESTRICTED},
        },
        "services-keda": released(
            "keda",
            "2.20.2",
            "https://kedacore.github.io/charts",
            "keda",
            {
                "clusterName": "shop",
                "image": {"pullPolicy": "IfNotPresent"},
                "crds": {"install": True, "additionalAnnotations": {"helm.sh/resource-policy": "keep"}},
                "operator": {"replicaCount": 1},
                "metricsServer": {"replicaCount": 1},
                "webhooks": {"replicaCount": 1},
                "podDisruptionBudget": {
                    "operator": {"maxUnavailable": 1},
                    "metricServer": {"maxUnavailable": 1},
                    "webhooks": {"maxUnavailable": 1},
                },
                "tolerations": SYSTEM,
            },
        ),
        "services-storage-class": {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": "gp3",
                "labels": OURS,
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "ebs.csi.aws.com",
            "parameters": {
                "type": "gp3",
                "encrypted": "true",
                "csi.storage.k8s.io/fstype": "ext4",
                "tagSpecification_1": "mlinfra:blueprint=shop",
                "tagSpecification_2": "mlinfra:component=it",
                "tagSpecification_3": "mlinfra:environment=dev",
                "tagSpecification_4": "owner=ml",
            },
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        },
    }


def test_everything_can_be_switched_off() -> None:
    assert children(load_balancer_controller=False, keda=False, metrics_server=False, storage_class=False) == {}


def test_optional_services_come_with_a_namespace_and_only_those_that_call_aws_with_a_role() -> None:
    found = children(
        load_balancer_controller=False,
        keda=False,
        metrics_server=False,
        storage_class=False,
        cert_manager=True,
        external_secrets=True,
        external_dns={"zone_arns": ["arn:aws:route53:::hostedzone/Z1"], "domains": ["ml.example.com"]},
    )
    assert sorted(found) == [
        "services-cert-manager",
        "services-cert-manager-namespace",
        "services-external-dns",
        "services-external-dns-identity",
        "services-external-dns-namespace",
        "services-external-dns-policy",
        "services-external-dns-role",
        "services-external-secrets",
        "services-external-secrets-identity",
        "services-external-secrets-namespace",
        "services-external-secrets-policy",
        "services-external-secrets-role",
    ]
    assert found["services-external-dns"]["values"] == {
        "provider": {"name": "aws"},
        "sources": ["service", "ingress"],
        "registry": "txt",
        "txtOwnerId": "shop",
        "serviceAccount": {"create": True, "name": "external-dns"},
        "env": [{"name": "AWS_DEFAULT_REGION", "value": "eu-west-1"}],
        "tolerations": SYSTEM,
        "domainFilters": ["ml.example.com"],
        "policy": "upsert-only",
    }


def policy_of(child: str, **spec: Any) -> list[dict[str, Any]]:
    found = made(
        lambda: ClusterServices(
            "services", ClusterServicesSpec.model_validate(spec), ClusterServicesNeeds(cluster=CLUSTER), context=DEV
        )
    )
    statements: list[dict[str, Any]] = json.loads(found[child]["policy"])["Statement"]
    return statements


def test_the_fetcher_of_secrets_reads_none_itself() -> None:
    assert policy_of("services-external-secrets-policy", external_secrets=True) == [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Resource": ["arn:aws:iam::111111111111:role/mlinfra/shop-dev/services/*"],
        }
    ]


def test_names_are_written_in_the_given_zones_only() -> None:
    zones, listing = policy_of(
        "services-external-dns-policy",
        external_dns={"zone_arns": ["arn:aws:route53:::hostedzone/Z1"], "domains": ["ml.example.com"]},
    )
    assert zones["Resource"] == ["arn:aws:route53:::hostedzone/Z1"]
    assert listing["Action"] == ["route53:ListHostedZones"]


def test_the_load_balancer_controller_changes_nothing_of_another_cluster() -> None:
    statements = granted(lambda: policy(controller_policy(DEV, CLUSTER.name)))
    open_to_all = {action for s in statements if s["Resource"] == ["*"] for action in s["Action"]}
    assert {action for action in open_to_all if not action.split(":")[1].startswith(("Describe", "List"))} == set()
    (change,) = [s for s in statements if "elasticloadbalancing:DeleteLoadBalancer" in s["Action"]]
    assert change["Condition"] == {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "shop"}}
    (create,) = [s for s in statements if "elasticloadbalancing:CreateLoadBalancer" in s["Action"]]
    assert create["Condition"] == {"StringEquals": {"aws:RequestTag/elbv2.k8s.aws/cluster": "shop"}}
    assert all(arn == "*" or ":111111111111:" in arn for statement in statements for arn in statement["Resource"])
    # Inline policies of a role have 10,240 characters in all.
    assert len(json.dumps(statements, separators=(",", ":"))) < 10_000


def test_protected_environments_get_a_second_replica() -> None:
    values = children(PROD, cert_manager=True, external_secrets=True)
    assert values["services-keda"]["values"]["operator"] == {"replicaCount": 2}
    assert values["services-aws-load-balancer-controller"]["values"]["replicaCount"] == 2
    assert values["services-metrics-server"]["values"]["replicas"] == 2
    assert values["services-cert-manager"]["values"]["webhook"] == {"replicaCount": 2, "tolerations": SYSTEM}
    assert values["services-external-secrets"]["values"]["leaderElect"] is True


def test_teams_get_a_closed_namespace_with_a_limit() -> None:
    found = children(
        load_balancer_controller=False,
        keda=False,
        metrics_server=False,
        storage_class=False,
        namespaces={"research": {"gpus": 8}, "open": {"pod_security": "baseline"}},
    )
    assert found["services-research"]["metadata"] == {"name": "research", "labels": RESTRICTED}
    assert found["services-research-network"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}]}],
    }
    assert found["services-research-quota"]["spec"] == {"hard": {"requests.nvidia.com/gpu": "8"}}
    assert found["services-open"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    assert "services-open-quota" not in found


def test_storage_parameters_are_text_and_carry_every_tag() -> None:
    assert storage_parameters(StorageClass(iops=4000, throughput_mibps=250), {"b": "2", "a": "1"}) == {
        "type": "gp3",
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": "ext4",
        "iops": "4000",
        "throughput": "250",
        "tagSpecification_1": "a=1",
        "tagSpecification_2": "b=2",
    }


def test_every_chart_has_values_and_an_exact_version() -> None:
    for name, chart in service_charts().items():
        assert chart.version.lstrip("v").replace(".", "").isdigit(), name
        assert service_values(name, CLUSTER, DEV)["tolerations"] == SYSTEM


@pytest.mark.parametrize(
    "wrong",
    [
        {"storage_class": True},
        {"storage_class": {"name": "Gp3"}},
        {"storage_class": {"iops": 2999}},
        {"storage_class": {"throughput_mibps": 3000}},
        {"external_dns": {"zone_arns": [], "domains": ["a.b"]}},
        {"external_dns": {"zone_arns": ["arn:aws:route53:::hostedzone/Z1"], "domains": []}},
        {"namespaces": {"Team": {}}},
        {"namespaces": {"team": {"pod_security": "privileged"}}},
        {"ingress_nginx": True},
    ],
)
def test_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ClusterServicesSpec.model_validate(wrong)
