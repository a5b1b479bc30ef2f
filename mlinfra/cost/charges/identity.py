"""Identity, scaling rules, quotas and schedules: what costs nothing of itself."""

from __future__ import annotations

from mlinfra.cost.charges._registry import free

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
free("parameters of the standard tier cost nothing", "aws:ssm/parameter:Parameter")
free(
    "public certificates cost nothing",
    "aws:acm/certificate:Certificate",
    "aws:acm/certificateValidation:CertificateValidation",
)
free("records are billed by the queries of their zone", "aws:route53/record:Record")
