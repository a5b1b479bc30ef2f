"""A data lake: a bucket and a catalogue database per zone, Athena to query them, Iceberg tables and their upkeep."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, Self

import pulumi
import pulumi_aws as aws
from pydantic import Field, field_validator, model_validator

from mlinfra.components._amounts import share
from mlinfra.components._grammar import (
    Component,
    Deletion,
    Grant,
    Layer,
    Needs,
    Outputs,
    Range,
    Spec,
    by_environment,
    keys_of,
    policy,
    trust,
)
from mlinfra.components.data._data_lake_access import catalog_statement, glue_log_statement, query_statement
from mlinfra.components.data._data_lake_documents import (
    crawler_encryption,
    lake_permissions,
    result_encryption,
    zone_lifecycle,
)
from mlinfra.components.data._data_lake_tables import Table, optimizers, table_input
from mlinfra.components.data._data_lake_zones import Name, Zone
from mlinfra.components.data.bucket import bucket_grant, lifecycle_rules, private_bucket
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

GIB = 1024**3


class Query(Spec):
    """How the lake is queried with Athena."""

    scan_limit_gib: int = Field(default=1024, ge=1, le=7_000_000)
    """A query that scans more than this many GiB is cancelled. Left out: 1024, which costs about 5 USD."""
    results_days: int = Field(default=30, ge=1, le=3650)
    """Days to keep results of queries. Left out: 30."""


class Share(Spec):
    """Somebody whom Lake Formation lets read or write tables."""

    principal: str = Field(pattern=r"^(arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+|\d{12})$")
    """ARN of a role or user, or an account."""
    zones: tuple[Name, ...] = Field(min_length=1)
    """Which zones."""
    level: Literal["read", "write"] = "read"
    """What is allowed. Left out: read."""


class Expected(Spec):
    """What the lake will hold and do in a month, over all zones; for the estimate, never a limit."""

    stored_gib: Range = Range.of(50, 500, 5_000)
    """Data, GiB. Left out: 50 to 5,000, expected 500."""
    put_requests: Range = Range.of(50_000, 500_000, 5_000_000)
    """PUT, COPY, POST and LIST requests. Left out: 50,000 to 5,000,000, expected 500,000."""
    get_requests: Range = Range.of(500_000, 5_000_000, 50_000_000)
    """GET and other requests. Left out: 500,000 to 50,000,000, expected 5,000,000."""
    scanned_gib: Range = Range.of(10, 500, 10_000)
    """Data scanned by queries, GiB. Left out: 10 to 10,000, expected 500."""
    results_gib: Range = Range.of(1, 5, 50)
    """Results kept, GiB. Left out: 1 to 50, expected 5."""
    crawler_dpu_hours: Range = Range.of(1, 5, 30)
    """Work of each crawler, in hours of a Glue processing unit. Left out: 1 to 30, expected 5."""


class DataLakeSpec(Spec):
    """What a blueprint may say about a data lake."""

    zones: Mapping[Name, Zone] = Field(
        default={"raw": Zone(), "curated": Zone(), "features": Zone()}, min_length=1, max_length=12
    )
    """Zones by name, or a list of names. Left out: raw, curated, features."""
    query: Query = Query()
    """How the lake is queried. Left out: up to a TiB a query, results kept for 30 days."""
    governance: Literal["iam", "lake_formation"] = "iam"
    """Who decides about tables: IAM policies, or also Lake Formation, for those principals whom `shares` name. Left
    out: iam."""
    shares: tuple[Share, ...] = ()
    """Whom Lake Formation lets in. Left out: nobody."""
    deletion: Deletion | None = by_environment(protected="retain", otherwise="delete")
    """What destroy does with zones that hold data. Left out: retain in a protected environment, delete elsewhere."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a lake of half a TiB."""

    @field_validator("zones", mode="before")
    @classmethod
    def _names_will_do(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            repeated = sorted({name for name in value if value.count(name) > 1})
            if repeated:
                raise ValueError(f"zones are named twice: {', '.join(map(str, repeated))}")
            return {name: Zone() for name in value}
        if isinstance(value, Mapping):
            return {name: Zone() if zone is None else zone for name, zone in value.items()}
        return value

    @model_validator(mode="after")
    def _shares_make_sense(self) -> Self:
        if self.shares and self.governance == "iam":
            raise ValueError(
                "`shares` are Lake Formation's; say `governance: lake_formation`, "
                "or use `access` of the component that reads"
            )
        unknown = sorted({zone for given in self.shares for zone in given.zones} - set(self.zones))
        if unknown:
            known = ", ".join(self.zones)
            raise ValueError(f"`shares` names zones that are not there: {', '.join(unknown)}; there are {known}")
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataLakeNeeds(Needs):
    """What a lake can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt with. Without one S3's own keys encrypt, which no policy can restrict."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ZoneOutputs(Outputs):
    """What other components may use of a zone. Without ``database_arn`` a grant covers the files only."""

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str] | None = None
    database_name: pulumi.Output[str] | None = None
    database_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["read", "write"]) -> Grant:
        """Files and tables of this zone."""
        files = bucket_grant(self.bucket_arn, self.key_arn, level)
        tables = () if self.database_arn is None else (catalog_statement(self.database_arn, level),)
        return Grant((*files.statements, *tables))


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
                    self._table(
                        f"{name}-{zone}-{title}", (title, told), zones[zone], spec.deletion, upkeep=(role, ready)
                    )
        self._crawlers(name, spec, zones, key_arn)
        if spec.governance == "lake_formation":
            self._lake_formation(name, spec, zones)
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
        self.expect(
            bucket,
            stored_gib=share(usage.stored_gib, parts),
            put_requests=share(usage.put_requests, parts),
            get_requests=share(usage.get_requests, parts),
        )
        database = aws.glue.CatalogDatabase(
            f"{name}-{zone}-database",
            name=self.fixed_name(name, zone, limit=255, separator="_"),
            description=f"Tables of the zone {zone}",
            location_uri=pulumi.Output.concat("s3://", bucket.bucket, "/"),
            opts=self.child(deletion=spec.deletion),
        )
        return ZoneOutputs(
            bucket_name=bucket.bucket,
            bucket_arn=bucket.arn,
            key_arn=key_arn,
            database_name=database.name,
            database_arn=database.arn,
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
        deletion: Deletion | None,
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
                deletion=deletion,
                ignore_changes=["openTableFormatInput", "parameters", "storageDescriptor", "partitionKeys"],
            ),
        )
        for kind, configuration in optimizers(told, role.arn, location).items():
            aws.glue.CatalogTableOptimizer(
                f"{name}-{kind.replace('_', '-')}",
                catalog_id=self.context.account,
                database_name=zone.database_name or "",
                table_name=table.name,
                type=kind,
                configuration=configuration,
                opts=self.child(depends_on=[ready]),
            )

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

    def _lake_formation(self, name: str, spec: DataLakeSpec, zones: Mapping[str, ZoneOutputs]) -> None:
        role, ready = self._role(
            name,
            "governance",
            [bucket_grant(zone.bucket_arn, zone.key_arn, "write") for zone in zones.values()],
            "lakeformation.amazonaws.com",
        )
        # Hybrid: whoever is not named by a share goes on with IAM, so that registering a zone locks nobody out.
        registered = {
            zone: aws.lakeformation.Resource(
                f"{name}-{zone}-registered",
                arn=made.bucket_arn,
                role_arn=role.arn,
                hybrid_access_enabled=True,
                opts=self.child(depends_on=[ready]),
            )
            for zone, made in zones.items()
        }
        for number, given in enumerate(spec.shares, start=1):
            for zone in given.zones:
                self._share(f"{name}-{zone}-share-{number}", given, zones[zone], registered[zone])

    def _share(self, title: str, given: Share, zone: ZoneOutputs, registered: pulumi.Resource) -> None:
        database = zone.database_name or ""
        on_database, on_tables = lake_permissions(given.level)
        options = self.child(depends_on=[registered])
        aws.lakeformation.Permissions(
            f"{title}-database",
            principal=given.principal,
            permissions=on_database,
            database={"name": database},
            opts=options,
        )
        aws.lakeformation.Permissions(
            f"{title}-tables",
            principal=given.principal,
            permissions=on_tables,
            table={"database_name": database, "wildcard": True},
            opts=options,
        )
        aws.lakeformation.OptIn(
            f"{title}-opt-in",
            principals=[{"data_lake_principal_identifier": given.principal}],
            resource_datas=[{"table": {"database_name": database, "wildcard": True}}],
            opts=options,
        )

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
        self.expect(results, stored_gib=spec.expected.results_gib)
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
