"""Apply a deployment: forward through the layers without deleting anything, then backward with what has to go.

Pulumi creates first and deletes last, but only inside of one stack. Two passes carry that over the borders of stacks: while a later layer still
uses what an earlier one no longer declares, it stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from pulumi.automation import EngineEvent
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from mlinfra.components._context import Layer
from mlinfra.engine.backend import StackState
from mlinfra.engine.events import Cleaned, LayerBegan, LayerEnded, Listener, Message, Translator
from mlinfra.engine.process import interruptible
from mlinfra.engine.runs import Run
from mlinfra.engine.session import Session
from mlinfra.engine.settle import recover, settle
from mlinfra.engine.unsaved import in_cloud, keep
from mlinfra.engine.watch import Watch, refusal
from mlinfra.engine.works import Errand, LayerWork, Pass, passes
from mlinfra.errors import EngineError
from mlinfra.graph.urns import name_of

Status = Literal["succeeded", "failed", "interrupted"]
OnEvent: TypeAlias = Callable[[EngineEvent], None]


@dataclass(frozen=True)
class Outcome:
    """How an operation ended: the counts of each layer by operation, and the engine's last words where it failed."""

    status: Status
    counts: Mapping[str, Mapping[str, int]]
    seconds: float
    error: str | None = None
    layer: str | None = None


def apply(session: Session, works: Iterable[LayerWork], listen: Listener, operation: str = "apply") -> Outcome:
    """Carry out what has to be done. Never raises for what the engine or a provider refuses: the outcome says it.

    ``operation`` is what the history calls it. What is protected and goes all the same is released first; raises
    EngineError where that fails.
    """
    todo = tuple(works)
    if session.options.refresh:
        # Nobody knows beforehand what a look at the cloud finds: every layer that has anything is run.
        todo = tuple(
            work if work.changed or not _holds(session, work) else replace(work, changed=True) for work in todo
        )
    for work in todo:
        if work.guarded:
            session.unprotect(work.layer, work.guarded)
    return run(session, passes(todo), listen, operation)


def _holds(session: Session, work: LayerWork) -> bool:
    state = session.state(work.layer)
    return state is not None and bool(state.resources)


def run(session: Session, todo: tuple[Pass | Errand, ...], listen: Listener, operation: str) -> Outcome:
    """Run the engine once for each pass, and the errands between them, until one fails or somebody interrupts."""
    began = time.monotonic()
    message = Run.begin(operation, session.deployment.file).message if todo else ""
    counts: dict[str, dict[str, int]] = {}

    def outcome(status: Status, error: str | None = None, layer: str | None = None) -> Outcome:
        return Outcome(status, counts, time.monotonic() - began, error, layer)

    def told(times: int) -> None:
        words = ("stopping after what is in flight; once more cancels that, too", "cancelling what is in flight")
        listen(Message("", "warning", words[min(times, 2) - 1]))

    def late() -> None:
        listen(Message("", "warning", "the time is up; stopping after what is in flight"))

    if not todo:
        return outcome("succeeded")
    with interruptible(session.cli, told, late, session.options.timeout) as pressed:
        for one in todo:
            if pressed():
                return outcome("interrupted", layer=one.layer.label)
            if isinstance(one, Errand):
                failed = _errand(session, one, listen, pressed)
                if failed is not None:
                    return outcome("interrupted" if pressed() else "failed", failed, one.layer.label)
                continue
            heard: list[Message] = []
            started = time.monotonic()
            listen(LayerBegan(one.layer.label, one.what))
            try:
                settle(session, one.layer, listen)
            except EngineError as unsettled:
                listen(LayerEnded(one.layer.label, one.what, time.monotonic() - started, {}, failed=True))
                return outcome("failed", _words(unsettled), one.layer.label)
            state = session.state(one.layer)
            translate = Translator(
                one.layer.label,
                _both(listen, heard),
                session.secrets,
                quiet_plugins=session.options.sandbox,
                stays=one.stays,
            )
            watch = Watch(session, one.layer, listen)
            with watch.watching():
                error = _one(session, one, state, watch.hearing(translate), message, pressed)
            if error is not None:
                error = _after(session, one.layer, translate, heard, listen, watch.stopped, error)
            _add(counts.setdefault(one.layer.label, {}), translate.counts)
            seconds = time.monotonic() - started
            listen(LayerEnded(one.layer.label, one.what, seconds, translate.counts, error is not None))
            if error is not None:
                return outcome("interrupted" if pressed() else "failed", error, one.layer.label)
    return outcome("succeeded")


def _errand(session: Session, one: Errand, listen: Listener, pressed: Callable[[], object]) -> str | None:
    """Do something between two runs; what went wrong where it fails."""
    try:
        one.work(lambda text: listen(Cleaned(one.name, session.scrub(text))), pressed)
    except EngineError as error:
        return session.scrub(_words(error))
    return None


def _after(
    session: Session,
    layer: Layer,
    translate: Translator,
    heard: list[Message],
    listen: Listener,
    stopped: str | None,
    error: str,
) -> str:
    """Keep what a run that failed may have left unknown to the state; what there is to say of how it failed."""
    refused = stopped or refusal(session, layer)
    words = [error]
    if refused is not None:
        words = [f"layer {layer.label} stopped, its state cannot be saved: {refused}"]
        if working := [name_of(urn) for urn in translate.creating if in_cloud(urn)]:
            words.append(f"in work when it happened: {', '.join(f'`{name}`' for name in sorted(working))}")
        repair = "" if _readable(session, layer) else ", then `mlinfra state repair`"
        words.append(
            f"make it writable{repair}, then run this again: it looks first for what was created, and takes that in"
        )
        listen(Message(layer.label, "error", "\n".join(words)))
    try:
        if refused is None:
            recover(session, layer, translate.not_created, heard, listen)
        keep(session, layer, translate.created.values(), translate.creating.values())
    except EngineError as unsettled:
        words.append(_words(unsettled))
    return "\n".join(words)


def _readable(session: Session, layer: Layer) -> bool:
    try:
        session.state(layer)
    except EngineError:
        return False
    return True


def _one(
    session: Session,
    one: Pass,
    state: StackState | None,
    listen: OnEvent,
    message: str,
    pressed: Callable[[], object],
) -> str | None:
    """Run the engine once, unless somebody has stopped it by then; what it says where it fails."""
    options = session.options
    more: dict[str, Any] = {
        "message": message,
        "on_event": listen,
        "show_secrets": False,
        "suppress_outputs": True,
        "suppress_progress": True,
    }
    if options.parallel:
        more["parallel"] = options.parallel
    try:
        stack = session.open(one.layer, session.program(one.layer), state)
        if pressed():
            return f"layer {one.layer.label} was not begun"
        if one.what == "destroy":
            # Without the program: what is destroyed is what the state holds.
            stack.destroy(run_program=False, **more)
        else:
            stack.up(exclude=list(one.kept) or None, refresh=options.refresh or None, **more)
    except ConcurrentUpdateError:
        return session.lock_message(one.layer)
    except CommandError as error:
        return session.scrub(last_words(str(error)))
    except EngineError as error:
        return _words(error)
    return None


def _words(error: EngineError) -> str:
    return error.message if error.hint is None else f"{error.message}\n{error.hint}"


def last_words(text: str) -> str:
    """The errors out of all that the CLI wrote."""
    lines = [line.strip() for line in text.splitlines()]
    errors = [line for line in lines if line.startswith("error:")]
    return "\n".join(dict.fromkeys(errors)) or text.strip()


def _both(listen: Listener, kept: list[Message]) -> Listener:
    def hear(event: Any) -> None:
        if isinstance(event, Message):
            kept.append(event)
        listen(event)

    return hear


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for operation, count in more.items():
        total[operation] = total.get(operation, 0) + count
