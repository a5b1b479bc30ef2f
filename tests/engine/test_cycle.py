"""The life of every shipped blueprint on the real engine over a simulated cloud, and the plan held against what the engine says and does."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import pytest
from engine.changes import MINIMAL, SERVING, Change, minimal, serving
from engine.platforms import Applied, Platform, in_the_cloud, planned

from mlinfra.components._context import Layer
from mlinfra.engine.events import ResourceEvent

pytestmark = pytest.mark.usefixtures("cli")


def as_planned(applied: Applied) -> None:
    """The engine foresaw and did what the plan says, and so did the cloud; nothing else."""
    assert (applied.outcome.status, applied.outcome.error) == ("succeeded", None)
    plan = planned(applied.forecast.plan)
    assert applied.done == plan
    done = {(operation, urn) for operation, urn, result in applied.cloud if result == "done"}
    assert done == in_the_cloud(applied.forecast.plan)
    heard = {event.urn for event in applied.events if isinstance(event, ResourceEvent) and event.phase == "done"}
    assert heard >= {step.urn for step in plan}


def unchanged(platform: Platform) -> None:
    """There is nothing to do, to see, or to find."""
    found = platform.plan()
    assert (found.plan.changes, [work for work in found.works if work.changed or work.going]) == ((), [])


@pytest.mark.parametrize(
    ("text", "environment", "changed"),
    [
        pytest.param(minimal, "dev", "owner: ml-team  ", id="minimal-dev"),
        pytest.param(minimal, "prod", "owner: ml-team  ", id="minimal-prod"),
        pytest.param(serving, "dev", "owner: ml-platform", id="llm-serving-dev"),
        pytest.param(serving, "prod", "owner: ml-platform", id="llm-serving-prod"),
    ],
)
def test_the_life_of_a_shipped_blueprint(tmp_path: Path, text: object, environment: str, changed: str) -> None:
    assert callable(text)
    said = text().replace("    protected: true", "    account: '123456789012'\n    protected: true")
    platform = Platform(tmp_path, said, environment)
    as_planned(platform.apply())
    assert platform.held() == platform.existing()
    unchanged(platform)
    before = platform.cloud.log()
    assert platform.apply().events == ()
    platform.say(platform.text.replace(changed, "owner: others", 1))
    found = platform.apply()
    as_planned(found)
    assert len(platform.cloud.log()) > len(before)
    assert platform.drift().steps == ()
    bucket = next(one for one in platform.cloud.resources() if one.type == "aws:s3/bucket:Bucket")
    logical = bucket.urn.rpartition("::")[2]
    platform.cloud.change(f"aws:s3/bucket:Bucket::{logical}", {"tags": {"by": "hand"}})
    (step,) = platform.drift().steps
    assert (step.urn, step.operation, {change.top for change in step.properties}) == (bucket.urn, "update", {"tags"})
    gone = platform.destroy()
    assert gone.outcome.status == "succeeded"
    assert platform.existing().keys() == {step.urn for step in gone.forecast.plan.steps if step.operation == "keep"}
    assert platform.held() == {}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The smallest blueprint, applied; each test of this module changes it further."""
    platform = Platform(tmp_path_factory.mktemp("minimal"), minimal())
    assert platform.apply().outcome.status == "succeeded"
    yield platform
    assert platform.destroy().outcome.status == "succeeded"
    assert platform.existing() == {}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The blueprint with a cluster, applied."""
    platform = Platform(tmp_path_factory.mktemp("serving"), serving())
    assert platform.apply().outcome.status == "succeeded"
    yield platform
    assert platform.destroy().outcome.status == "succeeded"
    assert platform.existing() == {}


def foreseen(platform: Platform, text: str, changes: Sequence[Change]) -> None:
    platform.say(reduce(lambda said, change: change.on(said), changes, text))
    applied = platform.apply(previews=True)
    as_planned(applied)
    assert applied.foretold == planned(applied.forecast.plan)
    assert platform.held() == platform.existing()
    unchanged(platform)


@pytest.mark.parametrize("last", range(len(MINIMAL)), ids=[change.what for change in MINIMAL])
def test_the_plan_is_the_engines_preview(small: Platform, last: int) -> None:
    foreseen(small, minimal(), MINIMAL[: last + 1])


@pytest.mark.parametrize("last", range(len(SERVING)), ids=[change.what for change in SERVING])
def test_the_plan_is_the_engines_preview_with_a_cluster(large: Platform, last: int) -> None:
    foreseen(large, serving(), SERVING[: last + 1])


LAYERS = """\
mlinfra: 1
name: layers
environments:
  dev: {region: eu-west-1}
components:
  keep: {kind: bucket}
  gone: {kind: bucket}
  models: {kind: model_registry, groups: [churn]}
  endpoint:
    kind: endpoint
    registry: models
    instance_type: ml.m5.large
    model: {group: churn, version: "1"}
    access: {keep: read, gone: read}
"""


def order(applied: Applied, *names: str) -> list[tuple[str, str]]:
    """What was done with resources of these names, in the order of the cloud."""
    return [
        (operation, urn.rpartition("::")[2]) for operation, urn, _ in applied.cloud if urn.rpartition("::")[2] in names
    ]


@pytest.fixture
def layers(tmp_path: Path) -> Platform:
    platform = Platform(tmp_path, LAYERS)
    assert platform.apply().outcome.status == "succeeded"
    return platform


def test_a_bucket_goes_after_the_grant_of_a_later_layer(layers: Platform) -> None:
    layers.say(LAYERS.replace("  gone: {kind: bucket}\n", "").replace(", gone: read", ""))
    applied = layers.apply()
    as_planned(applied)
    assert order(applied, "endpoint-role-policy", "gone") == [("update", "endpoint-role-policy"), ("delete", "gone")]
    unchanged(layers)


def test_a_layer_that_becomes_empty_is_destroyed_before_what_it_used(layers: Platform) -> None:
    layers.say(LAYERS.partition("  endpoint:")[0].replace("  gone: {kind: bucket}\n", ""))
    applied = layers.apply()
    as_planned(applied)
    deleted = [urn.split("::")[1] for operation, urn, _ in applied.cloud if operation == "delete"]
    assert Counter(deleted).keys() == {"layers-workloads", "layers-foundation"}
    assert deleted == sorted(deleted, reverse=True)
    unchanged(layers)
    assert [layer for layer, state in layers.states().items() if state.resources] == [Layer.FOUNDATION]


def test_a_component_renamed_is_made_before_the_old_one_goes(layers: Platform) -> None:
    layers.say(LAYERS.replace("gone", "new"))
    applied = layers.apply()
    as_planned(applied)
    assert order(applied, "new", "endpoint-role-policy", "gone") == [
        ("create", "new"),
        ("update", "endpoint-role-policy"),
        ("delete", "gone"),
    ]
    unchanged(layers)


CONNECTED = """\
mlinfra: 1
name: connected
environments:
  dev: {region: eu-west-1}
components:
  net: {kind: network, cidr: 10.0.0.0/16, zones: 3, nat: none}
  access: {kind: python, layer: platform, module: "cycle_parts:roles", arguments: {names: [stays, goes]}}
  users:
    kind: python
    layer: workloads
    module: cycle_parts:users
    arguments:
      names: [stays, goes]
      roles: "${access.values}"
      subnets: "${net.private_subnet_ids}"
      vpc: "${net.vpc_id}"
"""
FIXED = """\
mlinfra: 1
name: fixed
environments:
  dev: {region: eu-west-1}
components:
  own: {kind: python, layer: platform, module: "cycle_parts:fixed", arguments: {bus: one}}
"""
PARTS = """\
import pulumi
import pulumi_aws as aws


def roles(name, *, names, context, opts):
    return {one: aws.iam.Role(f"{name}-{one}", assume_role_policy="{}", opts=opts).name for one in names}


def users(name, *, names, roles, subnets, vpc, context, opts):
    given = pulumi.Output.from_input(roles)
    for one in names:
        role = given.apply(lambda made, one=one: made[one])
        aws.iam.RolePolicy(f"{name}-{one}", role=role, policy="{}", opts=opts)
    service = "com.amazonaws.eu-west-1.sts"
    aws.ec2.VpcEndpoint(
        f"{name}-door", vpc_id=vpc, service_name=service, vpc_endpoint_type="Interface", subnet_ids=subnets, opts=opts
    )
    return {}


def fixed(name, *, bus, context, opts):
    rule = aws.cloudwatch.EventRule(f"{name}-rule", name="always", event_bus_name=bus, event_pattern="{}", opts=opts)
    topic = aws.sns.Topic(f"{name}-topic", opts=opts)
    aws.cloudwatch.EventTarget(f"{name}-target", rule=rule.name, event_bus_name="one", arn=topic.arn, opts=opts)
    # These name the rule in what forces nothing: they stay as they are.
    dimensions = {"RuleName": rule.name}
    aws.cloudwatch.MetricAlarm(
        f"{name}-alarm",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        metric_name="FailedInvocations",
        namespace="AWS/Events",
        period=60,
        statistic="Sum",
        threshold=0,
        dimensions=dimensions,
        opts=opts,
    )
    title = pulumi.Output.json_dumps({"widgets": [{"type": "text", "properties": {"markdown": rule.name}}]})
    aws.cloudwatch.Dashboard(f"{name}-board", dashboard_name=f"{name}-board", dashboard_body=title, opts=opts)
    return {}
"""


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with code that components in Python run."""
    (tmp_path / "cycle_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    sys.modules.pop("cycle_parts", None)


def test_a_subnet_and_a_role_go_after_a_later_layer_has_let_go_of_them(parts: Path) -> None:
    platform = Platform(parts, CONNECTED)
    assert platform.apply().outcome.status == "succeeded"
    platform.say(CONNECTED.replace("zones: 3", "zones: 2").replace("[stays, goes]", "[stays]"))
    applied = platform.apply(previews=True)
    as_planned(applied)
    assert applied.foretold == planned(applied.forecast.plan)
    found = [
        (operation, urn.split("::")[2].rpartition(":")[2], urn.rpartition("::")[2])
        for operation, urn, _ in applied.cloud
    ]
    subnets = [place for place, step in enumerate(found) if step[:2] == ("delete", "Subnet")]
    role = found.index(("delete", "Role", "access-goes"))
    assert subnets
    assert found.index(("update", "VpcEndpoint", "users-door")) < min(subnets)
    assert found.index(("delete", "RolePolicy", "users-goes")) < role
    assert ("delete", "Role", "access-stays") not in found
    unchanged(platform)
    assert platform.held() == platform.existing()


def test_what_moves_to_another_layer_is_made_there_before_it_goes(parts: Path) -> None:
    alone = CONNECTED.partition("  users:")[0].replace(", goes]", "]")
    platform = Platform(parts, alone)
    assert platform.apply().outcome.status == "succeeded"
    platform.say(alone.replace("layer: platform", "layer: workloads"))
    applied = platform.apply()
    as_planned(applied)
    moved = [(operation, urn.split("::")[1]) for operation, urn, _ in applied.cloud]
    assert moved == [("create", "connected-workloads"), ("delete", "connected-platform")]
    unchanged(platform)
    assert platform.held() == platform.existing()


def test_what_depends_on_a_fixed_name_that_is_made_anew(parts: Path) -> None:
    platform = Platform(parts, FIXED)
    assert platform.apply().outcome.status == "succeeded"
    platform.say(FIXED.replace("bus: one", "bus: two"))
    applied = platform.apply(previews=True)
    assert applied.foretold == planned(applied.forecast.plan)
    as_planned(applied)
    unchanged(platform)


KEPT = """\
mlinfra: 1
name: kept
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key, deletion: retain}
"""


def test_what_is_kept_and_replaced_stays_in_the_account_and_is_called_kept(tmp_path: Path) -> None:
    platform = Platform(tmp_path, KEPT)
    assert platform.apply().outcome.status == "succeeded"
    (old,) = (held for held in platform.cloud.resources() if held.type == "aws:kms/key:Key")
    platform.say(KEPT.replace("retain}", "retain, multi_region: true}"))
    applied = platform.apply(previews=True)
    as_planned(applied)
    (step,) = (step for step in applied.forecast.plan.changes if step.urn == old.urn)
    assert (step.operation, step.keeps_old, step.risk, step.reason) == (
        "replace",
        True,
        "interruption",
        (
            "`multiRegion` cannot be changed in place; the old one stays in the account, outside of the state; "
            "the new one begins empty"
        ),
    )
    told = [event.operation for event in applied.events if isinstance(event, ResourceEvent) and event.urn == old.urn]
    assert told == ["create-replacement", "create-replacement", "keep", "keep"]
    keys = [held.id for held in platform.cloud.resources() if held.type == "aws:kms/key:Key"]
    assert (len(keys), old.id in keys) == (2, True)
    unchanged(platform)
