"""Documents of the cluster: kubeconfig, add-on configuration, and the parts that a blueprint may say about access and
the system pool.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi

from mlinfra.components._grammar import Statement

BEFORE_NODES = ("vpc-cni", "eks-pod-identity-agent", "kube-proxy")
"""Add-ons without which a node does not become ready, or its first pods find no credentials."""
AFTER_NODES = ("coredns", "aws-ebs-csi-driver")
"""Add-ons whose pods need a node to become healthy."""
POLICIES = {
    "cluster_admin": "AmazonEKSClusterAdminPolicy",
    "admin": "AmazonEKSAdminPolicy",
    "edit": "AmazonEKSEditPolicy",
    "view": "AmazonEKSViewPolicy",
}


def kubeconfig(
    name: pulumi.Output[str],
    endpoint: pulumi.Output[str],
    certificate_authority: pulumi.Output[str],
    region: pulumi.Output[str],
) -> pulumi.Output[str]:
    """The kubeconfig (JSON) that lets the AWS CLI fetch tokens with the credentials that the process has: no profile,
    no secret.
    """
    token = ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"]
    cluster = {"server": endpoint, "certificate-authority-data": certificate_authority}
    run = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "aws",
        "args": token,
        "interactiveMode": "Never",
    }
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"exec": run}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


def cni_configuration(
    *, zones: Sequence[str] = (), pod_subnet_ids: Sequence[str] = (), security_group_id: str = ""
) -> str:
    """Configuration of the VPC CNI add-on: prefixes instead of single addresses, network policies, and subnets of their
    own for pods.

    Prefix delegation multiplies the pods of a node by about seven and has to be on before there are nodes.
    ``pod_subnet_ids`` are in the order
    of ``zones``; the add-on makes the ENIConfig of each zone itself.
    """
    environment = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    found: dict[str, Any] = {"env": environment, "enableNetworkPolicy": "true"}
    if pod_subnet_ids:
        environment["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] = "true"
        environment["ENI_CONFIG_LABEL_DEF"] = "topology.kubernetes.io/zone"
        found["eniConfig"] = {
            "create": True,
            "subnets": {
                zone: {"id": subnet, "securityGroups": [security_group_id]}
                for zone, subnet in zip(zones, pod_subnet_ids, strict=True)
            },
        }
    return json.dumps(found, sort_keys=True)


def secrets_key(key_arn: pulumi.Output[str]) -> Statement:
    """What the control plane does with the key that Kubernetes secrets are encrypted with."""
    return Statement(("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"), (key_arn,))


def volume_key(key_arn: pulumi.Output[str]) -> tuple[Statement, ...]:
    """What making encrypted volumes takes: the key, and grants on it for EC2 only."""
    used = (
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    )
    return (
        Statement(used, (key_arn,)),
        Statement(("kms:CreateGrant",), (key_arn,), {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    )
