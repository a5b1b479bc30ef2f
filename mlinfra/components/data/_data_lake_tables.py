"""Iceberg tables of a lake: what a blueprint may say about one, and the documents that Glue takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator

from mlinfra.components._grammar import Spec

ColumnName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,254}$", examples=["customer_id"])]
ColumnType = Annotated[
    str,
    Field(
        pattern=r"^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary"
        r"|decimal\([1-9]\d?, ?\d{1,2}\)|fixed\([1-9]\d*\))$",
        examples=["string", "long", "timestamp", "decimal(12, 2)"],
    ),
]
TRANSFORM = re.compile(
    r"^(?:(?P<plain>[a-z_][a-z0-9_]*)|(?P<by>year|month|day|hour)\((?P<of>[a-z_][a-z0-9_]*)\)"
    r"|(?P<into>bucket|truncate)\((?P<width>[1-9]\d*), ?(?P<column>[a-z_][a-z0-9_]*)\))$"
)
Schema: TypeAlias = "aws.glue.CatalogTableOpenTableFormatInputIcebergInputIcebergTableInputArgsDict"
Optimizer = Literal["compaction", "retention", "orphan_file_deletion"]
TIMES = ("date", "timestamp", "timestamptz")


class Table(Spec):
    """What a blueprint may say about an Iceberg table."""

    columns: Mapping[ColumnName, ColumnType] = Field(min_length=1)
    """Name and Iceberg type of each column that the table starts with. Later changes are made in SQL, and kept."""
    partition_by: tuple[str, ...] = ()
    """How rows are grouped: a column, `day(ts)` (year, month, hour), `bucket(16, id)` or `truncate(4, code)`. Left
    out: not."""
    compaction: bool = True
    """Let Glue merge small files. Left out: true."""
    snapshot_days: int | None = Field(default=7, ge=1, le=3650)
    """Days that old states of the table can be read; the last one always can. Left out: 7. Null keeps all."""
    orphan_days: int | None = Field(default=7, ge=3, le=3650)
    """Days after which files that no state of the table names are deleted. Left out: 7. Null keeps them."""

    @model_validator(mode="after")
    def _partitions_name_columns(self) -> Self:
        for text in self.partition_by:
            transform, column, _ = partition(text)
            if column not in self.columns:
                known = ", ".join(self.columns)
                raise ValueError(f"`partition_by` names `{column}`, which is not among the columns: {known}")
            kind = self.columns[column]
            if transform in ("year", "month", "day", "hour") and kind not in TIMES:
                raise ValueError(f"`{text}` needs a date or a timestamp, and `{column}` is {kind}")
            if transform == "hour" and kind == "date":
                raise ValueError(f"`{text}` needs a timestamp, and `{column}` is date")
        return self


def partition(text: str) -> tuple[str, str, str]:
    """Transform, column and name of a partition field: ``bucket(16, id)`` is ``("bucket[16]", "id", "id_bucket")``."""
    found = TRANSFORM.match(text)
    if found is None:
        allowed = "`country`, `day(ts)`, `bucket(16, id)` or `truncate(4, code)`"
        raise ValueError(f"`{text}` is not a partition; write {allowed}")
    if found["plain"]:
        return "identity", found["plain"], found["plain"]
    if found["by"]:
        return found["by"], found["of"], f"{found['of']}_{found['by']}"
    return f"{found['into']}[{found['width']}]", found["column"], f"{found['column']}_{found['into']}"


def table_input(table: Table, location: pulumi.Output[str]) -> Schema:
    """The table as Iceberg describes it; columns are numbered from 1 and partition fields from 1000, as its
    specification asks.
    """
    places = {column: number for number, column in enumerate(table.columns, start=1)}
    made: Schema = {
        "location": location,
        "schema": {
            "type": "struct",
            "fields": [
                {"id": places[column], "name": column, "type": kind, "required": False}
                for column, kind in table.columns.items()
            ],
        },
    }
    if table.partition_by:
        fields = [partition(text) for text in table.partition_by]
        made["partition_spec"] = {
            "spec_id": 0,
            "fields": [
                {"name": name, "source_id": places[column], "transform": transform, "field_id": 1000 + number}
                for number, (transform, column, name) in enumerate(fields)
            ],
        }
    return made


def optimizers(
    table: Table, role_arn: pulumi.Output[str], location: pulumi.Output[str]
) -> dict[Optimizer, aws.glue.CatalogTableOptimizerConfigurationArgsDict]:
    """The upkeep that a table asked for."""
    found: dict[Optimizer, aws.glue.CatalogTableOptimizerConfigurationArgsDict] = {}
    if table.compaction:
        found["compaction"] = {"enabled": True, "role_arn": role_arn}
    if table.snapshot_days is not None:
        found["retention"] = {
            "enabled": True,
            "role_arn": role_arn,
            "retention_configuration": {
                "iceberg_configuration": {
                    "snapshot_retention_period_in_days": table.snapshot_days,
                    "number_of_snapshots_to_retain": 1,
                    "clean_expired_files": True,
                }
            },
        }
    if table.orphan_days is not None:
        found["orphan_file_deletion"] = {
            "enabled": True,
            "role_arn": role_arn,
            "orphan_file_deletion_configuration": {
                "iceberg_configuration": {
                    "orphan_file_retention_period_in_days": table.orphan_days,
                    "location": location,
                }
            },
        }
    return found
