"""A plan: the steps that lead from what is there to what is declared, as plain immutable data.

Text, Markdown and pictures are made of these types elsewhere; ``mlinfra.plan.document`` makes JSON of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from mlinfra.graph.model import LayerName, Value
from mlinfra.graph.urns import name_of, type_of

Operation = Literal["create", "update", "replace", "delete", "keep", "import", "same"]
"""What is done with a resource. ``keep``: it leaves the state and stays in the account; ``import``: the reverse."""

Risk = Literal["none", "low", "interruption", "data loss", "irreversible purchase"]
"""What a step can cost beyond money, from the least to the worst."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The value of a property that is not there, which is something else than null."""


ABSENT = Absent()

PROPERTY = re.compile(r"[.\[]| ›")
"""What ends the name of a top-level property in a path."""

Side: TypeAlias = Value | Absent
"""What a property is before or after: a value of a graph, or not there."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that differs.

    ``path`` reads ``productionVariants[0].instanceType``; inside of JSON that a property holds as text,
    ``policy › Statement[0].Action[1]``; an option of the resource, ``options › protect``. The index of an item of a
    list counts in the new list, that of a removed item in the old one. ``forces_replacement`` is None where that is
    not known. ``secret`` says that a value is not shown: its place is taken by ``Secret``.
    """

    path: str
    before: Side
    after: Side
    forces_replacement: bool | None = None
    secret: bool = False

    @property
    def top(self) -> str:
        """The top-level property that it is in."""
        return PROPERTY.split(self.path, maxsplit=1)[0]

    @property
    def added(self) -> bool:
        """There was nothing before."""
        return isinstance(self.before, Absent)

    @property
    def removed(self) -> bool:
        """There is nothing afterwards."""
        return isinstance(self.after, Absent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done with one resource.

    ``reason`` says why where that is not plain from the operation, and what a risk above ``low`` comes from.
    ``blocked_by`` names the gate that stops the step (``plan.gates``), None where there is none.
    """

    urn: str
    component: str | None = None
    kind: str | None = None
    layer: LayerName | None = None
    operation: Operation
    properties: tuple[PropertyChange, ...] = ()
    reason: str | None = None
    risk: Risk = "none"
    blocked_by: str | None = None
    guarded: bool = False
    """It is protected from what the step does, by Pulumi, and that has to be lifted first."""
    keeps_old: bool = False
    """What is replaced stays in the account, outside of the state: it was made to be kept with its data."""

    @property
    def type(self) -> str:
        """The resource's own type, ``aws:s3/bucket:Bucket``."""
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """The resource's logical name, ``lake-raw``."""
        return name_of(self.urn)


class Summary(NamedTuple):
    """How many resources there are of each operation."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    keep: int = 0
    imported: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Plan:
    """All steps, those of unchanged resources included, in order: what is declared as it is declared, then deletions.

    ``against`` labels what the graph was compared with (``state``, ``git:main``), None when with nothing. ``digest`` is
    the SHA-256 of both graphs: two plans with the same one say the same.
    """

    blueprint: str
    environment: str
    steps: tuple[Step, ...]
    against: str | None
    digest: str

    @cached_property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.operation != "same")

    @cached_property
    def summary(self) -> Summary:
        """How many resources there are of each operation."""
        count = Counter(step.operation for step in self.steps)
        return Summary(
            create=count["create"],
            update=count["update"],
            replace=count["replace"],
            delete=count["delete"],
            keep=count["keep"],
            imported=count["import"],
            unchanged=count["same"],
        )

    @cached_property
    def by_urn(self) -> Mapping[str, Step]:
        """Steps by URN."""
        return {step.urn: step for step in self.steps}


def by_component(plan: Plan) -> Mapping[str | None, tuple[Step, ...]]:
    """The steps of each component, components in the order of their first step. None holds what belongs to none."""
    groups: dict[str | None, list[Step]] = {}
    for step in plan.steps:
        groups.setdefault(step.component, []).append(step)
    return {name: tuple(steps) for name, steps in groups.items()}
