"""The Pulumi CLI as a process of its own group: a Ctrl-C at the terminal reaches mlinfra alone, which passes on what it means."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

OnLine = Callable[[str], Any]
DRAINED_SECONDS = 5
"""How long output of a finished process may still come from a grandchild that holds the pipe."""


class Cli(PulumiCommand):
    """The CLI that is at ``path``, started with ``environment`` on top of this process's own. ``run`` is what the Automation API calls."""

    def __init__(self, path: str, version: str, environment: Mapping[str, str]) -> None:
        # The base class would start `pulumi version` for each one; whoever makes this has asked already.
        self.command = path
        self.version = VersionInfo.parse(version)
        self._environment = dict(environment)
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
    ) -> CommandResult:
        """Run one command to its end. Raises the Automation API's CommandError."""
        if "--non-interactive" not in args:
            args = ["--non-interactive", *args]
        environment = {**os.environ, **self._environment, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        with subprocess.Popen(  # noqa: S603 - no shell, and the program is the CLI that was chosen
            [self.command, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process:
            with self._lock:
                self._process = process
            try:
                out, err = _Lines(process.stdout, on_output), _Lines(process.stderr, on_error)
                code = process.wait()
                result = CommandResult(stdout=out.text(), stderr=err.text(), code=code)
            finally:
                with self._lock:
                    self._process = None
        if code:
            raise create_command_error(result)
        return result

    def interrupt(self) -> bool:
        """Ask the running command to stop: the first time it finishes what is in flight, the second it cancels that, too.

        The signal goes to the CLI alone: its plugins must live to finish their work. False where nothing is running.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                return False
            self._process.send_signal(signal.SIGINT)
            return True

    def kill(self) -> None:
        """End the running command and its plugins at once."""
        with self._lock:
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)


class _Lines:
    """Reads a pipe in a thread of its own, line by line."""

    def __init__(self, pipe: IO[str] | None, heard: OnLine | None) -> None:
        self._pipe, self._heard = pipe, heard
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._pipe or ():
            text = line.rstrip()
            self._lines.append(text)
            if self._heard is not None:
                self._heard(text)

    def text(self) -> str:
        self._thread.join(DRAINED_SECONDS)
        return "\n".join(self._lines)


@contextlib.contextmanager
def interruptible(
    cli: Cli, told: Callable[[int], None], late: Callable[[], None], seconds: float | None = None
) -> Iterator[Callable[[], int]]:
    """While this is open, Ctrl-C stops the CLI: once cleanly, twice with what is in flight, thrice by force.

    So does the end of the time, once and cleanly: ``seconds``, None for any length. ``told`` hears the how-manieth Ctrl-C it is, ``late``
    that the time is up. Gives a function that says how often it was stopped. Outside of the main thread signals cannot be caught.
    """
    stopped = 0

    def heard(_number: int, _frame: object) -> None:
        nonlocal stopped
        stopped += 1
        told(stopped)
        if stopped > 2:
            cli.kill()
        else:
            cli.interrupt()

    def over() -> None:
        nonlocal stopped
        if not stopped:
            stopped = 1
            late()
            cli.interrupt()

    catching = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM) if catching}
    clock = threading.Timer(seconds or 0, over)
    clock.daemon = True
    if seconds is not None:
        clock.start()
    try:
        yield lambda: stopped
    finally:
        clock.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
