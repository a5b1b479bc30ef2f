"""A deployment in a simulated cloud of its own: what mlinfra plans for it, what the engine previews, and what the engine does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pulumi import automation
from pulumi.automation import EngineEvent

from mlinfra.blueprint import load
from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.apply import Outcome, apply
from mlinfra.engine.backend import StackState
from mlinfra.engine.destroy import Destruction, destroy, destruction
from mlinfra.engine.drift import Drift, drift
from mlinfra.engine.events import Event
from mlinfra.engine.forecast import Forecast, forecast
from mlinfra.engine.sandbox import Cloud
from mlinfra.engine.session import Options, Session
from mlinfra.plan.model import Plan

OURS = ("pulumi:", "mlinfra:")
REPLACING = {"replace", "create-replacement", "delete-replaced", "import-replacement"}
OF_CLOUD = {"create": {"create"}, "update": {"update"}, "delete": {"delete"}, "replace": {"create", "delete"}}
"""What each operation of a plan does in the cloud."""


class Said(NamedTuple):
    """One step, as mlinfra's plan and the engine's events both tell of it. Properties are top-level ones; of creations and deletions none."""

    urn: str
    operation: str
    properties: frozenset[str] = frozenset()
    replacing: frozenset[str] = frozenset()


def planned(plan: Plan) -> set[Said]:
    """The steps of a plan that the engine takes, too: options alone are written into the state without a step."""
    found = set()
    for step in plan.changes:
        changes = [change for change in step.properties if change.top != "options"]
        if step.operation in ("update", "replace") and changes:
            forcing = frozenset(change.top for change in changes if change.forces_replacement)
            found.add(Said(step.urn, step.operation, frozenset(change.top for change in changes), forcing))
        elif step.operation != "update":
            found.add(Said(step.urn, step.operation))
    return found


@dataclass
class Heard:
    """The engine's own account of one or more runs."""

    steps: dict[str, Said] = field(default_factory=dict)

    def __call__(self, event: EngineEvent) -> None:
        """Hear an event."""
        if event.resource_pre_event is None:
            return
        step = event.resource_pre_event.metadata
        if step.type.startswith(OURS):
            return
        operation = str(step.op.value)
        if operation in REPLACING:
            before = self.steps.get(step.urn, Said(step.urn, "replace"))
            self.steps[step.urn] = Said(
                step.urn,
                "replace",
                before.properties | _tops(step.diffs) | _tops(step.keys),
                before.replacing | _tops(step.keys),
            )
        elif operation == "update":
            self.steps[step.urn] = Said(step.urn, operation, _tops(step.diffs), _tops(step.keys))
        elif operation not in ("same", "read", "refresh"):
            self.steps[step.urn] = Said(step.urn, operation)


def _tops(paths: Any) -> frozenset[str]:
    return frozenset(path.partition(".")[0].partition("[")[0] for path in paths or ())


@dataclass
class Watched(Session):
    """A session that hears the engine itself; with ``previews`` each run is previewed right before."""

    previews: bool = False
    foretold: Heard = field(default_factory=Heard)
    done: Heard = field(default_factory=Heard)

    def open(self, layer: Layer, program: Callable[[], None], state: StackState | None) -> automation.Stack:
        """The stack, with somebody who listens."""
        stack = super().open(layer, program, state)
        up, down = stack.up, stack.destroy

        def heard_up(*, on_event: Callable[[EngineEvent], None], **more: Any) -> Any:
            if self.previews:
                stack.preview(exclude=more.get("exclude"), on_event=self.foretold)
            return up(on_event=_both(self.done, on_event), **more)

        def heard_down(*, on_event: Callable[[EngineEvent], None], **more: Any) -> Any:
            if self.previews:
                stack.preview_destroy(run_program=False, on_event=self.foretold)
            return down(on_event=_both(self.done, on_event), **more)

        stack.up, stack.destroy = heard_up, heard_down  # type: ignore[method-assign]
        return stack


def _both(one: Callable[[EngineEvent], None], other: Callable[[EngineEvent], None]) -> Callable[[EngineEvent], None]:
    def hear(event: EngineEvent) -> None:
        one(event)
        other(event)

    return hear


@dataclass
class Applied:
    """An apply or a destroy that is over."""

    forecast: Forecast
    outcome: Outcome
    events: tuple[Event, ...]
    foretold: set[Said]
    done: set[Said]
    cloud: tuple[tuple[str, str, str], ...]
    """What it did in the cloud: operation, URN, result."""


@dataclass
class Platform:
    """A blueprint that is changed and applied again and again. ``text`` is the blueprint; write it through ``say``."""

    folder: Path
    text: str
    environment: str | None = "dev"
    name: str = "platform.yaml"
    environ: Mapping[str, str] = field(init=False)
    sets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        dropped = ("PULUMI_", "MLINFRA_", "AWS_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
        own = {"MLINFRA_SANDBOX": str(self.folder / "sandbox"), "XDG_DATA_HOME": str(self.folder / "data")}
        self.environ = {**kept, **own}
        self.say(self.text)

    @property
    def file(self) -> Path:
        """The blueprint."""
        return self.folder / self.name

    @property
    def cloud(self) -> Cloud:
        """What exists."""
        return Cloud(self.folder / "sandbox" / "cloud.db")

    def say(self, text: str) -> None:
        """Write another blueprint."""
        self.text = text
        self.file.write_text(text, "utf-8")

    def deployment(self) -> Deployment:
        """What the blueprint comes to."""
        return load(self.file, environment=self.environment, sets=self.sets, environ=self.environ)

    def session(self, *, previews: bool = False, **options: Any) -> Watched:
        """A session; use it as a context."""
        return Watched(self.deployment(), Options(sandbox=True, **options), self.environ, previews=previews)

    def plan(self) -> Forecast:
        """What an apply would do now."""
        with self.session() as session:
            return forecast(session.deployment, session.backend, session.passphrase)

    def apply(self, *, previews: bool = False, **options: Any) -> Applied:
        """Plan and apply."""
        with self.session(previews=previews, **options) as session:
            found = forecast(session.deployment, session.backend, session.passphrase)
            return self._over(session, found, lambda listen: apply(session, found.works, listen))

    def destroy(self, **options: Any) -> Applied:
        """Destroy what there is."""
        with self.session(**options) as session:
            found: Destruction = destruction(session.deployment, session.backend)
            return self._over(session, found, lambda listen: destroy(session, found, listen))

    def drift(self) -> Drift:
        """Look at what is really there."""
        with self.session() as session:
            return drift(session)

    def _over(
        self, session: Watched, found: Forecast, operation: Callable[[Callable[[Event], None]], Outcome]
    ) -> Applied:
        before, events = len(self.cloud.log()), list[Event]()
        outcome = operation(events.append)
        return Applied(
            found,
            outcome,
            tuple(events),
            set(session.foretold.steps.values()),
            set(session.done.steps.values()),
            self.cloud.log()[before:],
        )

    def states(self) -> dict[Layer, StackState]:
        """The states of the layers that have one."""
        with self.session() as session:
            return {layer: state for layer in Layer if (state := session.state(layer)) is not None}

    def held(self) -> dict[str, list[str]]:
        """Ids by URN of what the states hold, providers and components left out."""
        found: dict[str, list[str]] = {}
        for state in self.states().values():
            for item in state.resources:
                if item.get("custom") and not str(item["type"]).startswith(OURS):
                    found.setdefault(str(item["urn"]), []).append(str(item["id"]))
        return found

    def existing(self) -> dict[str, list[str]]:
        """Ids by URN of what exists in the cloud."""
        found: dict[str, list[str]] = {}
        for one in self.cloud.resources():
            found.setdefault(one.urn, []).append(one.id)
        return found


def in_the_cloud(plan: Plan) -> set[tuple[str, str]]:
    """Operation and URN of what the steps of a plan do in the cloud: what is kept is not deleted there, nor options written."""
    told = {said.urn for said in planned(plan)}
    return {
        (one, step.urn)
        for step in plan.changes
        if step.urn in told
        for one in OF_CLOUD.get(step.operation, set()) - ({"delete"} if step.keeps_old else set())
    }
