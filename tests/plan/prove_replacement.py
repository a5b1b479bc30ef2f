"""Ask the real Terraform AWS provider what a change to each input property does: ``tests/plan/data/terraform_verdicts.csv``.

What such a change leaves unknown until it is made goes to ``mlinfra/plan/data/updated_outputs.csv``.

    python tests/plan/kind_types.py | python tests/plan/prove_replacement.py

pulumi-aws is a bridge over this provider, so what it answers is what happens. A resource is made up that has the
required properties and the one in question, then planned with another value for it; what the provider then names as
requiring a replacement, and does not name when nothing changes, is the verdict. Nothing is downloaded or asked of AWS.

Run by hand after an upgrade of pulumi-aws: it needs tfcheck (found as ``.ci/judge`` finds it) and the provider binary.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from made_up import NEEDS, empty, filled, known, proposed  # noqa: E402
from plugin_protocol import UNKNOWN, Planned, Provider  # noqa: E402

from mlinfra.plan._properties import input_paths  # noqa: E402

TARGET = HERE / "data" / "terraform_verdicts.csv"
UPDATED = ROOT / "mlinfra" / "plan" / "data" / "updated_outputs.csv"
COLUMNS = ("type", "property", "replaces", "provider", "as_of", "note")
ALSO_UNKNOWN = [
    (
        "aws:ec2/launchTemplate:LaunchTemplate",
        "defaultVersion",
        "pulumi-aws 7.51.1: updateDefaultVersion makes every new version the default",
        "2026-11-21",
    )
]
"""What can be declared as well, and therefore is not found."""

CHANGES = ("added", "changed", "removed")


class Verdict(NamedTuple):
    """Which changes replace, in the words of ``CHANGES``: None where the provider would not say, and then why."""

    replaces: tuple[str, ...] | None
    note: str = ""
    unknown: frozenset[str] = frozenset()
    """The attributes that an update with another value leaves to be known afterwards."""


class Question:
    """One property of a Terraform type, by the provider's fields that lead to it."""

    def __init__(self, provider: Provider, type_: str, shape: Any, fields: tuple[Any, ...]) -> None:
        self._provider, self._type, self._shape, self._fields = provider, type_, shape, fields

    def answer(self) -> Verdict:
        """Declare the property, give it another value, take it away: what replaces?"""
        first, second, without = self._declared(0), self._declared(1), self._declared(None)
        there, missing = self._settled(first), self._settled(without)
        planned = {"changed": (there, second), "removed": (there, without), "added": (missing, first)}
        if self._fields[-1].required:
            planned = {"changed": planned["changed"]}
        if self._fields[-1].child is not None:
            planned.pop("changed")
        answers, complaint, unknown = {}, "", frozenset[str]()
        for change, (prior, declared) in planned.items():
            answer = self._planned(prior, declared)
            still = self._planned(prior, first if prior is there else without)
            if answer.errors:
                complaint = answer.errors[0]
            elif change != "changed" or answer.replaces or _at(answer.state, self._fields) != _at(prior, self._fields):
                answers[change] = bool(answer.replaces - still.replaces)
                if not answers[change]:
                    unknown |= {name for name, value in answer.state.items() if value is UNKNOWN}
        if not answers:
            # A block that has to be there has no addition; what is inside of it is asked on its own.
            return Verdict(None, " ".join(complaint.split())[:150] if complaint else "nothing to compare")
        return Verdict(tuple(change for change in CHANGES if answers.get(change)), unknown=unknown)

    def _declared(self, variant: int | None) -> dict[str, Any]:
        """A declaration in which the property has its first or second value, or none."""
        fields = self._fields if variant is not None else self._fields[:-1]
        made = filled(self._shape, fields, variant or 0)
        beside = NEEDS.get(self._fields[0].name, {})
        made.update({name: value for name, value in beside.items() if name in made})
        return {**made, "id": None} if "id" in made else made

    def _settled(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """The resource as it is after its creation, with something for whatever only AWS knows."""
        planned = self._provider.plan(self._type, None, declared, declared)
        state = known(self._shape, declared if planned.errors else planned.state)
        return {**state, "id": "mlinfra"} if "id" in state else state

    def _planned(self, prior: Mapping[str, Any], declared: Mapping[str, Any]) -> Planned:
        return self._provider.plan(self._type, prior, declared, proposed(self._shape, prior, declared))


def _at(value: Any, fields: tuple[Any, ...]) -> Any:
    for field in fields:
        while isinstance(value, list):
            value = value[0] if value else None
        if value is UNKNOWN or not isinstance(value, dict):
            return value
        value = value.get(field.name)
    return value


def verdicts(types: list[str], unknown: set[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Rows of the table; ``unknown`` gathers types and outputs that an update makes unknown."""
    tools = tools_folder()
    sys.path.insert(0, str(tools / "tfcheck"))
    from tfcheck.mapping import Mapping as Names
    from tfcheck.terraform import find_provider, load_schema

    found, names = find_provider(None), Names()
    schema = load_schema(found)
    today = datetime.now(UTC).date().isoformat()
    with tempfile.TemporaryDirectory() as folder, Provider(found.binary, Path(folder)) as provider:
        provider.configure(configuration(found))
        for type_ in types:
            terraform = names.terraform_type(type_)
            if terraform is None:
                continue
            for path in input_paths(type_):
                fields = chain(names, schema.shape(terraform), type_, path)
                if fields is None:
                    verdict = Verdict(None, f"newer than provider {found.version}")
                else:
                    verdict = Question(provider, terraform, schema.shape(terraform), fields).answer()
                    # What may be declared is unknown only because nothing was declared here.
                    outputs = {name for name, field in schema.shape(terraform).fields.items() if not field.optional}
                    for name in verdict.unknown & outputs:
                        unknown.add((type_, names.pulumi_name(type_, schema.shape(terraform), name)))
                replaces = "" if verdict.replaces is None else " ".join(verdict.replaces) or "never"
                yield type_, path, replaces, found.version, today, verdict.note


def chain(names: Any, shape: Any, type_: str, path: str) -> tuple[Any, ...] | None:
    """The provider's fields on the way to a property; None where it has none."""
    fields: list[Any] = []
    parent = ""
    for part in path.split("."):
        field = None if shape is None else names.field(type_, shape, parent, part)
        if field is None or not field.settable:
            return None
        fields.append(field)
        shape, parent = field.child, f"{parent}.{part}" if parent else part
    return tuple(fields)


def configuration(found: Any) -> dict[str, Any]:
    """Every attribute of the provider's own schema: dummy credentials, and no question to AWS."""
    from tfcheck.schema import Shape
    from tfcheck.terraform import Terraform

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.tf.json"
        path.write_text('{"terraform":{"required_providers":{"aws":{"source":"hashicorp/aws"}}}}', "utf-8")
        schemas = Terraform(found, Path(folder)).run("providers", "schema", "-json").events[0]["provider_schemas"]
    block = next(value for key, value in schemas.items() if key.endswith("hashicorp/aws"))["provider"]["block"]
    config = {name: empty(field) for name, field in Shape(block, "block").fields.items()}
    flags = ("skip_credentials_validation", "skip_requesting_account_id", "skip_region_validation")
    return {
        **config,
        **dict.fromkeys(flags, True),
        "skip_metadata_api_check": "true",
        "access_key": "testing",
        "secret_key": "testing",
        "region": "us-east-1",
        "max_retries": 1,
    }


def tools_folder() -> Path:
    """Where tfcheck is: $MLINFRA_JUDGES, or a folder ``tools`` beside the checkout's neighbours."""
    given = os.environ.get("MLINFRA_JUDGES")
    candidates = [Path(given)] if given else sorted(ROOT.parent.glob("*/tools"))
    found = next((folder for folder in candidates if (folder / "tfcheck").is_dir()), None)
    if found is None:
        sys.exit("no folder with tfcheck: set MLINFRA_JUDGES")
    return found


def write(target: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table."""
    target.parent.mkdir(exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def main() -> None:
    """Read types from standard input and write the table."""
    unknown: set[tuple[str, str]] = set()
    rows = list(verdicts([line.strip() for line in sys.stdin if line.startswith("aws:")], unknown))
    write(TARGET, COLUMNS, rows)
    source, date = f"Terraform AWS provider {rows[0][3]}: planned change", rows[0][4]
    found = [(type_, output, source, date) for type_, output in unknown]
    write(UPDATED, ("type", "output", "source", "source_date"), sorted([*found, *ALSO_UNKNOWN]))
    known = sum(bool(row[2]) for row in rows)
    print(  # noqa: T201 - a script
        f"{len(rows)} properties, {known} with a verdict, {sum(row[2] not in ('', 'never') for row in rows)} of them replace"
    )


if __name__ == "__main__":
    main()
