"""Which instance types a SageMaker endpoint can have, from a table."""

from __future__ import annotations

import csv
import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One type. ``local_nvme``: it has disks of its own, which it encrypts, without a choice of size and key."""

    name: str
    accelerator: str
    accelerators: int
    local_nvme: bool

    @property
    def burstable(self) -> bool:
        """Whether auto scaling refuses it."""
        return self.name.startswith("ml.t2.")


@functools.cache
def instance_types() -> Mapping[str, InstanceType]:
    """All types that an endpoint can have, by name; each row of the table says where it comes from."""
    path = Path(__file__).parent / "data" / "endpoint_instance_types.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["type"]: InstanceType(
                name=row["type"],
                accelerator=row["accelerator"],
                accelerators=int(row["accelerator_count"] or 0),
                local_nvme=int(row["local_nvme_gb"] or 0) > 0,
            )
            for row in csv.DictReader(file)
        }


def similar(name: str) -> tuple[str, ...]:
    """Types that may have been meant, best first."""
    return tuple(difflib.get_close_matches(name, instance_types(), n=3, cutoff=0.7))
