"""What was done to a deployment: the updates of all its layers, those of one command together, newest first."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend, Update
from mlinfra.engine.runs import Run
from mlinfra.program import project_name

NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One command, numbered from 1 in the order of time. ``run`` is None for what plain ``pulumi`` did, an update each."""

    number: int
    run: Run | None
    updates: tuple[tuple[Layer, Update], ...]

    @property
    def name(self) -> str:
        """What was done: ``apply``, ``destroy``; Pulumi's own word where nobody says."""
        return self.run.operation if self.run else self.updates[0][1].kind

    @property
    def began(self) -> datetime.datetime | None:
        """When the first update began."""
        return min((update.began for _, update in self.updates if update.began), default=None)

    @property
    def ended(self) -> datetime.datetime | None:
        """When the last update ended."""
        return max((update.ended for _, update in self.updates if update.ended), default=None)

    @property
    def result(self) -> str:
        """``succeeded``, or the first other word that an update ended with."""
        return next((u.result for _, u in self.updates if u.result != "succeeded"), "succeeded")

    @property
    def changes(self) -> Mapping[str, int]:
        """How many resources, by what was done with them."""
        total: dict[str, int] = {}
        for _, update in self.updates:
            for operation, count in update.changes.items():
                total[operation] = total.get(operation, 0) + count
        return total


def history(deployment: Deployment, backend: Backend) -> tuple[Operation, ...]:
    """All that was done, newest first. Raises EngineError where the backend does not answer."""
    updates = [
        (layer, update)
        for layer in Layer
        for update in backend.history(project_name(deployment.blueprint, layer), deployment.environment)
    ]
    updates.sort(key=lambda one: (one[1].began or NEVER, one[0], one[1].number))
    groups: dict[object, tuple[Run | None, list[tuple[Layer, Update]]]] = {}
    for layer, update in updates:
        run = Run.read(update.message)
        key: object = run.id if run else (layer, update.number)
        groups.setdefault(key, (run, []))[1].append((layer, update))
    done = [
        Operation(number=number, run=run, updates=tuple(parts))
        for number, (run, parts) in enumerate(groups.values(), start=1)
    ]
    return tuple(reversed(done))
