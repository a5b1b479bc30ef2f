"""Identity, scaling rules, quotas, parameters and certificates: what mostly costs nothing of itself."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.cost.charges._lines import Free, Item, Unpriced
from mlinfra.cost.charges._reading import Reading, get, inputs
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.graph.model import ResourceNode


@charges_for("aws:ssm/parameter:Parameter")
def parameter(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Free in the standard tier."""
    if node.inputs.get("tier", "Standard") == "Standard":
        yield Free("parameters of the standard tier cost nothing")
    else:
        yield Unpriced("Parameter", "no price of parameters of the advanced tier is known")


@charges_for("aws:acm/certificate:Certificate")
def certificate(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Free where it is public and stays in AWS."""
    exported = get(inputs(node), "options", "export") == "ENABLED"
    if node.inputs.get("certificateAuthorityArn") is None and not exported:
        yield Free("public certificates cost nothing")
    else:
        yield Unpriced("Certificate", "no price of private or exportable certificates is known")


free(
    "IAM costs nothing",
    *(
        f"aws:iam/{name}:{name[0].upper()}{name[1:]}"
        for name in (
            "role", "rolePolicy", "rolePolicyAttachment", "rolePolicyAttachmentsExclusive", "rolePoliciesExclusive",
            "policy", "policyAttachment", "instanceProfile", "openIdConnectProvider", "serviceLinkedRole", "user",
            "userPolicy", "userPolicyAttachment", "group", "groupPolicy", "groupPolicyAttachment", "accessKey",
            "samlProvider",
        )
    ),
)  # fmt: skip
free(
    "scales what is priced itself",
    "aws:appautoscaling/target:Target",
    "aws:appautoscaling/policy:Policy",
    "aws:appautoscaling/scheduledAction:ScheduledAction",
    "aws:autoscaling/schedule:Schedule",
    "aws:autoscaling/policy:Policy",
    "aws:autoscaling/tag:Tag",
)
free("asks for a quota", "aws:servicequotas/serviceQuota:ServiceQuota")
free("groups resources", "aws:resourcegroups/group:Group", "aws:resourcegroups/resource:Resource")
free("waits for a certificate", "aws:acm/certificateValidation:CertificateValidation")
free("records are billed by the queries of their zone", "aws:route53/record:Record")
