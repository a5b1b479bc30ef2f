"""What happens during an operation, as plain data: the engine's events without properties, so that no secret can be in them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pulumi.automation import EngineEvent, OpType, StepEventStateMetadata

from mlinfra.graph.urns import name_of, type_of

Severity = Literal["info", "warning", "error"]
IGNORED_OPERATIONS = frozenset({OpType.SAME, OpType.READ, OpType.REFRESH, OpType.REPLACE})
"""What does nothing in the cloud; of a replacement the creation and the deletion are told."""
AMBIENT_PLUGIN = re.compile(r"using pulumi-resource-\S+ from \$PATH|wrong version may be on your path")
CREATIONS = frozenset({OpType.CREATE, OpType.CREATE_REPLACEMENT})
COLOUR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class LayerBegan:
    """Work on a layer begins. ``what`` is ``up``, ``deletions`` or ``destroy``."""

    layer: str
    what: str


@dataclass(frozen=True, slots=True)
class LayerEnded:
    """Work on a layer is over. ``counts`` are its resources by operation, without what is in no cloud: stacks, components."""

    layer: str
    what: str
    seconds: float
    counts: Mapping[str, int]
    failed: bool


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """Something about one resource. ``seconds`` is how long it took, 0 where it only begins."""

    layer: str
    phase: Literal["begin", "done", "failed"]
    operation: str
    urn: str
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)

    @property
    def type(self) -> str:
        """The type, ``aws:s3/bucket:Bucket``."""
        return type_of(self.urn)


@dataclass(frozen=True, slots=True)
class Message:
    """What the engine or a provider says; about a resource where ``urn`` is given."""

    layer: str
    severity: Severity
    text: str
    urn: str | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a step of the clean-up did, in a line."""

    step: str
    text: str


Event: TypeAlias = Cleaned | LayerBegan | LayerEnded | ResourceEvent | Message
Listener: TypeAlias = Callable[[Event], None]


@dataclass
class Translator:
    """Turns the engine's events of one layer into ours. ``secrets`` are texts that must not get out.

    ``stays`` are URNs whose resource the cloud keeps when it is deleted from the state: the engine calls that a deletion, we do not.
    """

    layer: str
    listen: Listener
    secrets: Iterable[str] = ()
    quiet_plugins: bool = False
    stays: Container[str] = frozenset()
    counts: dict[str, int] = field(default_factory=dict)
    not_created: dict[str, StepEventStateMetadata] = field(default_factory=dict)
    """What failed to be created, by URN, as the engine tells of it."""
    created: dict[str, StepEventStateMetadata] = field(default_factory=dict)
    """What was created, likewise."""
    creating: dict[str, StepEventStateMetadata] = field(default_factory=dict)
    """What began to be created, and nothing more was heard of."""
    _began: dict[str, float] = field(default_factory=dict)

    def __call__(self, event: EngineEvent) -> None:
        """Hear one event of the engine's."""
        if (before := event.resource_pre_event) is not None and not before.planning:
            self._began[before.metadata.urn] = time.monotonic()
            self._resource("begin", before.metadata.op, before.metadata.urn)
            if before.metadata.op in CREATIONS and before.metadata.new is not None:
                self.creating[before.metadata.urn] = before.metadata.new
        elif (after := event.res_outputs_event) is not None and not after.planning:
            self._resource("done", after.metadata.op, after.metadata.urn)
            if after.metadata.op in CREATIONS and after.metadata.new is not None:
                self.created[after.metadata.urn] = after.metadata.new
                self.creating.pop(after.metadata.urn, None)
        elif (failed := event.res_op_failed_event) is not None:
            self._resource("failed", failed.metadata.op, failed.metadata.urn)
            self.creating.pop(failed.metadata.urn, None)
            if failed.metadata.op in CREATIONS and failed.metadata.new is not None:
                self.not_created[failed.metadata.urn] = failed.metadata.new
        elif (said := event.diagnostic_event) is not None:
            self._message(said.severity, said.message, said.urn)

    def _resource(self, phase: Literal["begin", "done", "failed"], operation: OpType, urn: str) -> None:
        type_ = type_of(urn)
        grouping = type_.startswith(("pulumi:", "mlinfra:"))
        if phase == "done" and operation == OpType.SAME and not grouping:
            self._count(operation.value)
        if phase != "failed" and (operation in IGNORED_OPERATIONS or grouping):
            return
        seconds = 0.0 if phase == "begin" else time.monotonic() - self._began.get(urn, time.monotonic())
        word = operation.value
        if operation in (OpType.DELETE, OpType.DELETE_REPLACED) and urn in self.stays:
            word = "keep"
        if phase == "done":
            self._count(word)
        self.listen(ResourceEvent(self.layer, phase, word, urn, seconds))

    def _count(self, word: str) -> None:
        self.counts[word] = self.counts.get(word, 0) + 1

    def _message(self, severity: str, text: str, urn: str | None) -> None:
        if severity not in ("info", "info#err", "warning", "error") or (
            self.quiet_plugins and AMBIENT_PLUGIN.search(text)
        ):
            return
        plain = scrubbed(COLOUR.sub("", text).strip(), self.secrets)
        level: Severity = "error" if severity == "error" else "warning" if severity == "warning" else "info"
        if plain:
            self.listen(Message(self.layer, level, plain, urn or None))


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """A text without any of the secrets."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, "[secret]")
    return text
