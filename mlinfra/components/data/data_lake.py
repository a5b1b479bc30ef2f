"""A data lake: a bucket and a catalogue database per zone, Athena to query them, Iceberg tables and their upkeep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

import pulumi
import pulumi_aws as aws

from mlinfra.components._amounts import share, times
from mlinfra.components._grammar import (
    Component,
    Grant,
    Layer,
    Needs,
    Outputs,
    keys_of,
    policy,
    trust,
)
from mlinfra.components.data._data_lake_access import (
    catalog_of,
    catalog_statement,
    glue_log_statement,
    query_statement,
    tables_of,
)
from mlinfra.components.data._data_lake_documents import crawler_encryption, result_encryption, zone_lifecycle
from mlinfra.components.data._data_lake_governance import govern
from mlinfra.components.data._data_lake_spec import DataLakeSpec
from mlinfra.components.data._data_lake_tables import Table, optimizers, table_input
from mlinfra.components.data.bucket import bucket_grant, lifecycle_rules, private_bucket
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

GIB = 1024**3
FILES_OF_A_QUERY = 2
"""What Athena writes for a query: the result and its metadata (Athena user guide, query results)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataLakeNeeds(Needs):
    """What a lake can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt with. Without one S3's own keys encrypt, which no policy can restrict."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ZoneOutputs(Outputs):
    """What other components may use of a zone. Without ``database_arn`` a grant covers the files only; without the two
    other ARNs of the catalogue they are made from it.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None = None
    database_name: pulumi.Output[str] | None = None
    database_arn: pulumi.Output[str] | None = None
    catalog_arn: pulumi.Output[str] | None = None
    tables_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["read", "write"]) -> Grant:
        """Files and tables of this zone."""
        files = bucket_grant(self.bucket_arn, self.key_arn, level)
        if self.database_arn is None:
            return files
        tables = catalog_statement(
            catalog_arn=self.catalog_arn or self.database_arn.apply(catalog_of),
            database_arn=self.database_arn,
            tables_arn=self.tables_arn or self.database_arn.apply(tables_of),
            level=level,
        )
        return Grant((*files.statements, tables))


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataLakeOutputs(Outputs):
    """What other components may use of a lake."""

    zones: Mapping[str, ZoneOutputs] = keys_of("zones")
    workgroup_name: pulumi.Output[str] | None = None
    workgroup_arn: pulumi.Output[str] | None = None
    results_bucket_name: pulumi.Output[str] | None = None
    results_bucket_arn: pulumi.Output[str] | None = None
    key_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["read", "write"]) -> Grant:
        """Files and tables of every zone, and queries; results are written whoever asks."""
        statements = [statement for zone in self.zones.values() for statement in zone.grant(level).statements]
        if self.workgroup_arn is not None:
            statements.append(query_statement(self.workgroup_arn))
        if self.results_bucket_arn is not None:
            statements += bucket_grant(self.results_bucket_arn, self.key_arn, "write").statements
        return Grant(tuple(statements))


class DataLake(Component[DataLakeSpec, DataLakeNeeds, DataLakeOutputs]):
    """Creates buckets, databases, a workgroup, and where asked for crawlers, tables and Lake Formation's
    registrations.
    """

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: DataLakeSpec, needs: DataLakeNeeds) -> DataLakeOutputs:
        key_arn = needs.key.arn if needs.key else None
        zones = {zone: self._zone(name, zone, spec, key_arn) for zone in spec.zones}
        with_tables = [zone for zone, told in spec.zones.items() if told.tables]
        if with_tables:
            role, ready = self._role(name, "upkeep", [zones[zone].grant("write") for zone in with_tables])
            for zone in with_tables:
                for title, told in spec.zones[zone].tables.items():
                    self._table(f"{name}-{zone}-{title}", (title, told), zones[zone], spec, upkeep=(role, ready))
        self._crawlers(name, spec, zones, key_arn)
        if spec.governance == "lake_formation":
            files = [bucket_grant(zone.bucket_arn, zone.key_arn, "write") for zone in zones.values()]
            role, ready = self._role(name, "governance", files, "lakeformation.amazonaws.com")
            places = {zone: (made.bucket_arn, made.database_name or "") for zone, made in zones.items()}
            govern(self, name, places, role_arn=role.arn, ready=ready, shares=spec.shares)
        results, workgroup = self._athena(name, spec, key_arn)
        return DataLakeOutputs(
            zones=zones,
            workgroup_name=workgroup.name,
            workgroup_arn=workgroup.arn,
            results_bucket_name=results.bucket,
            results_bucket_arn=results.arn,
            key_arn=key_arn,
        )

    def _zone(self, name: str, zone: str, spec: DataLakeSpec, key_arn: pulumi.Output[str] | None) -> ZoneOutputs:
        told = spec.zones[zone]
        bucket = private_bucket(
            self,
            f"{name}-{zone}",
            physical_name=self.fixed_name(name, zone, limit=63),
            key_arn=key_arn,
            deletion=spec.deletion or "retain",
            lifecycle=zone_lifecycle(told.noncurrent_days, told.expire_days, told.moves),
        )
        usage, parts = spec.expected, len(spec.zones)
        moving = sum(bool(each.moves) for each in spec.zones.values())
        moved = {"transitions": share(usage.moved_objects, moving)} if told.moves else {}
        self.expect(
            bucket,
            stored_gib=share(usage.stored_gib, parts),
            put_requests=share(usage.put_requests, parts),
            get_requests=share(usage.get_requests, parts),
            **moved,
        )
        database = aws.glue.CatalogDatabase(
            f"{name}-{zone}-database",
            name=self.fixed_name(name, zone, limit=255, separator="_"),
            description=f"Tables of the zone {zone}",
            location_uri=pulumi.Output.concat("s3://", bucket.bucket, "/"),
            opts=self.child(deletion=spec.deletion),
        )
        self.expect(
            database,
            objects=share(usage.catalogue_objects, parts),
            requests=share(usage.catalogue_requests, parts),
        )
        return ZoneOutputs(
            bucket_name=bucket.bucket,
            bucket_arn=bucket.arn,
            key_arn=key_arn,
            database_name=database.name,
            database_arn=database.arn,
            # Not made from the database's ARN: a plan can show a name inside of text, but not a part of an unknown ARN.
            catalog_arn=self.context.arn("glue", "catalog"),
            tables_arn=self.context.arn("glue", pulumi.Output.concat("table/", database.name)),
        )

    def _role(
        self, name: str, part: str, allowed: list[Grant], service: str = "glue.amazonaws.com"
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            f"{name}-{part}-role",
            assume_role_policy=trust(service, self.context),
            permissions_boundary=self.context.permissions_boundary,
            opts=self.child(),
        )
        logs = glue_log_statement(self.context.arn("logs", "log-group:/aws-glue/*"))
        extra = [logs] if service == "glue.amazonaws.com" else []
        document = policy([*allowed, *extra])
        return role, aws.iam.RolePolicy(f"{name}-{part}-policy", role=role.name, policy=document, opts=self.child())

    def _table(
        self,
        name: str,
        named: tuple[str, Table],
        zone: ZoneOutputs,
        spec: DataLakeSpec,
        *,
        upkeep: tuple[aws.iam.Role, aws.iam.RolePolicy],
    ) -> None:
        title, told = named
        role, ready = upkeep
        location = pulumi.Output.concat("s3://", zone.bucket_name, f"/{title}")
        table = aws.glue.CatalogTable(
            name,
            name=title,
            database_name=zone.database_name or "",
            table_type="EXTERNAL_TABLE",
            open_table_format_input={
                "iceberg_input": {
                    "metadata_operation": "CREATE",
                    "version": "2",
                    "iceberg_table_input": table_input(told, location),
                }
            },
            # Engines change schema and parameters with every commit; what they wrote is right.
            opts=self.child(
                deletion=spec.deletion,
                ignore_changes=["openTableFormatInput", "parameters", "storageDescriptor", "partitionKeys"],
            ),
        )
        for kind, configuration in optimizers(told, role.arn, location).items():
            optimizer = aws.glue.CatalogTableOptimizer(
                f"{name}-{kind.replace('_', '-')}",
                catalog_id=self.context.account,
                database_name=zone.database_name or "",
                table_name=table.name,
                type=kind,
                configuration=configuration,
                opts=self.child(depends_on=[ready]),
            )
            self.expect(optimizer, dpu_hours=spec.expected.upkeep_dpu_hours)

    def _crawlers(
        self, name: str, spec: DataLakeSpec, zones: Mapping[str, ZoneOutputs], key_arn: pulumi.Output[str] | None
    ) -> None:
        crawled = {zone: told.crawl for zone, told in spec.zones.items() if told.crawl is not None}
        if not crawled:
            return
        role, ready = self._role(name, "crawler", [zones[zone].grant("write") for zone in crawled])
        security = None
        if key_arn is not None:
            security = aws.glue.SecurityConfiguration(
                f"{name}-crawler-encryption", encryption_configuration=crawler_encryption(key_arn), opts=self.child()
            )
        for zone, crawl in crawled.items():
            path = pulumi.Output.concat("s3://", zones[zone].bucket_name, "/", crawl.prefix)
            exclusions = [f"{title}/**" for title in spec.zones[zone].tables]
            crawler = aws.glue.Crawler(
                f"{name}-{zone}-crawler",
                database_name=zones[zone].database_name or "",
                role=role.arn,
                schedule=crawl.schedule,
                security_configuration=security.name if security else None,
                s3_targets=[{"path": path, "exclusions": exclusions}],
                schema_change_policy={"delete_behavior": "LOG", "update_behavior": "UPDATE_IN_DATABASE"},
                opts=self.child(depends_on=[ready]),
            )
            self.expect(crawler, dpu_hours=spec.expected.crawler_dpu_hours)

    def _athena(
        self, name: str, spec: DataLakeSpec, key_arn: pulumi.Output[str] | None
    ) -> tuple[aws.s3.Bucket, aws.athena.Workgroup]:
        results = private_bucket(
            self,
            f"{name}-results",
            physical_name=self.fixed_name(name, "results", limit=63),
            key_arn=key_arn,
            # Results can be had again; what they were made of is in the zones.
            deletion="delete",
            lifecycle=lifecycle_rules(1, spec.query.results_days),
        )
        written = times(spec.expected.queries, FILES_OF_A_QUERY)
        self.expect(results, stored_gib=spec.expected.results_gib, put_requests=written, get_requests=written)
        workgroup = aws.athena.Workgroup(
            f"{name}-queries",
            name=self.fixed_name(name, limit=128),
            description=f"Queries of the lake {name}",
            force_destroy=spec.deletion == "delete",
            configuration={
                "enforce_workgroup_configuration": True,
                "publish_cloudwatch_metrics_enabled": True,
                "bytes_scanned_cutoff_per_query": spec.query.scan_limit_gib * GIB,
                "engine_version": {"selected_engine_version": "Athena engine version 3"},
                "result_configuration": {
                    "output_location": pulumi.Output.concat("s3://", results.bucket, "/"),
                    "expected_bucket_owner": self.context.account,
                    "encryption_configuration": result_encryption(key_arn),
                },
            },
            opts=self.child(),
        )
        self.expect(workgroup, scanned_gib=spec.expected.scanned_gib)
        return results, workgroup
