"""What replaces a resource: the table is whole, names only what exists, and says what the real provider answers."""

import csv
from pathlib import Path

import pytest
from plan.kind_types import kind_graphs, kind_types

from mlinfra.graph.model import UNKNOWN
from mlinfra.plan import ABSENT, PropertyChange
from mlinfra.plan._properties import documentation, input_paths
from mlinfra.plan.replacement import (
    deletes_first,
    forces_replacement,
    outputs_changed_by_update,
    replaces,
    rows,
)

VERDICTS = Path(__file__).parent / "data" / "terraform_verdicts.csv"
GROUP = "aws:eks/nodeGroup:NodeGroup"
CLUSTER = "aws:eks/cluster:Cluster"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POOL = "kubernetes:karpenter.sh/v1:NodePool"
BUCKET = "aws:s3/bucket:Bucket"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

TABLE = {(row["type"], row["property"]): row for row in rows("replacement.csv")}


def verdicts():
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_type_that_a_kind_creates_is_missing():
    assert set(kind_types()) - {type_ for type_, _ in TABLE} == set()


def test_every_type_that_a_kind_creates_was_put_to_the_provider():
    assert {type_ for type_ in kind_types() if type_.startswith("aws:")} - {row["type"] for row in verdicts()} == set()


def test_every_property_exists_in_the_class_of_its_type():
    paths = {type_: set(input_paths(type_)) for type_, _ in TABLE}
    without_class = {type_ for type_, found in paths.items() if not found}
    # Custom resources have no class; their group is a domain of somebody else's.
    assert [type_ for type_ in without_class if not type_.startswith("kubernetes:")] == []
    assert [type_ for type_ in without_class if ".k8s.io/" in type_ or "." not in type_] == []
    assert {key for key in TABLE if key[0] not in without_class and key[1] not in paths[key[0]]} == set()


def test_every_input_of_every_type_has_an_answer_or_is_newer_than_every_source():
    newer = {(row["type"], row["property"]) for row in verdicts() if row["note"].startswith("newer than")}
    unanswered = {
        (type_, path)
        for type_ in {type_ for type_, _ in TABLE}
        for path in input_paths(type_)
        if forces_replacement(type_, path) is None
    }
    assert unanswered <= newer


def test_whatever_a_kind_uses_has_an_answer():
    assert [
        (node.type, path)
        for graph in kind_graphs()
        for node in graph.resources
        for path, value in node.inputs.items()
        if replaces(node.type, PropertyChange(path, ABSENT, value)) is None
    ] == []


def test_every_row_has_a_source_or_no_answer():
    assert [key for key, row in TABLE.items() if bool(row["source"]) is not bool(row["forces_replacement"])] == []


def test_the_table_says_what_the_real_provider_answers():
    different = []
    for verdict in verdicts():
        key = verdict["type"], verdict["property"]
        for change in verdict["replaces"].split():
            if change == "never":
                row = TABLE.get(key)
                if (forces_replacement(*key) if row is None else row["forces_replacement"] == "true") is True:
                    different.append((*key, "an update", "true"))
            elif forces_replacement(*key, change) is not True:
                different.append((*key, f"{change} replaces", forces_replacement(*key, change)))
    assert different == []


def test_what_replaces_only_sometimes_does_not_otherwise():
    asked = {(row["type"], row["property"]): row["replaces"] for row in verdicts()}
    limited = {key: row["only_when"] for key, row in TABLE.items() if row["only_when"]}
    assert limited == {key: asked[key] for key in limited}


def test_most_answers_are_published_and_the_provider_confirms_them():
    settled = [
        key for key, row in TABLE.items() if row["note"].endswith(("a change replaces", "a change is an update"))
    ]
    published = [row for row in TABLE.values() if "CloudFormation" in row["source"] or "reference" in row["source"]]
    assert len(published) > 8 * len(settled)


@pytest.mark.parametrize(
    ("type_", "path", "expected"),
    [
        (GROUP, "subnetIds[0]", True),
        (GROUP, "scalingConfig.maxSize", False),
        (GROUP, "launchTemplate.version", False),
        (GROUP, 'labels["example.com/team"]', False),
        (GROUP, "tags.Name", False),
        (GROUP, "options › protect", False),
        (GROUP, "noSuchProperty", None),
        (GROUP, "region", True),
        ("aws:made/up:Up", "name", None),
        ("aws:iam/role:Role", "assumeRolePolicy › Statement[0].Action", False),
        ("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "productionVariants[0]", True),
        ("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "productionVariants[0].instanceType", True),
        (DEPLOYMENT, "spec.selector.matchLabels.app", True),
        (DEPLOYMENT, "spec.template.spec.containers[0].image", False),
        (POOL, "metadata.name", True),
        (POOL, "spec.limits.cpu", False),
        (POOL, "somethingElse", False),
        ("kubernetes:example.com/v1:Unheard", "metadata.namespace", True),
        ("kubernetes:example.com/v1:Unheard", "spec", False),
        ("kubernetes:core/v1:ConfigMap", 'data["a.yaml"]', True),
        ("kubernetes:helm.sh/v3:Release", "version", False),
        ("kubernetes:helm.sh/v3:Release", "namespace", True),
    ],
)
def test_a_path_of_a_plan(type_, path, expected):
    assert forces_replacement(type_, path) is expected


@pytest.mark.parametrize(
    ("type_", "path", "added", "changed", "removed"),
    [
        (CLUSTER, "encryptionConfig", False, False, True),
        (GROUP, "diskSize", True, True, False),
        (RULE, "cidrIpv4", True, False, True),
    ],
)
def test_some_properties_replace_only_as_they_come_or_go(type_, path, added, changed, removed):
    found = [forces_replacement(type_, path, change) for change in ("added", "changed", "removed")]
    assert found == [added, changed, removed]


@pytest.mark.parametrize(
    ("type_", "change", "expected"),
    [
        (GROUP, PropertyChange("launchTemplate", ABSENT, {"id": UNKNOWN, "version": "1"}), True),
        (GROUP, PropertyChange("updateConfig", ABSENT, {"maxUnavailable": 1}), False),
        (
            CLUSTER,
            PropertyChange("encryptionConfig", ABSENT, {"provider": {"keyArn": "a"}, "resources": ["secrets"]}),
            False,
        ),
        (
            CLUSTER,
            PropertyChange("encryptionConfig", {"provider": {"keyArn": "a"}, "resources": ["secrets"]}, ABSENT),
            True,
        ),
        (
            CLUSTER,
            PropertyChange("kubernetesNetworkConfig", ABSENT, {"elasticLoadBalancing": {"enabled": True}}),
            False,
        ),
        (CLUSTER, PropertyChange("kubernetesNetworkConfig", ABSENT, {"ipFamily": "ipv6"}), True),
        (GROUP, PropertyChange("subnetIds[1]", ABSENT, "subnet-b"), True),
        (GROUP, PropertyChange("version", "1.33", "1.34"), False),
        ("aws:made/up:Up", PropertyChange("a", 1, 2), None),
    ],
)
def test_of_what_comes_or_goes_only_its_content_counts(type_, change, expected):
    assert replaces(type_, change) is expected


NAMED = {"name": "a"}


@pytest.mark.parametrize(
    ("type_", "before", "after", "expected"),
    [
        ("aws:iam/role:Role", NAMED, NAMED, True),
        ("aws:iam/role:Role", NAMED, {"name": "b"}, True),
        ("aws:iam/role:Role", {}, {}, False),
        (BUCKET, {"bucket": "a"}, {"bucket": "b"}, True),
        (GROUP, {"nodeGroupName": "a"}, {"nodeGroupName": "a"}, True),
        ("aws:glue/catalogDatabase:CatalogDatabase", NAMED, NAMED, False),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {}, {}, True),
        (DEPLOYMENT, {"metadata": NAMED}, {"metadata": NAMED}, True),
        (DEPLOYMENT, {"metadata": NAMED}, {"metadata": {"name": "b"}}, False),
        (DEPLOYMENT, {"metadata": NAMED}, {"metadata": {**NAMED, "namespace": "b"}}, False),
        (DEPLOYMENT, {"metadata": {}}, {"metadata": {}}, False),
        (DEPLOYMENT, {}, {"metadata": NAMED}, False),
        ("kubernetes:helm.sh/v3:Release", NAMED, NAMED, False),
        ("random:index/randomId:RandomId", NAMED, NAMED, False),
    ],
)
def test_a_name_that_is_taken_is_freed_first(type_, before, after, expected):
    assert deletes_first(type_, before, after) is expected


# Filled in by the engine in a recorded update of a program that gave no names.
MADE_UP = {
    "aws:sns/topic:Topic": "name",
    "aws:iam/role:Role": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/eventRule:EventRule": "name",
    BUCKET: "bucket",
    "aws:ec2/securityGroup:SecurityGroup": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
    "aws:iam/rolePolicy:RolePolicy": "name",
    "aws:iam/policy:Policy": "name",
}


@pytest.mark.parametrize(("type_", "field"), MADE_UP.items())
def test_the_name_that_counts_is_the_one_that_the_engine_makes_up(type_, field):
    assert [deletes_first(type_, {}, {name: "a"}) for name in ("name", "bucket")] == [
        field == "name",
        field == "bucket",
    ]


def test_the_types_of_the_other_tables_exist():
    tables = ("delete_first.csv", "updated_outputs.csv")
    types = {row["type"] for table in tables for row in rows(table)}
    assert {type_ for type_ in types if not input_paths(type_)} == set()


def test_named_by_is_an_input():
    wrong = [
        row for row in rows("delete_first.csv") if row["named_by"] and row["named_by"] not in input_paths(row["type"])
    ]
    assert wrong == []


def test_an_update_leaves_some_outputs_unknown():
    assert outputs_changed_by_update(TEMPLATE) == ("defaultVersion", "latestVersion")
    assert outputs_changed_by_update("aws:ec2/subnet:Subnet") == ()


def test_the_documentation_of_a_nested_property_is_found():
    assert "IP family" in documentation(CLUSTER)["kubernetesNetworkConfig.ipFamily"]
