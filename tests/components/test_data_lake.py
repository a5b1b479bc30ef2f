"""data_lake: zones, catalogue, queries, tables, who may do what."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pulumi
import pytest
from building import DEV, PROD, granted, made, recorded
from pydantic import ValidationError

from mlinfra.components._grammar import Context, Range, expectations, policy
from mlinfra.components.data._data_lake_access import CATALOG_READ, CATALOG_WRITE, QUERY
from mlinfra.components.data._data_lake_documents import lake_permissions, zone_lifecycle
from mlinfra.components.data._data_lake_tables import Table, optimizers, partition, table_input
from mlinfra.components.data.data_lake import DataLake, DataLakeNeeds, DataLakeOutputs, DataLakeSpec
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1, protected: true}
components:
  key: {kind: encryption_key}
  lake:
    kind: data_lake
    key: key
    deletion: retain
    governance: lake_formation
    zones:
      raw:
        infrequent_days: 30
        archive_days: 90
        expire_days: 800
        noncurrent_days: 10
        crawl: {schedule: "cron(0 3 * * ? *)", prefix: events/}
      curated:
        crawl: {}
        tables:
          transactions:
            columns: {tx_id: string, ts: timestamp, amount: "decimal(12,2)", country: string}
            partition_by: [day(ts), "bucket(16, tx_id)", country]
            compaction: true
            snapshot_days: 14
            orphan_days: 5
      features:
    query: {scan_limit_gib: 100, results_days: 7}
    shares:
      - {principal: "arn:aws:iam::111111111111:role/analyst", zones: [curated], level: write}
    expected:
      stored_gib: {min: 100, expected: 900, max: 2000}
      put_requests: 1000
      get_requests: 1000
      scanned_gib: 50
      results_gib: 1
      crawler_dpu_hours: 2
"""

KEY = "arn:aws:kms:eu-west-1:111111111111:key/k"
TABLE = {
    "columns": {"tx_id": "string", "ts": "timestamp", "country": "string"},
    "partition_by": ["day(ts)", "bucket(16, tx_id)", "country"],
}


def build(context: Context = DEV, *, key: bool = False, **told: Any) -> DataLake:
    needs = DataLakeNeeds(key=EncryptionKeyOutputs.of(arn=KEY) if key else None)
    return DataLake("lake", DataLakeSpec.model_validate(told), needs, context=context)


def test_a_lake_of_one_zone_has_exactly_these_children_beside_its_buckets() -> None:
    children = made(lambda: build(zones=["raw"]))
    buckets = {
        f"{bucket}{part}"
        for bucket in ("lake-raw", "lake-results")
        for part in ("", "-encryption", "-versions", "-lifecycle", "-private", "-owner", "-tls")
    }
    assert buckets < set(children)
    assert {name: inputs for name, inputs in children.items() if name not in buckets} == {
        "lake-raw-database": {
            "name": DEV.physical_name("lake", "raw", limit=255, separator="_"),
            "description": "Tables of the zone raw",
            "locationUri": f"s3://{DEV.physical_name('lake', 'raw', limit=63)}/",
        },
        "lake-queries": {
            "name": DEV.physical_name("lake", limit=128),
            "description": "Queries of the lake lake",
            "forceDestroy": True,
            "configuration": {
                "enforceWorkgroupConfiguration": True,
                "publishCloudwatchMetricsEnabled": True,
                "bytesScannedCutoffPerQuery": 1024 * 1024**3,
                "engineVersion": {"selectedEngineVersion": "Athena engine version 3"},
                "resultConfiguration": {
                    "outputLocation": f"s3://{DEV.physical_name('lake', 'results', limit=63)}/",
                    "expectedBucketOwner": "111111111111",
                    "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
                },
            },
        },
    }


def test_left_out_there_are_three_zones() -> None:
    spec = DataLakeSpec()
    assert list(spec.zones) == ["raw", "curated", "features"]
    assert spec == DataLakeSpec.model_validate({"zones": ["raw", "curated", "features"]})
    assert spec.zones == DataLakeSpec.model_validate({"zones": {"raw": None, "curated": {}, "features": None}}).zones


def test_what_is_asked_for_is_made() -> None:
    types = Counter(
        recorded(
            lambda: build(
                key=True,
                governance="lake_formation",
                zones={"raw": {"crawl": {}}, "curated": {"crawl": {"prefix": "in/"}, "tables": {"tx": TABLE}}},
                shares=[{"principal": "111111111111", "zones": ["raw", "curated"]}],
            )
        ).types.values()
    )
    assert {kind: count for kind, count in types.items() if not kind.startswith("aws:s3/")} == {
        "aws:glue/catalogDatabase:CatalogDatabase": 2,
        "aws:glue/catalogTable:CatalogTable": 1,
        "aws:glue/catalogTableOptimizer:CatalogTableOptimizer": 3,
        "aws:glue/securityConfiguration:SecurityConfiguration": 1,
        "aws:glue/crawler:Crawler": 2,
        "aws:iam/role:Role": 3,
        "aws:iam/rolePolicy:RolePolicy": 3,
        "aws:lakeformation/resource:Resource": 2,
        "aws:lakeformation/permissions:Permissions": 4,
        "aws:lakeformation/optIn:OptIn": 2,
        "aws:athena/workgroup:Workgroup": 1,
    }


def test_a_crawler_leaves_iceberg_tables_alone() -> None:
    zone = {"curated": {"crawl": {"schedule": "cron(0 3 * * ? *)", "prefix": "in/"}, "tables": {"tx": TABLE}}}
    assert made(lambda: build(zones=zone))["lake-curated-crawler"] == {
        "databaseName": DEV.physical_name("lake", "curated", limit=255, separator="_"),
        "role": "arn:iam:role:lake-crawler-role",
        "schedule": "cron(0 3 * * ? *)",
        "s3Targets": [{"path": f"s3://{DEV.physical_name('lake', 'curated', limit=63)}/in/", "exclusions": ["tx/**"]}],
        "schemaChangePolicy": {"deleteBehavior": "LOG", "updateBehavior": "UPDATE_IN_DATABASE"},
    }


@pytest.mark.parametrize("part", ["crawler", "upkeep", "governance"])
def test_roles_touch_their_zones_only(part: str) -> None:
    zones = {"raw": {}, "curated": {"crawl": {}, "tables": {"tx": TABLE}}}
    children = made(lambda: build(zones=zones, governance="lake_formation"))
    trusted = json.loads(children[f"lake-{part}-role"]["assumeRolePolicy"])["Statement"][0]
    service = "lakeformation" if part == "governance" else "glue"
    assert trusted["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}
    resources = {
        resource
        for statement in json.loads(children[f"lake-{part}-policy"]["policy"])["Statement"]
        for resource in statement["Resource"]
    }
    assert "*" not in resources
    assert any("lake-raw" in resource for resource in resources) is (part == "governance")


def test_lake_formation_locks_nobody_out() -> None:
    share = {"principal": "arn:aws:iam::111111111111:role/analyst", "zones": ["raw"], "level": "write"}
    children = made(lambda: build(zones=["raw"], governance="lake_formation", shares=[share]))
    database = DEV.physical_name("lake", "raw", limit=255, separator="_")
    assert children["lake-raw-registered"] == {
        "arn": "arn:s3:bucket:lake-raw",
        "roleArn": "arn:iam:role:lake-governance-role",
        "hybridAccessEnabled": True,
    }
    assert children["lake-raw-share-1-database"] == {
        "principal": share["principal"],
        "permissions": ["CREATE_TABLE", "DESCRIBE"],
        "database": {"name": database},
    }
    assert children["lake-raw-share-1-tables"] == {
        "principal": share["principal"],
        "permissions": ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"],
        "table": {"databaseName": database, "wildcard": True},
    }
    assert lake_permissions("read") == (["DESCRIBE"], ["DESCRIBE", "SELECT"])


@pytest.mark.parametrize("level", ["read", "write"])
def test_a_grant_covers_files_tables_and_queries(level: Any) -> None:
    outputs = DataLakeOutputs.of(
        zones={
            "raw": {
                "bucket_name": "raw",
                "bucket_arn": "arn:aws:s3:::raw",
                "key_arn": KEY,
                "database_arn": "arn:aws:glue:eu-west-1:111111111111:database/raw",
            }
        },
        workgroup_arn="arn:aws:athena:eu-west-1:111111111111:workgroup/lake",
        results_bucket_arn="arn:aws:s3:::results",
        key_arn=KEY,
    )
    statements = granted(lambda: policy([outputs.grant(level)]))
    files, catalog, query, results = statements[1], statements[3], statements[4], statements[6]
    assert files["Resource"] == ["arn:aws:s3:::raw/*"]
    assert ("s3:PutObject" in files["Action"]) is (level == "write")
    assert catalog == {
        "Effect": "Allow",
        "Action": list(CATALOG_READ if level == "read" else CATALOG_READ + CATALOG_WRITE),
        "Resource": [
            "arn:aws:glue:eu-west-1:111111111111:catalog",
            "arn:aws:glue:eu-west-1:111111111111:database/raw",
            "arn:aws:glue:eu-west-1:111111111111:table/raw/*",
        ],
    }
    assert query == {
        "Effect": "Allow",
        "Action": list(QUERY),
        "Resource": ["arn:aws:athena:eu-west-1:111111111111:workgroup/lake"],
    }
    assert results["Resource"] == ["arn:aws:s3:::results/*"]
    assert "s3:PutObject" in results["Action"]


def test_files_alone_can_be_granted() -> None:
    outputs = DataLakeOutputs.of(zones={"raw": {"bucket_name": "raw", "bucket_arn": "arn:aws:s3:::raw"}})
    assert [statement["Resource"] for statement in granted(lambda: policy([outputs.grant("read")]))] == [
        ["arn:aws:s3:::raw"],
        ["arn:aws:s3:::raw/*"],
    ]


@pytest.mark.parametrize(
    ("told", "context", "force"),
    [({}, DEV, True), ({}, PROD, False), ({"deletion": "retain"}, DEV, False), ({"deletion": "delete"}, PROD, True)],
)
def test_data_stays_where_it_should_and_results_do_not(told: dict[str, Any], context: Context, force: bool) -> None:
    children = made(lambda: build(context, zones=["raw"], **told))
    assert children["lake-raw"]["forceDestroy"] is force
    assert children["lake-queries"]["forceDestroy"] is force
    assert children["lake-results"]["forceDestroy"] is True


def test_a_key_encrypts_files_results_and_crawlers() -> None:
    children = made(lambda: build(key=True, zones={"raw": {"crawl": {}}}))
    for bucket in ("lake-raw", "lake-results"):
        (rule,) = children[f"{bucket}-encryption"]["rules"]
        assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    results = children["lake-queries"]["configuration"]["resultConfiguration"]
    assert results["encryptionConfiguration"] == {"encryptionOption": "SSE_KMS", "kmsKeyArn": KEY}
    assert children["lake-crawler-encryption"] == {
        "encryptionConfiguration": {
            "cloudwatchEncryption": {"cloudwatchEncryptionMode": "SSE-KMS", "kmsKeyArn": KEY},
            "jobBookmarksEncryption": {"jobBookmarksEncryptionMode": "CSE-KMS", "kmsKeyArn": KEY},
            "s3Encryption": {"s3EncryptionMode": "SSE-KMS", "kmsKeyArn": KEY},
        }
    }
    assert children["lake-raw-crawler"]["securityConfiguration"] == "lake-crawler-encryption"


def test_objects_grow_cold_in_order() -> None:
    rules = zone_lifecycle(30, 400, {90: "GLACIER_IR", 30: "STANDARD_IA"})
    assert [rule["id"] for rule in rules] == ["old-versions", "expiry", "colder"]
    assert rules[2] == {
        "id": "colder",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 90, "storage_class": "GLACIER_IR"}],
    }
    assert [rule["id"] for rule in zone_lifecycle(30, None, {})] == ["old-versions"]


def test_what_to_reckon_with_reaches_the_resources() -> None:
    found: dict[tuple[str, str], dict[str, Range]] = {}
    token = expectations.set(found)
    told = {
        "stored_gib": 10,
        "put_requests": 4,
        "get_requests": 6,
        "scanned_gib": 7,
        "results_gib": 1,
        "crawler_dpu_hours": 2,
        "upkeep_dpu_hours": 3,
        "queries": 8,
        "catalogue_objects": 20,
        "catalogue_requests": 40,
        "moved_objects": 9,
    }
    zones = {"raw": {"crawl": {}, "infrequent_days": 30}, "curated": {"tables": {"t": {"columns": {"a": "string"}}}}}
    try:
        recorded(lambda: build(zones=zones, expected=told))
    finally:
        expectations.reset(token)
    half = {"stored_gib": Range.of(5), "put_requests": Range.of(2), "get_requests": Range.of(3)}
    catalogue = {"objects": Range.of(10), "requests": Range.of(20)}
    assert found == {
        ("aws:s3/bucket:Bucket", "lake-raw"): half | {"transitions": Range.of(9)},
        ("aws:glue/catalogDatabase:CatalogDatabase", "lake-raw-database"): catalogue,
        ("aws:glue/catalogDatabase:CatalogDatabase", "lake-curated-database"): catalogue,
        **{
            ("aws:glue/catalogTableOptimizer:CatalogTableOptimizer", f"lake-curated-t-{upkeep}"): {
                "dpu_hours": Range.of(3)
            }
            for upkeep in ("compaction", "retention", "orphan-file-deletion")
        },
        ("aws:s3/bucket:Bucket", "lake-curated"): half,
        ("aws:s3/bucket:Bucket", "lake-results"): {
            "stored_gib": Range.of(1),
            "put_requests": Range.of(16),
            "get_requests": Range.of(16),
        },
        ("aws:glue/crawler:Crawler", "lake-raw-crawler"): {"dpu_hours": Range.of(2)},
        ("aws:athena/workgroup:Workgroup", "lake-queries"): {"scanned_gib": Range.of(7)},
    }


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"zones": []}, "at least 1 item"),
        ({"zones": ["raw", "raw"]}, "zones are named twice: raw"),
        ({"zones": ["Raw"]}, "should match pattern"),
        ({"zones": {"raw": {"infrequent_days": 29}}}, "greater than or equal to 30"),
        ({"zones": {"raw": {"infrequent_days": 30, "archive_days": 59}}}, "S3 allows it from 60"),
        ({"zones": {"raw": {"archive_days": 60, "expire_days": 60}}}, "must come after the move on day 60"),
        ({"zones": {"raw": {"expire_days": 60, "tables": {"tx": TABLE}}}}, "give the tables a zone of their own"),
        ({"zones": {"raw": {"crawl": {"schedule": "daily"}}}}, "should match pattern"),
        ({"zones": {"raw": {"crawl": {"prefix": "/in"}}}}, "should match pattern"),
        ({"query": {"scan_limit_gib": 0}}, "greater than or equal to 1"),
        ({"shares": [{"principal": "111111111111", "zones": ["raw"]}]}, "say `governance: lake_formation`"),
        (
            {"governance": "lake_formation", "shares": [{"principal": "111111111111", "zones": ["gold"]}]},
            "zones that are not there: gold; there are raw, curated, features",
        ),
        (
            {"governance": "lake_formation", "shares": [{"principal": "everyone", "zones": ["raw"]}]},
            "should match pattern",
        ),
        ({"zones": {"raw": {"tables": {"tx": {"columns": {}}}}}}, "at least 1 item"),
        ({"zones": {"raw": {"tables": {"tx": {"columns": {"a": "text"}}}}}}, "should match pattern"),
    ],
)
def test_refuses(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DataLakeSpec.model_validate(told)
    assert message in str(refused.value)


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_table_as_iceberg_describes_it() -> None:
    location = pulumi.Output.from_input("s3://lake/tx")
    assert table_input(Table.model_validate(TABLE), location) == {
        "location": location,
        "schema": {
            "type": "struct",
            "fields": [
                {"id": 1, "name": "tx_id", "type": "string", "required": False},
                {"id": 2, "name": "ts", "type": "timestamp", "required": False},
                {"id": 3, "name": "country", "type": "string", "required": False},
            ],
        },
        "partition_spec": {
            "spec_id": 0,
            "fields": [
                {"name": "ts_day", "source_id": 2, "transform": "day", "field_id": 1000},
                {"name": "tx_id_bucket", "source_id": 1, "transform": "bucket[16]", "field_id": 1001},
                {"name": "country", "source_id": 3, "transform": "identity", "field_id": 1002},
            ],
        },
    }
    assert "partition_spec" not in table_input(Table(columns={"a": "int"}), location)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("country", ("identity", "country", "country")),
        ("hour(ts)", ("hour", "ts", "ts_hour")),
        ("bucket(16, id)", ("bucket[16]", "id", "id_bucket")),
        ("truncate(4,code)", ("truncate[4]", "code", "code_truncate")),
    ],
)
def test_partitions(text: str, meaning: tuple[str, str, str]) -> None:
    assert partition(text) == meaning


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("week(ts)", "is not a partition"),
        ("bucket(0, tx_id)", "is not a partition"),
        ("day(when)", "names `when`, which is not among the columns: tx_id, ts, on"),
        ("day(tx_id)", "needs a date or a timestamp, and `tx_id` is string"),
        ("hour(on)", "needs a timestamp, and `on` is date"),
    ],
)
def test_partitions_that_cannot_be(by: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Table.model_validate({"columns": {"tx_id": "string", "ts": "timestamp", "on": "date"}, "partition_by": [by]})
    assert message in str(refused.value)


def test_upkeep_is_what_was_asked_for() -> None:
    role, place = pulumi.Output.from_input("role"), pulumi.Output.from_input("s3://lake/tx")
    every = optimizers(Table(columns={"a": "int"}, snapshot_days=14, orphan_days=5), role, place)
    assert every["compaction"] == {"enabled": True, "role_arn": role}
    assert every["retention"]["retention_configuration"] == {
        "iceberg_configuration": {
            "snapshot_retention_period_in_days": 14,
            "number_of_snapshots_to_retain": 1,
            "clean_expired_files": True,
        }
    }
    assert every["orphan_file_deletion"]["orphan_file_deletion_configuration"] == {
        "iceberg_configuration": {"orphan_file_retention_period_in_days": 5, "location": place}
    }
    none = Table(columns={"a": "int"}, compaction=False, snapshot_days=None, orphan_days=None)
    assert optimizers(none, role, place) == {}
