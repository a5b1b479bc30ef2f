"""The log of an operation: every event as a line of JSON, without properties of resources."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from mlinfra.engine.events import Event
from mlinfra.engine.places import data_folder
from mlinfra.errors import EngineError


class OperationLog:
    """Writes events to a file as they come. Use it as a context."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stream: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._stream = self.file.open("a", encoding="utf-8")
        except OSError as error:
            raise EngineError(
                f"the log `{self.file}` cannot be written: {error.strerror}", hint="name another with `--log`"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __call__(self, event: Event) -> None:
        """Write one event. A disk that is full ends the log, not the operation."""
        if self._stream is None:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "event": type(event).__name__, **dataclasses.asdict(event)}
        try:
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()
        except OSError:
            self._close()

    def _close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):  # what a full disk did not take is tried once more
                self._stream.close()
            self._stream = None


def log_file(blueprint: str, environment: str, operation: str, environ: Mapping[str, str] | None = None) -> Path:
    """A new log of an operation, below the user's data folder."""
    now = datetime.datetime.now(datetime.UTC)
    return data_folder(environ) / "logs" / f"{blueprint}-{environment}" / f"{now:%Y%m%dT%H%M%S.%f}-{operation}.jsonl"
