"""Reads the tables of this folder: EC2 instance types and the support dates of Kubernetes versions on EKS."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Instance(NamedTuple):
    """What one EC2 instance type offers. ``accelerator`` is the model's name (``A10G``), empty where there is none."""

    type: str
    family: str
    size: str
    architectures: tuple[str, ...]
    vcpus: Decimal
    memory_mib: Decimal
    accelerator_kind: str
    manufacturer: str
    accelerator: str
    accelerators: Decimal
    local_nvme_gb: Decimal
    current: bool

    @property
    def category(self) -> str:
        """Karpenter's instance category: the letters before the generation (``g`` of ``g5``, ``inf`` of ``inf2``)."""
        found = re.match(r"[a-z]+", self.family)
        return found[0] if found else ""

    @property
    def generation(self) -> Decimal | None:
        """The first number in the family's name."""
        found = re.search(r"\d+", self.family)
        return Decimal(found[0]) if found else None


class Support(NamedTuple):
    """Last days of standard and extended support of a Kubernetes version on EKS."""

    standard: date
    extended: date | None


@cache
def instances() -> Mapping[str, Instance]:
    """All instance types, by name. Source and date of each row are in ``instances.csv``."""
    return {
        row["type"]: Instance(
            row["type"],
            row["family"],
            row["size"],
            tuple(row["architectures"].split(";")),
            Decimal(row["vcpus"]),
            Decimal(row["memory_mib"]),
            row["accelerator_kind"],
            row["accelerator_manufacturer"],
            row["accelerator"],
            Decimal(row["accelerator_count"] or 0),
            Decimal(row["local_nvme_gb"] or 0),
            row["current_generation"] == "true",
        )
        for row in rows("instances.csv")
    }


@cache
def eks_versions() -> Mapping[str, Support]:
    """Support dates by Kubernetes version (``1.34``). Source and date of each row are in ``eks_versions.csv``."""
    return {
        row["version"]: Support(
            date.fromisoformat(row["standard_support_end"]),
            date.fromisoformat(row["extended_support_end"]) if row["extended_support_end"] else None,
        )
        for row in rows("eks_versions.csv")
    }


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of this folder."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
