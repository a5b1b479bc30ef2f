"""While the engine runs: whether its state can still be written, and the end of a run whose state cannot.

Pulumi tries a write of the state eleven times, for half a minute, and one write after the other: with some resources in flight it stays for
minutes, deaf to Ctrl-C, and what it does meanwhile it cannot note. Source: the Pulumi CLI's own self-managed backend, 3.259.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pulumi.automation import EngineEvent

from mlinfra.components._context import Layer
from mlinfra.engine.backend import ROOT
from mlinfra.engine.events import Listener, Message
from mlinfra.engine.session import Session
from mlinfra.engine.stores import FolderStore
from mlinfra.errors import EngineError
from mlinfra.program import project_name

QUIET_SECONDS = 5.0
"""How long nothing may happen before the folder of a state is tried."""
QUIET_BUCKET_SECONDS = 300.0
"""The same for a bucket, where each try is a request, and leaves a version."""
PATIENCE_SECONDS = 30.0
"""How long a state may refuse before the run is stopped: as long as Pulumi tries one write."""
GRACE_SECONDS = 5.0
"""How long a run that was stopped may take to end by itself."""
EVERY_SECONDS = 0.5
PROBE = ".mlinfra-probe"
LEAST_BYTES = 65536
"""What has to fit besides: a disk that is full still takes empty files."""
REFUSED = re.compile(r"failed to save snapshot|writing the new snapshot file")
"""What the engine says once it gave up."""


def refusal(session: Session, layer: Layer) -> str | None:
    """Why the state of a layer cannot be written, None where it can, or where only the Pulumi CLI knows the backend."""
    if not session.backend.readable:
        return None
    store, folder = session.backend.store, f"{ROOT}/stacks/{project_name(session.deployment.blueprint, layer)}"
    key, content = f"{folder}/{PROBE}", b""
    if isinstance(store, FolderStore):
        sizes = [path.stat().st_size for path in (store.folder / folder).glob("*.json*") if path.is_file()]
        content = bytes(max([LEAST_BYTES, *sizes]))
    try:
        store.write(key, content)
    except EngineError as error:
        return error.message.replace(f"/{PROBE}", "")
    with contextlib.suppress(EngineError):
        store.remove(key)
    return None


@dataclass
class Watch:
    """Hears the engine's events, and ends the run where nothing happens any more because its state cannot be written.

    ``stopped`` says why it did, None where it did not.
    """

    session: Session
    layer: Layer
    listen: Listener
    stopped: str | None = None
    _heard: float = field(default_factory=time.monotonic)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while this is open."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def hearing(self, listen: Callable[[EngineEvent], None]) -> Callable[[EngineEvent], None]:
        """A listener of the engine's that tells this one, too."""

        def hear(event: EngineEvent) -> None:
            said = event.diagnostic_event
            gave_up = said is not None and REFUSED.search(said.message) is not None
            self._heard = 0.0 if gave_up else time.monotonic()
            listen(event)

        return hear

    def _watch(self) -> None:
        quiet = QUIET_SECONDS if self.session.backend.url.startswith("file://") else QUIET_BUCKET_SECONDS
        since: float | None = None
        while not self._over.wait(EVERY_SECONDS):
            now = time.monotonic()
            if since is None and now - self._heard < quiet:
                continue
            why = self._refusal()
            if why is None:
                if since is not None:
                    self._tell("the state can be written again")
                since, self._heard = None, now
            elif self._damaged():
                # A disk that is full has cut it. Its copy has all that it had, and the next write would overwrite the copy.
                self.stopped = why
                self.session.cli.kill()
            elif since is None:
                since = now
                self._tell(f"{why}; waiting {PATIENCE_SECONDS:.0f} s for that to change")
            elif now - since > PATIENCE_SECONDS:
                if self.stopped is None:
                    self.stopped = why
                    self.session.cli.interrupt()
                elif now - since > PATIENCE_SECONDS + GRACE_SECONDS:
                    self.session.cli.kill()

    def _refusal(self) -> str | None:
        try:
            return refusal(self.session, self.layer)
        except OSError as error:  # somebody takes the folder apart at this very moment
            return f"the state of layer {self.layer.label} cannot be written: {error.strerror}"

    def _damaged(self) -> bool:
        try:
            self.session.state(self.layer)
        except EngineError:
            return True
        return False

    def _tell(self, text: str) -> None:
        self.listen(Message(self.layer.label, "warning", text))
