"""What is said after an operation that failed: would somebody who knows neither Pulumi nor AWS know what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.commands._report import report_document, report_text
from mlinfra.engine.aftermath import Aftermath
from mlinfra.engine.apply import Outcome
from mlinfra.engine.events import Event, Message, ResourceEvent
from mlinfra.engine.wording import plain_words
from mlinfra.plan.model import ABSENT, PropertyChange, Step


def urn(name: str, type_: str) -> str:
    return f"urn:pulumi:dev::shop-cluster::mlinfra:components:x${type_}::{name}"


def step(name: str, type_: str, component: str, **inputs: str) -> Step:
    properties = tuple(PropertyChange(path, ABSENT, value) for path, value in inputs.items())
    return Step(urn=urn(name, type_), component=component, operation="create", properties=properties)


BUCKET, GROUP, RELEASE = "aws:s3/bucket:Bucket", "aws:eks/nodeGroup:NodeGroup", "kubernetes:helm.sh/v3:Release"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"


def after(said: str, *, failing: Step, others: tuple[Step, ...] = (), done: tuple[str, ...] = ()) -> str:
    """The report of an apply in which ``failing`` failed."""
    left = Aftermath((failing, *others), "eu-west-1")
    events: list[Event] = [ResourceEvent("cluster", "done", "create", urn(name, BUCKET)) for name in done]
    events += [
        ResourceEvent("cluster", "begin", "create", failing.urn),
        Message("cluster", "error", said, failing.urn),
        ResourceEvent("cluster", "failed", "create", failing.urn, 2.0),
        Message("cluster", "error", "update failed"),
    ]
    for event in events:
        left(event)
    return report_text("apply", Outcome("failed", {}, 75.0, "error: update failed", "cluster"), left, sandbox=False)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")


END = "what is done stays done; `mlinfra apply` again continues from there"


def test_a_quota() -> None:
    said = (
        "sdk-v2/provider2.go:572: sdk.helper_schema: creating SageMaker AI Endpoint (fraud): operation error SageMaker: "
        "CreateEndpoint, https response error StatusCode: 400, RequestID: 0a1b-2c, ResourceLimitExceeded: The "
        "account-level service limit 'ml.g5.2xlarge for endpoint usage' is 0 Instances, with current utilization of 0 "
        "Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this "
        "quota.: provider=aws@7.11.0"
    )
    others = (step("fraud-errors", "aws:cloudwatch/metricAlarm:MetricAlarm", "fraud"),)
    assert (
        after(said, failing=step("fraud", ENDPOINT, "fraud"), others=others, done=("a", "b"))
        == f"""\
apply failed in 1 min 15 s: 2 created

✗ creating `fraud` (sagemaker endpoint) of `fraud` failed
    said:   creating SageMaker AI Endpoint (fraud): operation error SageMaker: CreateEndpoint,
            ResourceLimitExceeded: The account-level service limit 'ml.g5.2xlarge for endpoint
            usage' is 0 Instances, with current utilization of 0 Instances and a request delta of 1
            Instances. Please use AWS Service Quotas to request an increase for this quota.
    means:  the account's quota `ml.g5.2xlarge for endpoint usage` is `0`, with `0` in use
    do:     raise it with
            `aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-9614C779 --desired-value N`;
            an endpoint needs twice its instances while it is updated

not begun, 1 of 2: `fraud-errors`
{END}"""
    )


def test_a_name_that_is_taken() -> None:
    said = (
        "1 error occurred:\n\t* creating S3 Bucket (lake): operation error S3: CreateBucket, https response error "
        "StatusCode: 409, RequestID: 1AB, HostID: a/b+c=, BucketAlreadyExists: \n\n"
    )
    others = tuple(step(f"lake-{number}", BUCKET, "lake") for number in range(10))
    assert (
        after(said, failing=step("lake", BUCKET, "lake"), others=others)
        == f"""\
apply failed in 1 min 15 s: nothing was done

✗ creating `lake` (s3 bucket) of `lake` failed
    said:   creating S3 Bucket (lake): operation error S3: CreateBucket, BucketAlreadyExists
    means:  another account has a bucket of this name: the names are shared by everybody
    do:     rename the component, or set its `bucket` under `overrides:`

not begun, 10 of 11: `lake-0`, `lake-1`, `lake-2`, `lake-3`, `lake-4`, `lake-5`, `lake-6`, `lake-7`,
                     and 2 more
{END}"""
    )


def test_a_permission_that_is_missing() -> None:
    said = (
        "creating ECR Repository (images): operation error ECR: CreateRepository, https response error StatusCode: 400, "
        "RequestID: 9f-1, api error AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/ci/x is not "
        "authorized to perform: ecr:CreateRepository on resource: "
        "arn:aws:ecr:eu-west-1:111111111111:repository/images because no identity-based policy allows the "
        "ecr:CreateRepository action"
    )
    assert (
        after(said, failing=step("images", "aws:ecr/repository:Repository", "images"))
        == f"""\
apply failed in 1 min 15 s: nothing was done

✗ creating `images` (ecr repository) of `images` failed
    said:   creating ECR Repository (images): operation error ECR: CreateRepository, api error
            AccessDeniedException: User: arn:aws:sts::111111111111:assumed-role/ci/x is not
            authorized to perform: ecr:CreateRepository on resource:
            arn:aws:ecr:eu-west-1:111111111111:repository/images because no identity-based policy
            allows the ecr:CreateRepository action
    means:  the caller lacks the permission `ecr:CreateRepository` on
            `arn:aws:ecr:eu-west-1:111111111111:repository/images`
    do:     allow `ecr:CreateRepository` for the role that you apply with, and run again

{END}"""
    )


def test_capacity_that_there_is_not() -> None:
    said = (
        "waiting for EKS Node Group (ml:gpu) create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last "
        "error: eks-gpu-1: AsgInstanceLaunchFailures: Could not launch On-Demand Instances. "
        "InsufficientInstanceCapacity - We currently do not have sufficient p4d.24xlarge capacity in the Availability "
        "Zone you requested (eu-west-1a). Our system will be working on provisioning additional capacity. Launching "
        "EC2 instance failed."
    )
    assert (
        after(said, failing=step("gpu", GROUP, "gpu"))
        == f"""\
apply failed in 1 min 15 s: nothing was done

✗ creating `gpu` (eks node group) of `gpu` failed
    said:   waiting for EKS Node Group (ml:gpu) create: unexpected state 'CREATE_FAILED', wanted
            target 'ACTIVE'. last error: eks-gpu-1: AsgInstanceLaunchFailures: Could not launch
            On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient
            p4d.24xlarge capacity in the Availability Zone you requested (eu-west-1a). Our system
            will be working on provisioning additional capacity. Launching EC2 instance failed.
    means:  AWS has no free machines of `p4d.24xlarge` in `eu-west-1a` now; the quota is not the
            cause
    do:     allow more zones or instance types, reserve capacity or a capacity block, or run again
            later

{END}"""
    )


def test_a_chart_that_did_not_come_up() -> None:
    said = (
        '1 error occurred:\n\t* Helm release "kube-system/karpenter" was created, but failed to initialize '
        "completely. Use Helm CLI to investigate: failed to become available within allocated timeout. Error: Helm "
        "Release kube-system/karpenter: context deadline exceeded\n\n"
    )
    assert (
        after(said, failing=step("karpenter", RELEASE, "karpenter"))
        == f"""\
apply failed in 1 min 15 s: nothing was done

✗ creating `karpenter` (kubernetes Release) of `karpenter` failed
    said:   Helm release "kube-system/karpenter" was created, but failed to initialize completely.
            Use Helm CLI to investigate: failed to become available within allocated timeout. Error:
            Helm Release kube-system/karpenter: context deadline exceeded
    means:  the chart was installed, but its pods were not ready in time
    do:     `kubectl get pods -n NAMESPACE` and `kubectl describe pod` say why: often no node for
            them, or an image that cannot be pulled; then run again

{END}"""
    )


def test_what_a_provider_warned_of_explains_its_error() -> None:
    crd = step("models.example.com", "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", "operator")
    left = Aftermath((crd,), "eu-west-1")
    left(ResourceEvent("platform", "begin", "delete", crd.urn))
    left(Message("platform", "warning", "finalizers might be preventing deletion (example.com/keep)", crd.urn))
    left(Message("platform", "warning", "an image could not be pulled: ErrImagePull", urn("other", BUCKET)))
    left(Message("platform", "error", "timed out waiting for the condition", crd.urn))
    left(ResourceEvent("platform", "failed", "delete", crd.urn, 600.0))
    (refused,) = left.failed
    assert refused.known is not None
    assert (refused.said, refused.known.code) == ("timed out waiting for the condition", "finalizers")


def test_several_failures_are_all_reported_also_for_programs() -> None:
    first, second, third = (step(name, BUCKET, name) for name in ("one", "two", "three"))
    left = Aftermath((first, second, third), "eu-west-1")
    for event in (
        ResourceEvent("foundation", "begin", "create", first.urn),
        ResourceEvent("foundation", "begin", "create", second.urn),
        Message(
            "foundation", "error", "operation error S3: CreateBucket, RequestID: 1, BucketAlreadyExists: ", first.urn
        ),
        ResourceEvent("foundation", "failed", "create", first.urn, 1.0),
        Message("foundation", "error", "something that nobody ever heard of", second.urn),
        ResourceEvent("foundation", "failed", "create", second.urn, 1.0),
        ResourceEvent("foundation", "begin", "create", third.urn),
    ):
        left(event)

    outcome = Outcome("failed", {"foundation": {"create": 0}}, 1.0, "error: update failed", "foundation")
    assert report_document("apply", outcome, left, Path("x.jsonl")) == {
        "mlinfra_outcome": 1,
        "operation": "apply",
        "status": "failed",
        "seconds": 1.0,
        "done": {},
        "layers": {"foundation": {"create": 0}},
        "failed_layer": "foundation",
        "error": "error: update failed",
        "failures": [
            {
                "urn": first.urn,
                "name": "one",
                "type": BUCKET,
                "component": "one",
                "layer": "foundation",
                "operation": "create",
                "said": "operation error S3: CreateBucket, BucketAlreadyExists",
                "code": "bucket-taken",
                "meaning": "another account has a bucket of this name: the names are shared by everybody",
                "advice": "rename the component, or set its `bucket` under `overrides:`",
                "retry": "after change",
                "quota": None,
            },
            {
                "urn": second.urn,
                "name": "two",
                "type": BUCKET,
                "component": "two",
                "layer": "foundation",
                "operation": "create",
                "said": "something that nobody ever heard of",
                "code": None,
                "meaning": None,
                "advice": None,
                "retry": None,
                "quota": None,
            },
        ],
        "unfinished": [third.urn],
        "not_begun": [],
        "log": "x.jsonl",
    }
    assert (
        report_text("apply", outcome, left, sandbox=True)
        == f"""\
apply failed (simulated) in 1.0 s: nothing was done

✗ creating `one` (s3 bucket) of `one` failed
    said:   operation error S3: CreateBucket, BucketAlreadyExists
    means:  another account has a bucket of this name: the names are shared by everybody
    do:     rename the component, or set its `bucket` under `overrides:`

✗ creating `two` (s3 bucket) of `two` failed
    said:   something that nobody ever heard of

not known how it ended: `three`
`mlinfra state repair` finds out
{END}"""
    )


def test_a_failure_that_is_about_no_resource() -> None:
    left = Aftermath((), "eu-west-1")
    outcome = Outcome(
        "failed", {}, 1.0, "layer foundation is locked by a@b (process 1)\nwait for it to end", "foundation"
    )
    assert (
        report_text("destroy", outcome, left, sandbox=False)
        == """\
destroy failed in 1.0 s: nothing was done

✗ it could not go on
    said:   layer foundation is locked by a@b (process 1)
            wait for it to end

what is done stays done; `mlinfra destroy` again continues from there"""
    )


def test_a_machine_type_that_the_message_leaves_out_comes_from_the_plan() -> None:
    said = (
        "creating EC2 Instance: operation error EC2: RunInstances, api error VcpuLimitExceeded: You have requested more "
        "vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance "
        "type belongs to."
    )
    failing = step("box", "aws:ec2/instance:Instance", "box", instanceType="p4d.24xlarge")
    assert "--quota-code L-417A185B" in " ".join(after(said, failing=failing).split())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("error: update failed", "update failed"),
        ("the last error: x", "the last error: x"),
        (
            (
                "sdk-v2/provider2.go:572: sdk.helper_schema: creating S3 Bucket (x): operation error S3: CreateBucket, "
                "https response error StatusCode: 409, RequestID: 1AB, HostID: a/b=, BucketAlreadyExists: : provider=aws@7.11.0"
            ),
            "creating S3 Bucket (x): operation error S3: CreateBucket, BucketAlreadyExists",
        ),
        ("Throttling: Rate exceeded\n\tstatus code: 400, request id: 1-2", "Throttling: Rate exceeded"),
        ("rpc error: code = Unknown desc = x", "x"),
        ("denied. Encoded authorization failure message: AbC_9-x", "denied."),
    ],
)
def test_the_words_of_a_provider_without_noise(text: str, plain: str) -> None:
    assert plain_words(text) == plain
