"""Live progress on stderr: finished resources scroll by, those in work stand below where stderr is a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlinfra.commands._output import note, stderr
from mlinfra.engine.aftermath import SUMMARIES
from mlinfra.engine.events import Cleaned, Event, LayerBegan, LayerEnded, Message, ResourceEvent
from mlinfra.render.progress import DOING, counts_text, duration, layer_line, message_line, resource_line
from mlinfra.render.terminal import fitting, printable

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

SHOWN = 8
"""Resources in work that are shown at once."""


class Progress:
    """Hears the events of an operation and shows them. Use it as a context; it is a listener of the engine."""

    def __init__(self) -> None:
        self._terminal = stderr()
        self._working: dict[str, tuple[ResourceEvent, float]] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        import sys

        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                get_renderable=self._below, console=Console(stderr=True), refresh_per_second=4, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case LayerBegan(layer, what):
                self._say(self._terminal.paint(layer_line(layer, what), "bold"))
            case LayerEnded(layer, _, seconds, counts, failed):
                self._working.clear()
                ended = "failed" if failed else "done"
                self._say(f"  {layer} {ended} in {duration(seconds)}: {counts_text(counts)}")
            case ResourceEvent(phase="begin"):
                self._working[event.urn] = (event, time.monotonic())
            case ResourceEvent():
                self._working.pop(event.urn, None)
                self._say(
                    resource_line(
                        event.name, event.type, event.operation, event.phase, event.seconds, terminal=self._terminal
                    )
                )
            case Cleaned(step, text):
                self._say(f"  · {step}: {printable(text)}")
            case Message(_, severity, text, _) if severity != "info" and not SUMMARIES.fullmatch(text):
                self._say(message_line(severity, text, terminal=self._terminal))

    def _say(self, line: str) -> None:
        if self._live is None:
            note(line)
            return
        from rich.text import Text

        self._live.console.print(Text.from_ansi(line), soft_wrap=True)

    def _below(self) -> Text:
        """What is in work, as it is: rich would take brackets in a name for markup, and paint numbers."""
        from rich.text import Text

        now = time.monotonic()
        working = list(self._working.values())
        lines = [
            fitting(
                f"  … {DOING.get(event.operation, event.operation):<16} {event.name}  {duration(now - since)}",
                self._terminal.width,
            )
            for event, since in working[:SHOWN]
        ]
        if len(working) > SHOWN:
            lines.append(f"  … and {len(working) - SHOWN} more")
        return Text("\n".join(lines))
