"""Where a step works: which clusters, with which rights, for how long; and which steps there are."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlinfra.engine.cleanup
from mlinfra.components._context import Layer
from mlinfra.errors import EngineError

PAUSE = 5.0
"""Seconds between two looks at something that takes its time."""
NAMED = 3
"""Names that a message lists."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a step needs to know. ``client`` gives the boto3 client of a service, ``tell`` reports a line.

    ``keep_data`` says that disks with data are copied before they are deleted. ``stopped`` says that somebody asked to stop.
    """

    blueprint: str
    environment: str
    clusters: tuple[str, ...]
    keep_data: bool
    client: Callable[[str], Any]
    tell: Callable[[str], None]
    stopped: Callable[[], object] = lambda: False
    limit: float = 600.0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _began: list[float] = field(default_factory=list)

    def until_gone(self, left: Callable[[], Sequence[str]], what: str) -> None:
        """Look until nothing is ``left``. Raises EngineError when the step's time is over, or when somebody asked to stop."""
        while names := left():
            self.pause(f"{what} {_listed(names)}")

    def pause(self, waiting_for: str) -> None:
        """Wait a moment. Raises EngineError like ``until_gone``."""
        if not self._began:
            self._began.append(self.now())
        if self.stopped():
            raise EngineError(f"stopped while waiting for {waiting_for}")
        if self.now() - self._began[0] >= self.limit:
            minutes = round(self.limit / 60)
            raise EngineError(
                f"{waiting_for} did not go within {minutes} minutes",
                hint="look at it in the console, then run again; `--no-cleanup` goes on without",
            )
        self.sleep(PAUSE)


@dataclass(frozen=True)
class CleanupStep:
    """A step: its name, what it is for in a line, and the three things that its file says."""

    name: str
    summary: str
    before: Layer
    limit: float
    clean: Callable[[Place], None]


@functools.cache
def steps() -> tuple[CleanupStep, ...]:
    """All steps, by name; found by walking the folder."""
    found = []
    for module in pkgutil.iter_modules(mlinfra.engine.cleanup.__path__):
        if not module.name.startswith("_"):
            code = importlib.import_module(f"mlinfra.engine.cleanup.{module.name}")
            summary = (code.__doc__ or "").partition("\n")[0]
            found.append(CleanupStep(module.name, summary, code.BEFORE, code.LIMIT, code.clean))
    return tuple(sorted(found, key=lambda step: step.name))


def done(call: Callable[..., object], *without: str, **request: object) -> bool:
    """Make a call; False where AWS answers with one of the codes ``without``, which end in the same as having done it."""
    from botocore.exceptions import ClientError

    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] in without:
            return False
        raise
    return True


def tags_of(item: dict[str, Any]) -> dict[str, str]:
    """The tags of something that EC2 describes."""
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags") or ()}


def pages(client: Any, operation: str, key: str, **request: Any) -> list[dict[str, Any]]:
    """Everything of a paged answer: the items below ``key``."""
    answers = client.get_paginator(operation).paginate(**request)
    return [item for answer in answers for item in answer.get(key) or ()]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(f"`{name}`" for name in sorted(names)[:NAMED]) + more
