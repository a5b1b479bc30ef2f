"""eks_cluster: the order of its add-ons, who gets in, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from building import DEV, PROD, _Recorder, granted
from pulumi.runtime import MockResourceArgs
from pydantic import ValidationError

from mlinfra.blueprint import load_text
from mlinfra.components._grammar import Component, Range, expectations, policy
from mlinfra.components.compute._eks_cluster_documents import cni_configuration, secrets_key, volume_key
from mlinfra.components.compute._eks_cluster_spec import AccessEntry, EksClusterSpec, SystemPool
from mlinfra.components.compute._node_facts import accelerated, eks_versions
from mlinfra.components.compute._node_template import architecture, disk, efa_interfaces, iops, karpenter_interfaces
from mlinfra.components.compute.eks_cluster import EksCluster, EksClusterNeeds, EksClusterOutputs
from mlinfra.components.network.network import NetworkOutputs
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs
from mlinfra.errors import UsageError
from mlinfra.graph.of_blueprint import deployment_graph

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  main: {kind: network, pod_cidr: 100.64.0.0/16}
  cluster:
    kind: eks_cluster
    network: main
    key: key
    version: "1.34"
    support: extended
    access_entries:
      platform: {principal_arn: "arn:aws:iam::111111111111:role/platform", policy: cluster_admin}
      team:
        principal_arn: arn:aws:iam::111111111111:role/team
        policy: edit
        namespaces: [training, serving]
        kubernetes_groups: [team-ml]
    creator_is_admin: false
    public_access_cidrs: [203.0.113.0/24]
    log_types: [api, audit, authenticator, controllerManager, scheduler]
    log_retention_days: 365
    service_cidr: 172.20.0.0/16
    control_plane_tier: tier-xl
    zonal_shift: false
    deletion_protection: true
    oidc_provider: true
    encrypt_nodes_with_key: true
    addons: [eks-node-monitoring-agent, aws-efs-csi-driver, snapshot-controller]
    addon_versions: {vpc-cni: v1.20.4-eksbuild.2}
    system_pool:
      instance_types: [m7g.large, m8g.large]
      min_size: 2
      desired_size: 3
      max_size: 6
      disk_gib: 80
      os: bottlerocket
      dedicated: true
    expected: {average_nodes: 3, log_ingested_gib: {min: 5, expected: 20, max: 100}}
"""

ARN = "arn:aws:iam::111111111111:role/platform"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"


class _Eks(_Recorder):
    """Answers with what EKS computes, beside what is given."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name, found = super().new_resource(args)
        if args.typ == "aws:eks/cluster:Cluster":
            found["endpoint"] = "https://api"
            found["certificateAuthority"] = {"data": "Y2E="}
            found["identities"] = [{"oidcs": [{"issuer": "https://oidc"}]}]
            found["vpcConfig"] = {**found["vpcConfig"], "clusterSecurityGroupId": "sg-cluster"}
        if args.typ == "aws:ec2/launchTemplate:LaunchTemplate":
            found["latestVersion"] = 3
        return name, found


def network(*, pods: bool = False) -> NetworkOutputs:
    subnets = ["subnet-a", "subnet-b"]
    return NetworkOutputs.of(
        vpc_id="vpc-1",
        cidr="10.0.0.0/16",
        private_subnet_ids=subnets,
        public_subnet_ids=[],
        zones=["eu-west-1a", "eu-west-1b"],
        pod_subnet_ids=["subnet-p", "subnet-q"] if pods else None,
    )


def built(
    spec: dict[str, Any], *, context: Any = DEV, key: bool = False, pods: bool = False
) -> dict[str, dict[str, Any]]:
    recorder = _Eks()
    pulumi.runtime.set_mocks(recorder, preview=False)

    def run() -> None:
        needs = EksClusterNeeds(network=network(pods=pods), key=EncryptionKeyOutputs.of(arn=KEY) if key else None)
        EksCluster("cluster", EksClusterSpec.model_validate(spec), needs, context=context)

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    return {
        name: {field: value for field, value in inputs.items() if field != "tags"}
        for name, inputs in recorder.inputs.items()
    }


def test_a_minimal_cluster_is_private_logged_and_has_its_parts() -> None:
    children = built({})
    name = DEV.physical_name("cluster", limit=63)
    assert children["cluster"] == {
        "name": name,
        "roleArn": "arn:iam:role:cluster-role",
        "version": "1.35",
        "vpcConfig": {
            "subnetIds": ["subnet-a", "subnet-b"],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        "bootstrapSelfManagedAddons": False,
        "enabledClusterLogTypes": ["api", "audit", "authenticator"],
        "upgradePolicy": {"supportType": "STANDARD"},
        "zonalShiftConfig": {"enabled": True},
        "controlPlaneScalingConfig": {"tier": "standard"},
        "deletionProtection": False,
    }
    assert children["cluster-logs"] == {"name": f"/aws/eks/{name}/cluster", "retentionInDays": 90}
    assert sorted(child for child in children if child.endswith("-addon")) == [
        "cluster-aws-ebs-csi-driver-addon",
        "cluster-coredns-addon",
        "cluster-eks-node-monitoring-agent-addon",
        "cluster-eks-pod-identity-agent-addon",
        "cluster-kube-proxy-addon",
        "cluster-vpc-cni-addon",
    ]
    assert not [child for child in children if "access" in child or "oidc" in child]
    pool = children["cluster-system"]
    assert pool["amiType"] == "AL2023_x86_64_STANDARD"
    assert pool["instanceTypes"] == ["m7i.large"]
    assert pool["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 4}
    assert pool["launchTemplate"] == {"id": "cluster-system-template", "version": "3"}
    assert "taints" not in pool
    template = children["cluster-system-template"]
    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    (root,) = template["blockDeviceMappings"]
    assert root["ebs"]["encrypted"] == "true"
    assert {each["resourceType"] for each in template["tagSpecifications"]} == {
        "instance",
        "volume",
        "network-interface",
    }
    assert template["tagSpecifications"][0]["tags"]["owner"] == "ml"


def test_pods_get_subnets_of_their_own_where_the_network_has_them() -> None:
    settings = json.loads(built({}, pods=True)["cluster-vpc-cni-addon"]["configurationValues"])
    assert settings["eniConfig"]["subnets"] == {
        "eu-west-1a": {"id": "subnet-p", "securityGroups": ["sg-cluster"]},
        "eu-west-1b": {"id": "subnet-q", "securityGroups": ["sg-cluster"]},
    }
    assert settings["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true"


def test_pods_get_subnets_in_zones_that_are_named_by_their_id() -> None:
    text = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network, zones: [eu-west-1a, euw1-az2], pod_cidr: 100.64.0.0/16}
  cluster: {kind: eks_cluster, network: main}
"""
    graph = deployment_graph(load_text(text, environment="dev", environ={}))
    (addon,) = [node for node in graph.resources if node.name == "cluster-vpc-cni-addon"]
    subnets = json.loads(str(addon.inputs["configurationValues"]))["eniConfig"]["subnets"]
    of = {node.name: node.urn for node in graph.resources}
    zone = f"${{{{{of['main-private-2']}#availabilityZone}}}}"
    assert {key: value["id"] for key, value in subnets.items()} == {
        "eu-west-1a": f"${{{{{of['main-pods-1']}#id}}}}",
        zone: f"${{{{{of['main-pods-2']}#id}}}}",
    }
    assert graph.outputs["main"]["zones"] == ["eu-west-1a", zone]


def test_prefixes_and_network_policies_are_on_before_there_are_nodes() -> None:
    assert json.loads(cni_configuration()) == {
        "enableNetworkPolicy": "true",
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    }


def test_addons_with_rights_have_roles_of_their_own_and_nodes_have_none_of_them() -> None:
    children = built({})
    attached = {
        child: inputs["policyArn"].rpartition(":policy/")[2]
        for child, inputs in children.items()
        if "policyArn" in inputs and "role" in inputs
    }
    assert sorted(attached.values()) == [
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKSClusterPolicy",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonSSMManagedInstanceCore",
        "service-role/AmazonEBSCSIDriverPolicy",
    ]
    (identity,) = children["cluster-vpc-cni-addon"]["podIdentityAssociations"]
    assert identity["serviceAccount"] == "aws-node"
    assert "cluster-vpc-cni" in identity["roleArn"]
    assert children["cluster-vpc-cni-addon"]["preserve"] is True
    assert children["cluster-coredns-addon"]["preserve"] is False


def test_access_is_what_the_entries_say() -> None:
    children = built(
        {
            "access_entries": {
                "platform": {"principal_arn": ARN, "policy": "cluster_admin"},
                "team": {"principal_arn": f"{ARN}-team", "policy": "edit", "namespaces": ["training"]},
                "own": {"principal_arn": f"{ARN}-own", "policy": None, "kubernetes_groups": ["readers"]},
            }
        }
    )
    assert children["cluster-access-platform"]["principalArn"] == ARN
    assert (
        children["cluster-access-platform-policy"]["policyArn"]
        == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    )
    assert children["cluster-access-platform-policy"]["accessScope"] == {"type": "cluster"}
    assert children["cluster-access-team-policy"]["accessScope"] == {"type": "namespace", "namespaces": ["training"]}
    assert children["cluster-access-own"]["kubernetesGroups"] == ["readers"]
    assert "cluster-access-own-policy" not in children


def test_a_protected_cluster_needs_an_administrator_by_name() -> None:
    with pytest.raises(UsageError, match="nobody would be administrator"):
        EksClusterSpec().filled(PROD)
    found = EksClusterSpec(access_entries={"a": AccessEntry(principal_arn=ARN, policy="cluster_admin")}).filled(PROD)
    assert (found.creator_is_admin, found.deletion_protection) == (False, True)


def test_a_key_encrypts_secrets_and_logs_and_nodes_only_when_asked() -> None:
    children = built({}, key=True)
    assert children["cluster"]["encryptionConfig"] == {"provider": {"keyArn": KEY}, "resources": ["secrets"]}
    assert children["cluster-logs"]["kmsKeyId"] == KEY
    assert "kmsKeyId" not in children["cluster-system-template"]["blockDeviceMappings"][0]["ebs"]
    assert "cluster-volumes" not in children
    asked = built({"encrypt_nodes_with_key": True}, key=True)
    assert asked["cluster-system-template"]["blockDeviceMappings"][0]["ebs"]["kmsKeyId"] == KEY
    assert asked["cluster-volumes"]["granteePrincipal"] == (
        "arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )


def test_nodes_cannot_be_encrypted_with_a_key_that_is_not_there() -> None:
    spec, needs = EksClusterSpec(encrypt_nodes_with_key=True), EksClusterNeeds(network=network())
    pulumi.runtime.set_mocks(_Eks(), preview=False)
    with pytest.raises(UsageError, match="no `key`"):
        EksCluster("cluster", spec, needs, context=DEV)


def test_the_public_endpoint_is_open_to_named_ranges_only() -> None:
    given = built({"public_access_cidrs": ["203.0.113.0/24"]})["cluster"]["vpcConfig"]
    assert (given["endpointPublicAccess"], given["publicAccessCidrs"]) == (True, ["203.0.113.0/24"])


def test_the_kubeconfig_holds_no_secret_and_names_no_profile() -> None:
    recorder = _Eks()
    pulumi.runtime.set_mocks(recorder, preview=False)
    outputs = EksClusterOutputs.of(
        name="shop",
        endpoint="https://api",
        certificate_authority="Y2E=",
        version="1.35",
        security_group_id="sg-1",
        node_role_arn="arn",
        node_role_name="nodes",
        vpc_id="vpc-1",
        private_subnet_ids=["subnet-a"],
        region="eu-west-1",
    )
    seen: list[dict[str, Any]] = []

    class Catch(_Recorder):
        def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
            if args.typ == "pulumi:providers:kubernetes":
                seen.append(dict(args.inputs))
            return super().new_resource(args)

    pulumi.runtime.set_mocks(Catch(), preview=False)
    pulumi.runtime.test(lambda: outputs.provider("k8s", pulumi.ResourceOptions()) and None)()  # type: ignore[no-untyped-call]
    (given,) = seen
    config = json.loads(given["kubeconfig"])
    assert config["users"] == [
        {
            "name": "shop",
            "user": {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "aws",
                    "args": ["eks", "get-token", "--cluster-name", "shop", "--region", "eu-west-1", "--output", "json"],
                    "interactiveMode": "Never",
                }
            },
        }
    ]
    assert config["clusters"] == [
        {"name": "shop", "cluster": {"server": "https://api", "certificate-authority-data": "Y2E="}}
    ]
    assert (given["clusterIdentifier"], given["enableServerSideApply"]) == ("https://api", "true")


def test_what_to_reckon_with_reaches_pool_and_logs() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    try:
        built({"system_pool": {"min_size": 3}, "expected": {"log_ingested_gib": 7}})
    finally:
        expectations.reset(token)
    assert found == {
        ("aws:eks/nodeGroup:NodeGroup", "cluster-system"): {"average_nodes": Range.of(3)},
        ("aws:cloudwatch/logGroup:LogGroup", "cluster-logs"): {"ingested_gib": Range.of(7)},
    }


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ({"version": "1.99"}, "EKS does not offer"),
        ({"version": 1.35}, "in quotes"),
        ({"version": "1.33"}, "left standard support on 2026-07-29"),
        ({"public_access_cidrs": ["everywhere"]}, "not a range of addresses"),
        ({"log_retention_days": 91}, "Input should be"),
        ({"addons": ["ebs"]}, "Input should be"),
        ({"addon_versions": {"cni": "v1"}}, "there is no add-on"),
        (
            {"access_entries": {"a": {"principal_arn": ARN, "policy": "cluster_admin", "namespaces": ["x"]}}},
            "whole cluster",
        ),
        ({"access_entries": {"a": {"principal_arn": ARN, "policy": None}}}, "allows nothing"),
        ({"access_entries": {"a": {"principal_arn": ARN, "policy": None, "namespaces": ["x"]}}}, "limit a policy"),
        ({"access_entries": {"a": {"principal_arn": ARN, "kubernetes_groups": ["system:masters"]}}}, "to itself"),
        ({"access_entries": {"A B": {"principal_arn": ARN}}}, "should match pattern"),
        ({"system_pool": {"min_size": 5}}, "must not decrease"),
        ({"system_pool": {"instance_types": ["m7g.large", "m7i.large"]}}, "two architectures"),
        ({"system_pool": {"instance_types": ["g6.xlarge"]}}, "give it to a `gpu_pool`"),
        ({"system_pool": {"instance_types": []}}, "at least 1"),
    ],
)
def test_refuses(wrong: dict[str, Any], because: str) -> None:
    with pytest.raises(ValidationError, match=because):
        EksClusterSpec.model_validate(wrong)


def test_extended_support_is_possible_when_it_is_said() -> None:
    assert EksClusterSpec(version="1.33", support="extended").version == "1.33"
    assert not eks_versions()[EksClusterSpec().version].extended


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        ("m7i.large", "x86_64"),
        ("m7g.large", "arm64"),
        ("a1.large", "arm64"),
        ("g4dn.xlarge", "x86_64"),
        ("g5g.xlarge", "arm64"),
        ("i8ge.large", "arm64"),
        ("p6-b200.48xlarge", "x86_64"),
    ],
)
def test_graviton_is_known_by_its_name(instance_type: str, expected: str) -> None:
    assert architecture(instance_type) == expected


def test_the_table_of_instances_agrees_with_the_rule_for_names() -> None:
    assert [kind for kind, known in accelerated().items() if architecture(kind) != known.architecture] == []


@pytest.mark.parametrize(("throughput", "expected"), [(125, 3000), (750, 3000), (751, 3004), (1000, 4000)])
def test_iops_follow_throughput(throughput: int, expected: int) -> None:
    assert iops(throughput) == expected


@pytest.mark.parametrize(
    ("kind", "managed", "karpenter"),
    [
        ("g6.8xlarge", ["efa"], ["interface", "efa-only"]),
        ("p4d.24xlarge", ["efa", "efa-only", "efa-only", "efa-only"], ["interface"] + ["efa-only"] * 4),
        ("p6-b300.48xlarge", ["interface"] + ["efa-only"] * 16, ["interface"] + ["efa-only"] * 16),
    ],
)
def test_every_efa_of_a_type_is_attached_once(kind: str, managed: list[str], karpenter: list[str]) -> None:
    given = efa_interfaces(accelerated()[kind], ["sg-1"])
    assert [each["interface_type"] for each in given] == managed
    places = [(each["networkCardIndex"], each["deviceIndex"]) for each in karpenter_interfaces(accelerated()[kind])]
    assert len(set(places)) == len(places)
    assert [each["interfaceType"] for each in karpenter_interfaces(accelerated()[kind])] == karpenter


def test_bottlerocket_keeps_images_on_its_second_disk() -> None:
    assert [disk(os, 50, 125, None)["device_name"] for os in ("al2023", "bottlerocket")] == ["/dev/xvda", "/dev/xvdb"]


def test_grants_on_the_key_are_for_aws_resources_only() -> None:
    use, grant, secrets = granted(
        lambda: policy([*volume_key(pulumi.Output.from_input(KEY)), secrets_key(pulumi.Output.from_input(KEY))])
    )
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert {str(statement["Resource"]) for statement in (use, grant, secrets)} == {str([KEY])}


def test_a_pool_runs_what_it_must_at_least() -> None:
    assert SystemPool(min_size=3).desired == 3
    assert issubclass(EksCluster, Component)
