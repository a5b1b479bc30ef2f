"""Makes ``data/replacement.csv``: ``python -m mlinfra.plan._replacement_build SCHEMAS VERDICTS < TYPES``.

SCHEMAS is the folder of CloudFormation's schemas in an unpacked wheel of cfn-lint (``cfnlint/data/schemas``), VERDICTS
what ``tests/plan/prove_replacement.py`` recorded, TYPES what ``tests/plan/kind_types.py`` prints, one a line. For
Kubernetes the list is written by hand in ``data/kubernetes_immutable.csv``.

Two published sources are read for AWS: a property is create-only in CloudFormation, or pulumi-aws says that a change
forces a new resource. Where neither says a word, where they disagree with each other or with what the provider answers
to an actual change, the provider's answer counts, and the row says so; without an answer the more careful one does.
``data/newer.csv`` holds, by hand, what a kind uses and none of the three knows. A nested property has a row where it is
not simply as what it is in. What nobody knows has an empty cell.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from mlinfra.plan._properties import DEEPEST, documentation, input_paths

DATA = Path(__file__).parent / "data"
COLUMNS = ("type", "property", "forces_replacement", "only_when", "source", "source_date", "note")

SAID = re.compile(
    r"forces?(?: the creation of)? (?:a )?(?:new|replacement)|will force (?:a )?new|"
    r"chang\w+ (?:this|the) .{0,60}?(?:recreat|re-creat|replace|new resource)|creates a new resource|"
    r"cannot be (?:changed|modified|updated)|can't be changed",
    re.IGNORECASE,
)
"""How pulumi-aws says that a change replaces."""

MUST_BE_THERE = "nothing to compare"
"""The verdict on a block that neither comes nor goes."""

REGION = ("pulumi-aws: Enhanced Region Support", "2025-06-18")
DOCUMENTED = "pulumi-aws {}: argument reference"
DOCUMENTED_DATE = "2026-10-14"

CLOUDFORMATION = {
    "aws:appautoscaling/policy:Policy": "AWS::ApplicationAutoScaling::ScalingPolicy",
    "aws:appautoscaling/target:Target": "AWS::ApplicationAutoScaling::ScalableTarget",
    "aws:cloudwatch/eventRule:EventRule": "AWS::Events::Rule",
    "aws:cloudwatch/logGroup:LogGroup": "AWS::Logs::LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "AWS::CloudWatch::Alarm",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": "AWS::CE::AnomalyMonitor",
    "aws:costexplorer/anomalySubscription:AnomalySubscription": "AWS::CE::AnomalySubscription",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "AWS::EC2::SubnetRouteTableAssociation",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "AWS::EC2::VPCCidrBlock",
    "aws:glue/catalogDatabase:CatalogDatabase": "AWS::Glue::Database",
    "aws:glue/catalogTable:CatalogTable": "AWS::Glue::Table",
    "aws:glue/catalogTableOptimizer:CatalogTableOptimizer": "AWS::Glue::TableOptimizer",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "AWS::IAM::OIDCProvider",
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": "AWS::SageMaker::EndpointConfig",
    "aws:sns/topicSubscription:TopicSubscription": "AWS::SNS::Subscription",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "AWS::EC2::SecurityGroupEgress",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "AWS::EC2::SecurityGroupIngress",
}
"""Types that the two call differently; the others are found by their names."""

RENAMED = {
    "aws:ec2/flowLog:FlowLog": {"iamRoleArn": "DeliverLogsPermissionArn"},
    "aws:ec2/natGateway:NatGateway": {"privateIp": "PrivateIpAddress"},
    "aws:ec2/securityGroup:SecurityGroup": {"description": "GroupDescription", "name": "GroupName"},
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": {"slackTeamId": "SlackWorkspaceId"},
    "aws:eks/nodeGroup:NodeGroup": {"nodeRoleArn": "NodeRole", "subnetIds": "Subnets"},
    "aws:ecr/repository:Repository": {"encryptionConfigurations": "EncryptionConfiguration"},
    "aws:sns/topicSubscription:TopicSubscription": {"topic": "TopicArn"},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {"securityGroupId": "GroupId", "cidrIpv4": "CidrIp"},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {"securityGroupId": "GroupId", "cidrIpv4": "CidrIp"},
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": {"kmsKeyArn": "KmsKeyId"},
    "aws:iam/rolePolicy:RolePolicy": {"role": "RoleName"},
    "aws:appautoscaling/policy:Policy": {"name": "PolicyName"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name": "AlarmName"},
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": {"name": "MonitorName"},
    "aws:costexplorer/anomalySubscription:AnomalySubscription": {"name": "SubscriptionName"},
}
"""Properties that the two call differently, beyond plurals and a type's own name before ``Name``."""


class Row(NamedTuple):
    """A line of the table."""

    type: str
    property: str
    forces_replacement: str
    only_when: str
    source: str
    source_date: str
    note: str = ""


class Schemas:
    """CloudFormation's schemas, as cfn-lint ships them."""

    def __init__(self, folder: Path) -> None:
        self._resources = folder / "resources"
        self._files: dict[str, str] = json.loads((folder / "providers" / "us-east-1.json").read_text("utf-8"))
        self._by_name = {name.lower(): name for name in self._files}
        self.date: str = json.loads((folder / "version.json").read_text("utf-8"))["schema_date"][:10]

    def create_only(self, type_: str) -> tuple[set[str], set[str]] | None:
        """The paths of a type's properties and those that are create-only; None where CloudFormation lacks the type."""
        service, name = type_.split(":")[1].partition("/")[0], type_.split(":")[2]
        called = CLOUDFORMATION.get(type_) or self._by_name.get(f"aws::{service}::{name}".lower())
        if called is None:
            return None
        schema = json.loads((self._resources / f"{self._files[called]}.json").read_text("utf-8"))
        every = {_plain(path) for path in _schema_paths(schema, schema["properties"], (), 1)}
        only = {_plain(_pointer(pointer)) for pointer in schema.get("createOnlyProperties", ())}
        return every, only


def _schema_paths(
    schema: Mapping[str, object], properties: object, above: tuple[str, ...], depth: int
) -> Iterator[tuple[str, ...]]:
    """Every path through a JSON Schema, items of lists as what they are in."""
    if not isinstance(properties, dict):
        return
    for name, definition in properties.items():
        yield (*above, name)
        resolved = _resolved(schema, definition)
        if isinstance(resolved, dict) and depth < DEEPEST:
            yield from _schema_paths(schema, resolved.get("properties"), (*above, name), depth + 1)


def _resolved(schema: Mapping[str, object], definition: object) -> object:
    """What a property, or an item of it, is: references and lists are followed."""
    while isinstance(definition, dict) and ("$ref" in definition or "items" in definition):
        definitions = schema.get("definitions")
        if "$ref" in definition and isinstance(definitions, dict):
            definition = definitions[definition["$ref"].rpartition("/")[2]]
        else:
            definition = definition["items"]
    return definition


def _pointer(pointer: str) -> tuple[str, ...]:
    return tuple(part for part in pointer.removeprefix("/properties/").split("/") if part not in ("*", "properties"))


def _plain(path: Iterable[str]) -> str:
    """A path as both sides spell it: no capitals, no plurals."""
    return ".".join(part.lower().removesuffix("s") for part in path)


def cloudformation_says(type_: str, path: str, schemas: Schemas) -> bool | None:
    """Whether CloudFormation calls a property create-only; None where it has no such property."""
    found = schemas.create_only(type_)
    if found is None:
        return None
    every, only = found
    first, *rest = path.split(".")
    name = type_.rpartition(":")[2]
    called = RENAMED.get(type_, {}).get(first)
    own_name = first in ("name", name[0].lower() + name[1:])
    for head in [called] if called else [first, f"{name}Name"] if own_name else [first]:
        plain = _plain([head, *rest])
        if plain in every:
            return any(plain == one or plain.startswith(f"{one}.") for one in only)
    return None


def aws_rows(type_: str, schemas: Schemas, verdicts: Mapping[tuple[str, str], Mapping[str, str]]) -> Iterator[Row]:
    """A row for every input of a type of pulumi-aws."""
    said = documentation(type_)
    with (DATA / "newer.csv").open(encoding="utf-8", newline="") as file:
        newer = {fact["property"]: fact for fact in csv.DictReader(file) if fact["type"] == type_}
    for path in input_paths(type_):
        fact = next((newer[name] for name in newer if path == name or path.startswith(f"{name}.")), None)
        if fact is not None:
            yield Row(type_, path, fact["forces_replacement"], "", fact["source"], fact["source_date"])
            continue
        if path == "region":
            yield Row(type_, path, "true", "", *REGION)
            continue
        documented = SAID.search(said.get(path, "")) is not None
        create_only = cloudformation_says(type_, path, schemas)
        published = True if documented or create_only else create_only
        source, date = (
            (DOCUMENTED.format(version("pulumi_aws")), DOCUMENTED_DATE)
            if documented
            else (f"CloudFormation schema: {'create-only' if create_only else 'not create-only'}", schemas.date)
        )
        verdict = verdicts.get((type_, path), {})
        if verdict.get("note") == MUST_BE_THERE:
            source = f"Terraform AWS provider {verdict['provider']}: planned change"
            yield Row(type_, path, "false", "", source, verdict["as_of"], "what is in it decides")
            continue
        if not verdict.get("replaces"):
            word = {True: "true", False: "false", None: ""}[published]
            yield Row(type_, path, word, "", *(("", "") if published is None else (source, date)))
            continue
        replaces = verdict["replaces"] != "never"
        only_when = verdict["replaces"] if replaces and verdict["replaces"] != "added changed removed" else ""
        note = ""
        if published is not replaces:
            note = "" if published is None else f"{source}, but a change {'replaces' if replaces else 'is an update'}"
            source, date = f"Terraform AWS provider {verdict['provider']}: planned change", verdict["as_of"]
        yield Row(type_, path, str(replaces).lower(), only_when, source, date, note)


def kubernetes_rows(type_: str) -> Iterator[Row]:
    """The provider's own short list, and what it holds for every object; nothing else replaces."""
    with (DATA / "kubernetes_immutable.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    own = [fact for fact in listed if fact["type"] == type_]
    every = [fact for fact in listed if fact["type"] == "*"] if type_ != "kubernetes:helm.sh/v3:Release" else []
    inputs = {path.partition(".")[0] for path in input_paths(type_)} or {"apiVersion", "kind", "metadata", "spec"}
    for path in sorted(inputs):
        if not any(fact["property"] == path for fact in (*own, *every)):
            first = (own or every)[0]
            yield Row(type_, path, "false", "", f"{first['source']}: not listed", first["source_date"])
    for fact in (*every, *own):
        yield Row(type_, fact["property"], "true", "", fact["source"], fact["source_date"], fact["note"])


def compact(rows: Iterable[Row]) -> Iterator[Row]:
    """Without nested rows that say what the row above them says."""
    kept: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: (row.type, row.property.split("."))):
        above = row.property
        while (above := above.rpartition(".")[0]) and (row.type, above) not in kept:
            pass
        parent = kept.get((row.type, above))
        # A whole block may replace only as it comes or goes; what is in it then speaks for itself.
        if parent is None or row.only_when or parent.only_when or row.forces_replacement != parent.forces_replacement:
            kept[row.type, row.property] = row
            yield row


def main(schemas_folder: str, verdicts_file: str) -> None:
    """Write the table."""
    schemas = Schemas(Path(schemas_folder))
    with Path(verdicts_file).open(encoding="utf-8", newline="") as file:
        verdicts = {(fact["type"], fact["property"]): fact for fact in csv.DictReader(file)}
    with (DATA / "kubernetes_immutable.csv").open(encoding="utf-8", newline="") as file:
        listed = {fact["type"] for fact in csv.DictReader(file)} - {"*"}
    types = sorted({line.strip() for line in sys.stdin if line.strip()} | listed)
    rows = [
        row
        for type_ in types
        for row in compact(
            kubernetes_rows(type_) if type_.startswith("kubernetes:") else aws_rows(type_, schemas, verdicts)
        )
    ]
    with (DATA / "replacement.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
