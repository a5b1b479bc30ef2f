"""How an operation runs: which CLI, which backend, which environment variables, how much at once. One per command."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pulumi import automation
from pulumi.automation.errors import CommandError

from mlinfra.components._context import Layer
from mlinfra.engine.backend import ORGANIZATION, Backend, StackState, backend_of
from mlinfra.engine.events import scrubbed
from mlinfra.engine.installed import find_cli, on_path
from mlinfra.engine.passphrase import Passphrase, find_passphrase
from mlinfra.engine.places import made, sandbox_folder
from mlinfra.engine.process import Cli
from mlinfra.engine.record import KEY, Record
from mlinfra.engine.sandbox import install
from mlinfra.engine.stack import stack_of
from mlinfra.errors import EngineError
from mlinfra.graph.sealed import seen
from mlinfra.program import layer_program, project_name

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment

ENDED_SECONDS = 5
"""How long a program may take to end after the engine has."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What may be chosen for an operation.

    ``parallel`` is how many resources are worked on at once, None for Pulumi's own choice. After ``timeout`` seconds the operation stops as by
    Ctrl-C: what is in flight is finished, nothing else is begun. None for any length.
    """

    sandbox: bool = False
    parallel: int | None = None
    timeout: float | None = None
    refresh: bool = False


@dataclass
class Session:
    """One operation on one deployment. Use it as a context: its work folders go with it."""

    deployment: Deployment
    options: Options = field(default_factory=Options)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    record: Record | None = None
    """What is kept with each update; left out: what the deployment was loaded from, as it is when the session begins."""
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)
    _loops: list[asyncio.AbstractEventLoop] = field(default_factory=list, repr=False)

    def __enter__(self) -> Self:
        if self.record is None:
            self.record = Record.of(self.deployment, self.environ)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for loop in self._loops:
            _ended(loop)
        self._stack.close()

    @cached_property
    def backend(self) -> Backend:
        """Where the state is: that of the environment, else the user's own; the sandbox has one beside its cloud."""
        return backend_of(self.deployment, self.environ, sandbox=self.options.sandbox)

    @cached_property
    def sandbox(self) -> Path:
        """The folder of the simulated cloud."""
        return sandbox_folder(self.environ)

    @cached_property
    def cli(self) -> Cli:
        """The Pulumi CLI. Raises EngineError where there is none."""
        environ = dict(self.environ)
        if self.options.sandbox:
            environ["PATH"] = on_path(install(self.sandbox, self.deployment.account), environ)
        found = find_cli(environ)
        return Cli(found.path, found.version, self._variables(environ))

    def _variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        local = self.backend.url.startswith("file://")
        if local:
            made(Path(self.backend.url.removeprefix("file://")))
        variables = {
            "PATH": environ.get("PATH", os.defpath),
            "PULUMI_BACKEND_URL": self.backend.url,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # Plugins come from `mlinfra engine install` or PATH: a command never downloads unasked.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        if self.passphrase is not None:
            variables["PULUMI_CONFIG_PASSPHRASE"] = self.passphrase.reveal()
        return variables

    @cached_property
    def passphrase(self) -> Passphrase | None:
        """The passphrase of the state, None where a key encrypts it."""
        if (self.deployment.secrets or "passphrase") != "passphrase":
            return None
        return find_passphrase(self.backend.url, self.environ, make=True)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no message may hold: the passphrase, and every secret of the program that was evaluated or of the states that were read."""
        own = self.passphrase.reveal() if self.passphrase else ""
        return (*([own] if own else []), *seen())

    def scrub(self, text: str) -> str:
        """A text without any of the secrets."""
        return scrubbed(text, self.secrets)

    def lock_message(self, layer: Layer) -> str:
        """Who holds the lock of a layer, and how it is taken away."""
        project = project_name(self.deployment.blueprint, layer)
        held = self.backend.locks(project, self.deployment.environment) if self.backend.readable else ()
        who = ", ".join(lock.holder for lock in held) or "somebody"
        since = f" since {held[0].since:%Y-%m-%d %H:%M} UTC" if held and held[0].since else ""
        by_hand = held and not any(lock.pid for lock in held)
        wait = "ask them" if by_hand else "wait for it to end; if it is known to be dead"
        return f"layer {layer.label} is locked by {who}{since}\n{wait}: `mlinfra state unlock` takes the lock away"

    def state(self, layer: Layer) -> StackState | None:
        """The last known state of a layer."""
        return self.backend.state(project_name(self.deployment.blueprint, layer), self.deployment.environment)

    def program(self, layer: Layer) -> Callable[[], None]:
        """The program of a layer, for the servers that ``AWS_ENDPOINT_URL`` names, else for AWS's own."""
        return layer_program(self.deployment, layer, endpoint=self.environ.get("AWS_ENDPOINT_URL"))

    def open(self, layer: Layer, program: Callable[[], None], state: StackState | None) -> automation.Stack:
        """The stack of a layer, made where there is none. Its settings are those that its state was encrypted with.

        Raises EngineError where the blueprint asks for another encryption than the state has.
        """
        name = self.deployment.environment
        project = project_name(self.deployment.blueprint, layer)
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mlinfra-", ignore_cleanup_errors=True))
        settings = self._settings(state)
        if self.record is not None:
            settings.config = {KEY: self.record.packed()}
        return stack_of(
            name,
            project,
            self._noted(program),
            folder=Path(folder),
            cli=self.cli,
            secrets=self.deployment.secrets or "passphrase",
            settings=settings,
            exists=state is not None,
        )

    def _noted(self, program: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            self._loops.append(asyncio.get_running_loop())
            program()

        return run

    def unprotect(self, layer: Layer, urns: Iterable[str] = ()) -> None:
        """Lift Pulumi's protection from some resources of a layer, else from all. Raises EngineError where the engine refuses."""
        name = f"{ORGANIZATION}/{project_name(self.deployment.blueprint, layer)}/{self.deployment.environment}"
        self.run("state", "unprotect", *(urns or ("--all",)), "--yes", "--stack", name)

    def run(self, *arguments: str) -> str:
        """Run one command of the Pulumi CLI that needs no program; what it writes. Raises EngineError where it fails."""
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mlinfra-", ignore_cleanup_errors=True))
        try:
            return str(self.cli.run([*arguments], folder, {}).stdout)
        except CommandError as error:
            raise EngineError(self.scrub(f"`pulumi {' '.join(arguments[:2])}` failed: {error}")) from None

    def check_encryption(self, states: Iterable[StackState]) -> None:
        """Raise EngineError where the blueprint asks for another encryption than a state has."""
        wanted = self.deployment.secrets or "passphrase"
        for state in states:
            found, _ = encryption_of(state)
            if state.secrets_provider is not None and wanted != found:
                raise EngineError(
                    f"the state is encrypted with `{found}`, and the blueprint says `secrets: {wanted}`",
                    hint=f"`mlinfra state change-secrets {wanted}` encrypts it anew; or set `secrets: {found}`",
                )

    def _settings(self, state: StackState | None) -> automation.StackSettings:
        if state is None or state.secrets_provider is None:
            return automation.StackSettings()
        self.check_encryption((state,))
        _, settings = encryption_of(state)
        return automation.StackSettings(
            secrets_provider=settings.get("secretsprovider"),
            encrypted_key=settings.get("encryptedkey"),
            encryption_salt=settings.get("encryptionsalt"),
        )


def _ended(loop: asyncio.AbstractEventLoop) -> None:
    """End what the SDK leaves running where the engine went away under a program, or it is reported as the interpreter ends."""
    last = time.monotonic() + ENDED_SECONDS
    while loop.is_running() and time.monotonic() < last:
        time.sleep(0.01)  # the engine was killed under a program, which has not noticed yet
    if loop.is_closed() or loop.is_running():
        return
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=ENDED_SECONDS))
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()
    loop.close()


def encryption_of(state: StackState) -> tuple[str, dict[str, str]]:
    """What encrypts the secrets of a state, as ``secrets:`` of a blueprint says it, and the keys of ``Pulumi.<stack>.yaml`` that say the same.

    A state without secrets settings is taken for one of a passphrase, without any key.
    """
    provider = state.secrets_provider or {}
    kind, kept = str(provider.get("type", "passphrase")), provider.get("state") or {}
    if kind == "passphrase":
        return kind, {"encryptionsalt": str(kept["salt"])} if "salt" in kept else {}
    found = str(kept.get("url", kind))
    return found, {"secretsprovider": found, "encryptedkey": str(kept.get("encryptedkey", ""))}
