"""What an operation leaves behind: what was done, what failed and why, what was not begun. Heard from its events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mlinfra.engine.events import Event, Message, ResourceEvent
from mlinfra.engine.failures import Failure, explain_failure
from mlinfra.engine.wording import plain_words
from mlinfra.graph.urns import name_of, type_of
from mlinfra.plan.model import Absent, Step

SUMMARIES = re.compile(r"(?:update|preview|destroy|refresh|import) failed|\d+ errors? occurred.*")
"""What the engine adds when something else failed."""
INSTANCE_TYPES = ("instanceType", "instanceTypes[0]")
"""Properties that say which machines a resource runs on."""


@dataclass(frozen=True)
class Refused:
    """A resource with which something failed. ``said`` are the provider's words, ``known`` what they mean, None where no row knows them.

    ``component`` is None where the plan does not have the resource.
    """

    urn: str
    layer: str
    operation: str
    component: str | None
    said: str
    known: Failure | None

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)

    @property
    def type(self) -> str:
        """The type, ``aws:s3/bucket:Bucket``."""
        return type_of(self.urn)


@dataclass
class Aftermath:
    """Hears the events of an operation. ``planned`` are the steps that it was to take."""

    planned: tuple[Step, ...] = ()
    region: str | None = None
    done: dict[str, int] = field(default_factory=dict)
    """How many resources were created, updated, deleted, by the engine's word for it."""
    _touched: dict[str, ResourceEvent] = field(default_factory=dict)
    _said: dict[str | None, list[str]] = field(default_factory=dict)
    _warned: dict[str | None, list[str]] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Hear an event."""
        if isinstance(event, ResourceEvent):
            self._touched[event.urn] = event
            if event.phase == "done":
                self.done[event.operation] = self.done.get(event.operation, 0) + 1
        elif isinstance(event, Message) and event.severity in ("error", "warning"):
            heard = self._said if event.severity == "error" else self._warned
            heard.setdefault(event.urn, []).append(event.text)

    @property
    def failed(self) -> tuple[Refused, ...]:
        """Every resource with which something failed, in the order in which it did."""
        steps = {step.urn: step for step in self.planned}
        events = [event for event in self._touched.values() if event.phase == "failed"]
        return tuple(self._refused(event, steps.get(event.urn)) for event in events)

    def problems(self, error: str | None) -> tuple[tuple[str, Failure | None], ...]:
        """What went wrong apart from resources (a program, the engine, the state), with what it means.

        ``error`` are the last words of the operation: they count where no event said anything.
        """
        failed = {event.urn for event in self._touched.values() if event.phase == "failed"}
        texts = [text for urn, said in self._said.items() if urn not in failed for text in said]
        found = [text for text in dict.fromkeys(texts) if not SUMMARIES.fullmatch(text)]
        if not found and not failed and error:
            found = [error]
        return tuple((text, explain_failure(text, region=self.region)) for text in found)

    @property
    def unfinished(self) -> tuple[str, ...]:
        """URNs of what was begun and of which nobody heard how it ended."""
        return tuple(urn for urn, event in self._touched.items() if event.phase == "begin")

    @property
    def not_begun(self) -> tuple[Step, ...]:
        """The steps of the plan that were not taken."""
        return tuple(step for step in self.planned if step.urn not in self._touched)

    def _refused(self, event: ResourceEvent, step: Step | None) -> Refused:
        texts = self._said.get(event.urn) or ["the provider said nothing"]
        # Kubernetes' provider says why it waited in vain (a pod's image, a finalizer) as a warning beside an error that says only that.
        whole = "\n".join([*texts, *self._warned.get(event.urn, ())])
        machines = instance_type(step) if step else None
        known = explain_failure(whole, event.type, region=self.region, instance_type=machines)
        if known and step and step.component:
            # Who reads this knows neither what a child is called nor where its name goes.
            exact = known.advice.replace("`mlinfra import`", f"`mlinfra import {step.component}.{step.name} ID`")
            known = replace(known, advice=exact)
        said = "; ".join(_longest(plain_words(text) for text in texts))
        component = step.component if step else None
        return Refused(event.urn, event.layer, event.operation, component, said, known)


def instance_type(step: Step) -> str | None:
    """The machines that a step is about, where it says so."""
    values: Mapping[str, object] = {
        change.path: change.before if isinstance(change.after, Absent) else change.after for change in step.properties
    }
    found = next((values[path] for path in INSTANCE_TYPES if path in values), None)
    return found if isinstance(found, str) else None


def _longest(texts: Iterable[str]) -> list[str]:
    """Each text once, without those that another one repeats: providers send an error in two forms."""
    kept: list[str] = []
    for text in sorted(dict.fromkeys(texts), key=len, reverse=True):
        if text and not any(text in longer for longer in kept):
            kept.append(text)
    return kept
