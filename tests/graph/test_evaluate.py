"""evaluate: what a program registers, with references where outputs were used, and nothing that should stay hidden."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest

from mlinfra.errors import ProgramError
from mlinfra.graph.evaluate import Layered, evaluate, evaluate_stacks
from mlinfra.graph.model import SECRET, UNKNOWN, Derived, ResourceGraph, ResourceNode

ACCOUNT, REGION = "111111111111", "eu-west-1"
BUCKET = "urn:pulumi:dev::project::aws:s3/bucket:Bucket::b"


def graph_of(program: Callable[[], None]) -> ResourceGraph:
    return evaluate(program, account=ACCOUNT, region=REGION)


def nodes(program: Callable[[], None]) -> dict[str, ResourceNode]:
    return {node.name: node for node in graph_of(program).nodes}


def parameter(make: Callable[[aws.s3.Bucket], Any]) -> Any:
    """The value of an topic that a program makes from a bucket."""

    def program() -> None:
        aws.sns.Topic("p", display_name=make(aws.s3.Bucket("b")))

    return nodes(program)["p"].inputs["displayName"]


def test_an_output_becomes_a_reference_inside_text_and_json() -> None:
    assert parameter(lambda b: b.arn) == f"${{{{{BUCKET}#arn}}}}"
    assert parameter(lambda b: pulumi.Output.concat(b.arn, "/*")) == f"${{{{{BUCKET}#arn}}}}/*"
    document = parameter(lambda b: pulumi.Output.json_dumps({"Resource": [b.arn]}))
    assert json.loads(document) == {"Resource": [f"${{{{{BUCKET}#arn}}}}"]}


@pytest.mark.parametrize(
    "hide",
    [
        lambda arn: hashlib.sha256(arn.encode()).hexdigest(),
        lambda arn: arn[:20],
        lambda arn: arn[-9:],
        lambda arn: base64.b64encode(arn.encode()).decode(),
        lambda arn: base64.b64encode(gzip.compress(arn.encode(), mtime=0)).decode(),
        lambda arn: arn.upper(),
    ],
)
def test_what_hides_an_output_is_derived_not_a_literal(hide: Callable[[str], str]) -> None:
    assert parameter(lambda b: b.arn.apply(hide)) == Derived((BUCKET,))


@pytest.mark.parametrize(
    ("hide", "beside_a_reference", "alone"),
    [
        (lambda arn: base64.b64encode(arn.encode()).decode(), Derived((BUCKET,)), {"hidden": Derived((BUCKET,))}),
        (lambda arn: arn[-17:], Derived((BUCKET,)), {"hidden": Derived((BUCKET,))}),
        (lambda _: "no trace of it", "no trace of it", Derived((BUCKET,))),
    ],
)
def test_in_a_structure_only_what_keeps_its_token_is_derived_in_its_place(
    hide: Callable[[str], str], beside_a_reference: Any, alone: Any
) -> None:
    def program() -> None:
        arn = aws.s3.Bucket("b").arn
        kubernetes.core.v1.ConfigMap("both", data=arn.apply(lambda a: {"seen": a, "hidden": hide(a)}))
        kubernetes.core.v1.ConfigMap("alone", data=arn.apply(lambda a: {"hidden": hide(a)}))

    found = nodes(program)
    assert found["both"].inputs["data"] == {"seen": f"${{{{{BUCKET}#arn}}}}", "hidden": beside_a_reference}
    assert found["alone"].inputs["data"] == alone


def test_a_literal_that_merely_passes_through_a_resource_stays_one() -> None:
    def program() -> None:
        vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16")
        aws.sns.Topic("p", display_name=vpc.cidr_block)

    assert nodes(program)["p"].inputs["displayName"] == "10.0.0.0/16"


def test_text_that_looks_like_a_reference_is_kept_apart_from_one() -> None:
    assert parameter(lambda _: "${{ github.sha }}") == "$${{ github.sha }}"


def test_what_no_table_knows_is_unknown() -> None:
    def program() -> None:
        aws.sns.Topic("p", display_name=aws.ec2.Eip("ip").public_ip)

    assert nodes(program)["p"].inputs["displayName"] == UNKNOWN


def test_a_secret_is_only_ever_a_mark() -> None:
    hidden = "hunter2-" * 3

    def program() -> None:
        aws.ssm.Parameter("p", type="SecureString", value=pulumi.Output.secret(hidden))
        pulumi.export("password", pulumi.Output.secret(hidden))

    graph = graph_of(program)
    assert graph.by_urn["urn:pulumi:dev::project::aws:ssm/parameter:Parameter::p"].inputs["value"] == SECRET
    assert graph.outputs == {"": {"password": SECRET}}
    assert hidden not in repr(graph)


def test_everything_about_a_registration_is_recorded() -> None:
    def program() -> None:
        first = aws.s3.Bucket("first")
        parent = pulumi.ComponentResource("my:own:Thing", "thing")
        options = pulumi.ResourceOptions(
            parent=parent, protect=True, retain_on_delete=True, depends_on=[first], ignore_changes=["tags"],
            delete_before_replace=True, replace_on_changes=["bucket"], import_="the-id", deleted_with=first,
            aliases=[pulumi.Alias(name="old")],
        )  # fmt: skip
        aws.s3.Bucket("second", bucket=first.bucket, opts=options)

    first = "urn:pulumi:dev::project::aws:s3/bucket:Bucket::first"
    assert nodes(program)["second"] == ResourceNode(
        urn="urn:pulumi:dev::project::my:own:Thing$aws:s3/bucket:Bucket::second",
        type="aws:s3/bucket:Bucket",
        name="second",
        parent="urn:pulumi:dev::project::my:own:Thing::thing",
        protect=True,
        retain_on_delete=True,
        ignore_changes=("tags",),
        replace_on_changes=("bucket",),
        delete_before_replace=True,
        deleted_with=first,
        aliases=(  # the one given, and the one that pulumi_aws gives for the type's earlier name
            "urn:pulumi:dev::project::my:own:Thing$aws:s3/bucket:Bucket::old",
            "urn:pulumi:dev::project::my:own:Thing$aws:s3/bucketV2:BucketV2::second",
        ),
        import_id="the-id",
        depends_on=(first,),
        property_dependencies={"bucket": (first,)},
        inputs={"bucket": f"${{{{{first}#bucket}}}}"},
    )


def test_a_provider_is_named_by_its_urn() -> None:
    def program() -> None:
        provider = aws.Provider("there", region="us-west-2")
        aws.s3.Bucket("b", opts=pulumi.ResourceOptions(provider=provider))

    assert nodes(program)["b"].provider == "urn:pulumi:dev::project::pulumi:providers:aws::there"


def test_references_reach_across_stacks_and_missing_ones_are_named() -> None:
    def first() -> None:
        bucket = aws.s3.Bucket("b")
        pulumi.export("lake.arn", bucket.arn)
        pulumi.export("lake.ip", aws.ec2.Eip("ip").public_ip)

    def second() -> None:
        reference = pulumi.StackReference("organization/one/dev")
        aws.sns.Topic("p", display_name=reference.require_output("lake.arn"))
        aws.sns.Topic("q", display_name=reference.require_output("lake.ip"))

    stacks = [Layered(project="one", program=first), Layered(project="two", program=second)]
    graph = evaluate_stacks(stacks, blueprint="x", environment="dev", account=ACCOUNT, region=REGION)
    values = {node.name: node.inputs.get("displayName") for node in graph.nodes}
    assert values["p"] == "${{urn:pulumi:dev::one::aws:s3/bucket:Bucket::b#arn}}"
    assert values["q"] == "${{urn:pulumi:dev::one::pulumi:pulumi:Stack::one-dev#lake.ip}}"
    assert graph.outputs["lake"]["ip"] == UNKNOWN


def test_zones_and_identity_are_facts_and_the_rest_is_unknown() -> None:
    def program() -> None:
        zones = aws.get_availability_zones_output(state="available")
        aws.sns.Topic("zones", display_name=zones.names.apply(",".join))
        aws.sns.Topic("who", display_name=aws.get_caller_identity_output().account_id)
        aws.sns.Topic("image", display_name=aws.ec2.get_ami_output(most_recent=True).id)

    made = {name: node.inputs["displayName"] for name, node in nodes(program).items()}
    assert made == {"zones": "eu-west-1a,eu-west-1b,eu-west-1c", "who": ACCOUNT, "image": UNKNOWN}


def test_kubernetes_objects_and_charts_are_recorded_whole() -> None:
    def program() -> None:
        kubernetes.helm.v3.Release("r", chart="karpenter", version="1.0.0", values={"settings": {"clusterName": "c"}})
        kubernetes.core.v1.Namespace("n", metadata={"name": "ml"})

    made = nodes(program)
    assert made["r"].inputs["values"] == {"settings": {"clusterName": "c"}}
    assert made["n"].inputs["metadata"] == {"name": "ml"}


def test_the_stack_is_not_walked_for_each_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a fifth of the time of an evaluation, and nobody reads it."""

    def walked() -> None:
        raise AssertionError("the SDK walks the stack")

    monkeypatch.setattr(pulumi.runtime.resource.traceback, "extract_stack", walked)
    assert [node.name for node in graph_of(lambda: aws.s3.Bucket("b") and None).nodes] == ["b"]
    with pytest.raises(AssertionError, match="the SDK walks the stack"):
        pulumi.runtime.resource._get_stack_trace()  # restored, for real runs in the same process


def test_a_failing_program_is_an_error_that_says_so() -> None:
    def program() -> None:
        raise RuntimeError("no such thing")

    with pytest.raises(ProgramError, match="the program failed: RuntimeError: no such thing"):
        graph_of(program)


def test_an_output_in_an_f_string_is_an_error() -> None:
    def program() -> None:
        aws.sns.Topic("p", display_name=f"arn {aws.s3.Bucket('b').arn}")

    with pytest.raises(ProgramError):
        graph_of(program)


def test_a_plain_lookup_fails_and_an_output_one_does_not() -> None:
    with pytest.raises(ProgramError):
        graph_of(lambda: aws.sns.Topic("p", display_name=aws.ec2.get_ami(most_recent=True).id) and None)


def test_a_literal_that_an_earlier_stack_exports_stays_one() -> None:
    def first() -> None:
        pulumi.export("lake.region", REGION)

    def second() -> None:
        reference = pulumi.StackReference("organization/one/dev")
        aws.sns.Topic("p", display_name=reference.require_output("lake.region"))

    stacks = [Layered(project="one", program=first), Layered(project="two", program=second)]
    graph = evaluate_stacks(stacks, blueprint="x", environment="dev", account=ACCOUNT, region=REGION)
    assert [node.inputs["displayName"] for node in graph.nodes] == [REGION]
