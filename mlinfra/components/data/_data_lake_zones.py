"""Zones of a lake: what a blueprint may say about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from mlinfra.components._grammar import Spec
from mlinfra.components.data._data_lake_tables import Table

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$", examples=["raw", "daily_orders"])]
ARCHIVE_AFTER = 30
"""Days that S3 keeps an object in the infrequent class before it may move on (S3 user guide, lifecycle transitions)."""


class Crawl(Spec):
    """How the files of a zone are found and described."""

    schedule: str | None = Field(
        default=None, pattern=r"^cron\(\S+ \S+ \S+ \S+ \S+ \S+\)$", examples=["cron(0 3 * * ? *)"]
    )
    """When to look, in UTC: `cron(0 3 * * ? *)`. Left out: when somebody starts it."""
    prefix: str = Field(default="", pattern=r"^([^/].*/)?$", examples=["events/"])
    """Look below this folder only: `events/`. Left out: everywhere but in Iceberg tables."""


class Zone(Spec):
    """What a blueprint may say about a zone."""

    infrequent_days: int | None = Field(default=None, ge=30, le=36500)
    """Days after which objects move to the infrequent-access class. Left out: never."""
    archive_days: int | None = Field(default=None, ge=1, le=36500)
    """Days after which objects move to Glacier Instant Retrieval. Left out: never."""
    expire_days: int | None = Field(default=None, ge=1, le=36500)
    """Days after which objects are deleted. Left out: never."""
    noncurrent_days: int = Field(default=30, ge=1, le=3650)
    """Days to keep overwritten versions. Left out: 30."""
    crawl: Crawl | None = None
    """A crawler that puts the files into the catalogue. Left out: none."""
    tables: Mapping[Name, Table] = {}
    """Iceberg tables. Left out: none; SQL and jobs can create them."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        first, then, end = self.infrequent_days, self.archive_days, self.expire_days
        if first is not None and then is not None and then < first + ARCHIVE_AFTER:
            earliest = first + ARCHIVE_AFTER
            raise ValueError(f"`archive_days` is {then}; S3 allows it from {earliest}, 30 days after `infrequent_days`")
        last = then if then is not None else first
        if end is not None and last is not None and end <= last:
            raise ValueError(f"`expire_days` is {end}; it must come after the move on day {last}")
        if self.tables and (first is not None or then is not None or end is not None):
            raise ValueError(
                "files of Iceberg tables are not moved or deleted by age, because the table still names old ones; "
                "leave out `infrequent_days`, `archive_days` and `expire_days`, or give the tables a zone of their own"
            )
        return self

    @property
    def moves(self) -> dict[int, str]:
        """Day to storage class."""
        wanted = {"STANDARD_IA": self.infrequent_days, "GLACIER_IR": self.archive_days}
        return {day: storage for storage, day in wanted.items() if day is not None}
