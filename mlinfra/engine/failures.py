"""What an error of AWS, Kubernetes or Pulumi's engine means, and what to do about it.

The facts are rows of ``data/failures.csv``, each with the wording as a regular expression, its source, and the day on which the row was
held against that source. The first row that matches answers: rows about a reason stand before rows about a general code.
``data/quotas.csv`` holds the codes of quotas.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

Retry = Literal["yes", "after change", "no"]
LONGEST = 100_000
"""Characters of a message that are looked at. Providers' errors are far shorter."""

WITHOUT: Mapping[str, str] = {
    "action": "for it",
    "detail": "see the message",
    "have": "the present one",
    "instance": "this instance type",
    "kind": "this kind of object",
    "limit": "the figure in the message",
    "name": "the resource",
    "quota": "see Service Quotas",
    "quota_name": "named in the message",
    "region": "this region",
    "resource": "the resource",
    "use": "this use",
    "used": "all of it",
    "user": "the caller",
    "version": "this version",
    "wanted": "ready",
    "what": "resource",
    "zone": "this zone",
}
"""What a sentence says where a message does not hold the piece."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known about an error. ``code`` is stable; ``meaning`` and ``advice`` are sentences without a capital and a full stop.

    ``retry`` says whether the same command may succeed as it is: ``yes``, ``after change`` of something, or ``no``.
    ``quota`` is the code at Service Quotas, None where there is none or it is not known.
    """

    code: str
    meaning: str
    advice: str
    retry: Retry
    quota: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    pattern: re.Pattern[str]
    types: tuple[str, ...]
    quota: str
    retry: Retry
    meaning: str
    advice: str


def explain_failure(
    message: str, type_: str | None = None, *, region: str | None = None, instance_type: str | None = None
) -> Failure | None:
    """What the ``message`` of a provider or of the engine means, or None where no row knows it.

    ``type_`` is the Pulumi type of the resource that failed; rows about one cloud alone need it. ``region`` and
    ``instance_type`` complete what the message leaves out: EC2 does not say which instance type is beyond a vCPU quota.
    """
    text = " ".join(message[:LONGEST].split())
    for row in _rows():
        if row.types and not (type_ or "").startswith(row.types):
            continue
        found = row.pattern.search(text)
        if found is None:
            continue
        pieces = {name: piece for name, piece in found.groupdict().items() if piece}
        if region is not None:
            pieces["region"] = region
        if instance_type is not None:
            pieces.setdefault("instance", instance_type)
        quota = _quota(row.quota, pieces)
        if quota is not None:
            pieces["quota"] = quota
        return Failure(row.code, _filled(row.meaning, pieces), _filled(row.advice, pieces), row.retry, quota)
    return None


def quota_of(instance_type: str, market: Literal["on-demand", "spot"]) -> str | None:
    """The code of the vCPU quota of EC2 that counts an instance type; None where no table knows its class."""
    family = instance_type.partition(".")[0]
    letters = re.match(r"[a-z]+", family)
    if letters is None:
        return None
    # `p5` has a quota of its own as spot, where other classes go by their letters alone.
    names = (letters[0] + "".join(re.findall(r"\d+", family)[:1]), letters[0])
    classes = _classes()
    return next((classes[market, name] for name in names if (market, name) in classes), None)


def _quota(said: str, pieces: Mapping[str, str]) -> str | None:
    match said:
        case "":
            return None
        case "named":
            return _named().get(pieces.get("quota_name", ""))
        case "on-demand" | "spot":
            return quota_of(pieces.get("instance", ""), said)
        case code:
            return code


def _filled(sentence: str, pieces: Mapping[str, str]) -> str:
    """The sentence with its ``{pieces}``: in backticks; inside of a command as they are, or in capitals where they are not known."""
    parts = sentence.split("`")
    for place, part in enumerate(parts):
        inside = place % 2 == 1

        def piece(found: re.Match[str], *, inside: bool = inside) -> str:
            name = found[1]
            known = pieces.get(name, "").replace("`", "'").strip()
            if inside:
                return known or name.upper()
            return f"`{known}`" if known else WITHOUT.get(name, f"the {name}")

        parts[place] = re.sub(r"\{(\w+)\}", piece, part)
    return "`".join(parts)


def _table(name: str) -> Sequence[Mapping[str, str]]:
    text = files("mlinfra.engine").joinpath(f"data/{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(
        _Row(
            code=row["code"],
            pattern=re.compile(row["pattern"]),
            types=tuple(filter(None, row["types"].split(";"))),
            quota=row["quota"],
            retry=cast("Retry", row["retry"]),
            meaning=row["meaning"],
            advice=row["advice"],
        )
        for row in _table("failures")
    )


@cache
def _named() -> Mapping[str, str]:
    return {row["name"]: row["code"] for row in _table("quotas") if row["service"] == "sagemaker"}


@cache
def _classes() -> Mapping[tuple[str, str], str]:
    return {
        (row["market"], family): row["code"]
        for row in _table("quotas")
        if row["service"] == "ec2"
        for family in row["families"].split(";")
    }
