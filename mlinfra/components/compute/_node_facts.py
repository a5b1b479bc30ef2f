"""What is known about EKS versions, accelerated instances, images and add-ons: tables with source and date,
read once.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

DATA = Path(__file__).parent / "data"
CHARTS = DATA / "node_charts.csv"
"""Table of the Helm charts for nodes and what runs on them."""
Maker = Literal["nvidia", "neuron"]


@dataclass(frozen=True, slots=True)
class EksVersion:
    """A Kubernetes version that EKS offers: when support ends, and the lowest Karpenter that knows it."""

    version: str
    standard_until: date
    extended_until: date
    karpenter_from: str
    as_of: date

    @property
    def extended(self) -> bool:
        """Whether the version had left standard support when the table was made."""
        return self.standard_until < self.as_of


@dataclass(frozen=True, slots=True)
class Accelerated:
    """An instance type with NVIDIA GPUs or Neuron devices. Memory in MiB; ``fraction`` below 1 is a slice of one
    GPU.
    """

    type: str
    maker: Maker
    accelerator: str
    count: int
    fraction: Decimal
    accelerator_memory_mib: int
    architecture: str
    vcpus: int
    memory_mib: int
    efa_interfaces: int
    efa_from: Literal["card_0", "card_1"]
    local_disk_gb: int
    usage: frozenset[str]

    @property
    def resource(self) -> str:
        """What pods ask for."""
        return "nvidia.com/gpu" if self.maker == "nvidia" else "aws.amazon.com/neuron"


@dataclass(frozen=True, slots=True)
class Image:
    """The node image of an operating system for one architecture and accelerator."""

    ami_type: str
    karpenter_alias: str
    has_device_plugin: bool


@dataclass(frozen=True, slots=True)
class Addon:
    """An EKS add-on; with a service account and a policy of AWS's if it needs a role."""

    name: str
    service_account: str
    managed_policy: str


def _rows(table: str) -> list[dict[str, str]]:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def eks_versions() -> Mapping[str, EksVersion]:
    """Versions that EKS supports, standard or extended, oldest first."""
    return {
        row["version"]: EksVersion(
            version=row["version"],
            standard_until=date.fromisoformat(row["standard_until"]),
            extended_until=date.fromisoformat(row["extended_until"]),
            karpenter_from=row["karpenter_from"],
            as_of=date.fromisoformat(row["source_date"]),
        )
        for row in _rows("eks_versions")
    }


@functools.cache
def accelerated() -> Mapping[str, Accelerated]:
    """Instance types with NVIDIA GPUs or Neuron devices, by name."""
    return {
        row["type"]: Accelerated(
            type=row["type"],
            maker="nvidia" if row["maker"] == "nvidia" else "neuron",
            accelerator=row["accelerator"],
            count=int(row["count"]),
            fraction=Decimal(row["fraction"]),
            accelerator_memory_mib=int(row["accelerator_memory_mib"]),
            architecture=row["architecture"],
            vcpus=int(row["vcpus"]),
            memory_mib=int(row["memory_mib"]),
            efa_interfaces=int(row["efa_interfaces"]),
            efa_from="card_1" if row["efa_from"] == "card_1" else "card_0",
            local_disk_gb=int(row["local_disk_gb"]),
            usage=frozenset(row["usage"].split()),
        )
        for row in _rows("accelerated_instances")
    }


@functools.cache
def families() -> Mapping[str, tuple[str, ...]]:
    """EC2 instance families and their sizes, smallest first."""
    return {row["family"]: tuple(row["sizes"].split()) for row in _rows("instance_families")}


@functools.cache
def images() -> Mapping[tuple[str, str, str], Image]:
    """Node images by operating system, architecture and accelerator (empty for none)."""
    return {
        (row["os"], row["architecture"], row["accelerator"]): Image(
            row["ami_type"], row["karpenter_alias"], row["has_device_plugin"] == "true"
        )
        for row in _rows("ami_types")
    }


@functools.cache
def addons() -> Mapping[str, Addon]:
    """EKS add-ons by name."""
    return {
        row["addon"]: Addon(row["addon"], row["service_account"], row["managed_policy"]) for row in _rows("eks_addons")
    }
