"""Steps that let in more."""

import json

import pytest

from mlinfra.plan import ABSENT, PropertyChange, Step
from mlinfra.plan.widening import widens

BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
CLUSTER = "aws:eks/cluster:Cluster"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def step(type_, operation, *properties):
    return Step(urn=f"urn:pulumi:dev::fraud-foundation::{type_}::it", operation=operation, properties=properties)


@pytest.mark.parametrize(
    ("type_", "operation", "change", "reason"),
    [
        (
            BLOCK,
            "update",
            PropertyChange("blockPublicAcls", True, False),
            "`blockPublicAcls` is turned off: the bucket may become public",
        ),
        (
            BLOCK,
            "update",
            PropertyChange("blockPublicAcls", True, ABSENT),
            "`blockPublicAcls` is turned off: the bucket may become public",
        ),
        (BLOCK, "update", PropertyChange("blockPublicAcls", False, True), None),
        (BLOCK, "delete", PropertyChange("bucket", "a", ABSENT), "the bucket's public access is no longer blocked"),
        (BLOCK, "create", PropertyChange("blockPublicAcls", ABSENT, True), None),
        (BUCKET_POLICY, "create", PropertyChange("policy", ABSENT, policy(EVERYONE)), "`policy` allows everyone"),
        (BUCKET_POLICY, "create", PropertyChange("policy", ABSENT, policy(DENY, READ)), None),
        (
            BUCKET_POLICY,
            "create",
            PropertyChange(
                "policy", ABSENT, policy({**EVERYONE, "Condition": {"StringEquals": {"aws:SourceOrgID": "o"}}})
            ),
            None,
        ),
        (
            BUCKET_POLICY,
            "update",
            PropertyChange("policy › Statement[0].Principal.AWS", "a", "*"),
            "`policy` allows everyone",
        ),
        (
            BUCKET_POLICY,
            "update",
            PropertyChange("policy › Statement[1]", ABSENT, EVERYONE),
            "`policy` allows everyone",
        ),
        (BUCKET_POLICY, "update", PropertyChange("policy › Statement[1]", ABSENT, DENY), None),
        (
            BUCKET_POLICY,
            "update",
            PropertyChange("policy › Statement[1]", DENY, ABSENT),
            "a statement of `policy` that denies is removed",
        ),
        (BUCKET_POLICY, "update", PropertyChange("policy › Statement[1]", READ, ABSENT), None),
        (
            ROLE_POLICY,
            "update",
            PropertyChange("policy › Statement[0].Action[1]", ABSENT, "s3:*"),
            "`policy` allows more: `Action` gains `s3:*`",
        ),
        (ROLE_POLICY, "update", PropertyChange("policy › Statement[0].Action[1]", "s3:*", ABSENT), None),
        (
            ROLE_POLICY,
            "update",
            PropertyChange("policy › Statement[0].Resource", "a", "*"),
            "`policy` allows more: `Resource` gains `*`",
        ),
        (
            ROLE_POLICY,
            "update",
            PropertyChange("policy › Statement[0].Effect", "Deny", "Allow"),
            "`policy` allows what it denied",
        ),
        (
            ROLE_POLICY,
            "update",
            PropertyChange("policy › Statement[0].Condition", {"Bool": {}}, ABSENT),
            "a condition of `policy` is changed or removed",
        ),
        (ROLE_POLICY, "update", PropertyChange("policy › Statement[0].Condition", ABSENT, {"Bool": {}}), None),
        (ROLE_POLICY, "update", PropertyChange("policy › Version", "a", "b"), None),
        (ROLE_POLICY, "update", PropertyChange("policy", policy(), policy(READ)), "`policy` allows more"),
        (ROLE_POLICY, "update", PropertyChange("policy", policy(READ), policy(READ)), None),
        (ROLE_POLICY, "update", PropertyChange("policy", "not json", "nor this"), None),
        (ROLE_POLICY, "create", PropertyChange("policy", ABSENT, policy(READ)), None),
        (
            "aws:iam/role:Role",
            "update",
            PropertyChange("assumeRolePolicy › Statement[0].Principal.Service[1]", ABSENT, "ec2.amazonaws.com"),
            "`assumeRolePolicy` allows more: `Principal` gains `ec2.amazonaws.com`",
        ),
        (INGRESS, "create", PropertyChange("cidrIpv4", ABSENT, "0.0.0.0/0"), "`cidrIpv4` lets in everyone"),
        (INGRESS, "update", PropertyChange("cidrIpv6", ABSENT, "::/0"), "`cidrIpv6` lets in everyone"),
        (INGRESS, "create", PropertyChange("cidrIpv4", ABSENT, "10.0.0.0/8"), None),
        (
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "create",
            PropertyChange("cidrIpv4", ABSENT, "0.0.0.0/0"),
            None,
        ),
        ("aws:ec2/route:Route", "create", PropertyChange("destinationCidrBlock", ABSENT, "0.0.0.0/0"), None),
        (
            GROUP,
            "update",
            PropertyChange("ingress[0]", ABSENT, {"cidrBlocks": ["0.0.0.0/0"]}),
            "`ingress[0]` lets in everyone",
        ),
        (GROUP, "update", PropertyChange("egress[0]", ABSENT, {"cidrBlocks": ["0.0.0.0/0"]}), None),
        (
            CLUSTER,
            "update",
            PropertyChange("vpcConfig.publicAccessCidrs[0]", "10.0.0.0/8", "0.0.0.0/0"),
            "`vpcConfig.publicAccessCidrs[0]` lets in everyone",
        ),
        (
            CLUSTER,
            "update",
            PropertyChange("vpcConfig.endpointPublicAccess", False, True),
            "`vpcConfig.endpointPublicAccess` is turned on: it can be reached from the internet",
        ),
        (ATTACHMENT, "create", PropertyChange("policyArn", ABSENT, ADMIN), "`AdministratorAccess` is attached"),
        (ATTACHMENT, "create", PropertyChange("policyArn", ABSENT, "arn:aws:iam::aws:policy/ReadOnlyAccess"), None),
        (
            "kubernetes:networking.k8s.io/v1:NetworkPolicy",
            "delete",
            PropertyChange("spec", {}, ABSENT),
            "traffic that the network policy stops is let through",
        ),
        ("aws:s3/bucket:Bucket", "delete", PropertyChange("bucket", "a", ABSENT), None),
        (BLOCK, "keep", PropertyChange("blockPublicAcls", True, ABSENT), None),
    ],
)
def test_a_step_that_lets_in_more_is_told(type_, operation, change, reason):
    assert widens(step(type_, operation, change)) == reason
