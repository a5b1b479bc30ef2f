"""What a blueprint may say about a data lake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from mlinfra.components._grammar import Deletion, Range, Spec, by_environment
from mlinfra.components.data._data_lake_zones import Name, Zone


class Query(Spec):
    """How the lake is queried with Athena."""

    scan_limit_gib: int = Field(default=1024, ge=1, le=7_000_000)
    """A query that scans more than this many GiB is cancelled. Left out: 1024, which costs about 5 USD."""
    results_days: int = Field(default=30, ge=1, le=3650)
    """Days to keep results of queries. Left out: 30."""


class Share(Spec):
    """Somebody whom Lake Formation lets read or write tables."""

    principal: str = Field(
        pattern=r"^(arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+|\d{12})$",
        examples=["arn:aws:iam::123456789012:role/analyst", "123456789012"],
    )
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
    queries: Range = Range.of(100, 2_000, 50_000)
    """Queries; each writes a result and a description of it, and both are read once. Left out: 100 to 50,000, expected
    2,000."""
    catalogue_objects: Range = Range.of(100, 1_000, 100_000)
    """Tables, their versions and partitions in the catalogue. Left out: 100 to 100,000, expected 1,000."""
    catalogue_requests: Range = Range.of(10_000, 100_000, 5_000_000)
    """Calls to the catalogue, by queries, crawlers and jobs. Left out: 10,000 to 5,000,000, expected 100,000."""
    moved_objects: Range = Range.of(1_000, 50_000, 1_000_000)
    """Objects that move to a colder class, where zones have such moves. Left out: 1,000 to 1,000,000, expected
    50,000."""
    crawler_dpu_hours: Range = Range.of(1, 5, 30)
    """Work of each crawler, in hours of a Glue processing unit. Left out: 1 to 30, expected 5."""
    upkeep_dpu_hours: Range = Range.of(1, 5, 30)
    """Work of each kind of upkeep of each table, in hours of a Glue processing unit. Left out: 1 to 30, expected 5."""


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

    @field_validator("zones", mode="before", json_schema_input_type=Mapping[Name, Zone | None] | tuple[Name, ...])
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
