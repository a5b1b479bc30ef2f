"""What invokes answer offline: the few look-ups whose answer a table knows. All others answer unknown."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from mlinfra.components._context import partition


@functools.cache
def zone_ids() -> Mapping[str, tuple[str, ...]]:
    """Availability-zone ids by region. Source: data/zones.csv."""
    text = files("mlinfra.graph").joinpath("data/zones.csv").read_text("utf-8")
    return {row["region"]: tuple(row["zone_ids"].split(";")) for row in csv.DictReader(text.splitlines())}


def answer(token: str, account: str, region: str) -> Mapping[str, Any] | None:
    """The answer of a provider function, or None where only the account knows.

    Zone names are the region and the first letters: which letter is which zone id differs from account to account.
    """
    match token:
        case "aws:index/getAvailabilityZones:getAvailabilityZones" if region in zone_ids():
            ids = list(zone_ids()[region])
            names = [f"{region}{chr(ord('a') + index)}" for index in range(len(ids))]
            return {"id": region, "names": names, "zoneIds": ids, "groupNames": [region]}
        case "aws:index/getCallerIdentity:getCallerIdentity":
            arn = f"arn:{partition(region)}:iam::{account}:root"
            return {"id": account, "accountId": account, "arn": arn, "userId": account}
        case "aws:index/getRegion:getRegion":
            return {"id": region, "region": region, "name": region, "endpoint": f"ec2.{region}.amazonaws.com"}
        case "aws:index/getPartition:getPartition":
            suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
            part = partition(region)
            return {"id": part, "partition": part, "dnsSuffix": suffix, "reverseDnsPrefix": "com.amazonaws"}
    return None
