"""What the AWS Load Balancer Controller may do: its own policy, held to one cluster, account and region.

Left out of the policy that its releases ship are Shield and WAF Classic, which the release is told not to use. Where
that policy asks that a resource carries the tag of some cluster, this one asks for the tag of this cluster.
Source: docs/install/iam_policy.json of kubernetes-sigs/aws-load-balancer-controller, and its installation guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from mlinfra.components._grammar import Context, Statement

CLUSTER = "elbv2.k8s.aws/cluster"
DESCRIBE = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCoipPools",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeIpamPools",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeSSLPolicies",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTrustStores",
)
LIST_CERTIFICATES = ("acm:ListCertificates", "iam:ListServerCertificates")
FIREWALL = ("wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource")
RULES = (
    "elasticloadbalancing:AddListenerCertificates",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyListenerAttributes",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:RemoveListenerCertificates",
    "elasticloadbalancing:SetRulePriorities",
)
CHANGE = (
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyCapacityReservation",
    "elasticloadbalancing:ModifyIpPools",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:SetIpAddressType",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
)
TAG = ("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags")
LOAD_BALANCERS = ("loadbalancer/net/*/*", "loadbalancer/app/*/*")
LISTENERS = ("listener/net/*/*/*", "listener/app/*/*/*", "listener-rule/net/*/*/*", "listener-rule/app/*/*/*")


def controller_policy(context: Context, cluster: pulumi.Output[str]) -> list[Statement]:
    """The statements for the controller of ``cluster``."""

    def balancing(*paths: str) -> tuple[pulumi.Output[str], ...]:
        return tuple(context.arn("elasticloadbalancing", path) for path in paths)

    groups = context.arn("ec2", "security-group/*")
    own: Mapping[str, Mapping[str, Any]] = {"StringEquals": {f"aws:ResourceTag/{CLUSTER}": cluster}}
    marked: Mapping[str, Mapping[str, Any]] = {"StringEquals": {f"aws:RequestTag/{CLUSTER}": cluster}}
    # Tags may change, but not the one that says whose the resource is.
    retag: Mapping[str, Mapping[str, Any]] = {**own, "Null": {f"aws:RequestTag/{CLUSTER}": "true"}}
    return [
        Statement(
            ("iam:CreateServiceLinkedRole",),
            (context.arn("iam", "role/aws-service-role/elasticloadbalancing.amazonaws.com/*", regional=False),),
            {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        Statement(DESCRIBE, ("*",), reason="EC2 and load-balancing describe actions take no resource"),
        Statement(("ec2:GetCoipPoolUsage",), (context.arn("ec2", "coip-pool/*"),)),
        Statement(("ec2:GetSecurityGroupsForVpc",), (context.arn("ec2", "vpc/*"),)),
        Statement(LIST_CERTIFICATES, ("*",), reason="certificates are listed for the whole account or not at all"),
        Statement(("acm:DescribeCertificate",), (context.arn("acm", "certificate/*"),)),
        Statement(("iam:GetServerCertificate",), (context.arn("iam", "server-certificate/*", regional=False),)),
        Statement(("cognito-idp:DescribeUserPoolClient",), (context.arn("cognito-idp", "userpool/*"),)),
        # A firewall rule set is joined to a load balancer: WAF asks about both.
        Statement(FIREWALL, (context.arn("wafv2", "regional/webacl/*"), *balancing("loadbalancer/app/*/*"))),
        Statement(
            ("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
            (groups,),
        ),
        Statement(("ec2:CreateSecurityGroup",), (groups, context.arn("ec2", "vpc/*"))),
        Statement(
            ("ec2:CreateTags",),
            (groups,),
            {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup", f"aws:RequestTag/{CLUSTER}": cluster}},
        ),
        Statement(("ec2:CreateTags", "ec2:DeleteTags"), (groups,), retag),
        Statement(("ec2:DeleteSecurityGroup",), (groups,), own),
        Statement(
            ("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"),
            balancing(*LOAD_BALANCERS, "targetgroup/*/*"),
            marked,
        ),
        Statement(RULES, balancing(*LOAD_BALANCERS, *LISTENERS)),
        Statement(("elasticloadbalancing:SetWebAcl",), balancing(*LOAD_BALANCERS)),
        Statement(TAG, balancing(*LOAD_BALANCERS, "targetgroup/*/*"), retag),
        Statement(TAG, balancing(*LISTENERS)),
        Statement(
            ("elasticloadbalancing:AddTags",),
            balancing(*LOAD_BALANCERS, "targetgroup/*/*"),
            {
                "StringEquals": {
                    "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"],
                    f"aws:RequestTag/{CLUSTER}": cluster,
                }
            },
        ),
        Statement(CHANGE, balancing(*LOAD_BALANCERS, "targetgroup/*/*"), own),
        Statement(
            ("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"),
            balancing("targetgroup/*/*"),
        ),
    ]
