"""A deployment driven from Python: plan, apply, drift, outputs, status, destroy, as the command line does them.

    deployment = mlinfra.Deployment("fraud.yaml", environment="dev")
    if deployment.plan().plan.changes:
        outcome = deployment.apply(on_event=print, allow=["replace:lake"])

Nothing is printed and nothing is asked. What is wrong with a call, a blueprint or the machine is raised as an MlinfraError; how an operation
ended is its ``Outcome``, also where it failed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlinfra.blueprint import load
from mlinfra.engine.apply import Outcome, apply
from mlinfra.engine.backend import Backend, backend_of
from mlinfra.engine.destroy import Destruction, destroy, destruction
from mlinfra.engine.drift import Drift, drift
from mlinfra.engine.events import Event, Listener
from mlinfra.engine.forecast import Forecast, forecast
from mlinfra.engine.identity import in_account
from mlinfra.engine.outputs import exported
from mlinfra.engine.passphrase import find_passphrase
from mlinfra.engine.session import Options, Session
from mlinfra.engine.status import LayerStatus, status
from mlinfra.errors import RefusedError
from mlinfra.plan.gates import refuse

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment as Loaded

DESTROY = "destroy"
"""What ``allow`` has to hold for a protected environment to be destroyed."""


class Deployment:
    """A blueprint in one environment, and what there is of it.

    ``sets`` are the ``path=value`` of ``--set``. With ``sandbox`` everything happens in the simulated cloud: no account, nothing real.
    ``parallel`` is how many resources are worked on at once, None for Pulumi's own choice. An apply or destroy that takes more than ``timeout``
    seconds finishes what is in flight, and ends as interrupted. ``environ`` stands for the process's environment variables. Raises
    BlueprintError with all that is wrong, UsageError where there is no such file or environment.
    """

    def __init__(
        self,
        blueprint: Path | str,
        environment: str | None = None,
        *,
        sets: Iterable[str] = (),
        sandbox: bool = False,
        parallel: int | None = None,
        timeout: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._options = Options(sandbox=sandbox, parallel=parallel, timeout=timeout)
        self._loaded = load(blueprint, environment=environment, sets=tuple(sets), environ=self._environ)

    def __repr__(self) -> str:
        where = " in the simulated cloud" if self._options.sandbox else ""
        return f"<Deployment {self._loaded.blueprint} {self._loaded.environment}{where}>"

    @property
    def blueprint(self) -> Loaded:
        """What the blueprint says for this environment: its components, layers, region."""
        return self._loaded

    @property
    def backend(self) -> Backend:
        """Where the states are."""
        return backend_of(self._loaded, self._environ, sandbox=self._options.sandbox)

    def plan(self, *, allow: Collection[str] = ()) -> Forecast:
        """What an apply would do: ``.plan`` has the steps, ``.graph`` can be priced. Needs neither the CLI nor credentials.

        Raises EngineError for a state that cannot be read, UsageError for a gate in ``allow`` that there is not.
        """
        backend = self.backend
        return forecast(self._loaded, backend, find_passphrase(backend.url, self._environ), allowed=allow)

    def apply(self, *, on_event: Listener | None = None, allow: Collection[str] = (), refresh: bool = False) -> Outcome:
        """Carry out what ``plan`` says. ``on_event`` hears everything that happens, ``refresh`` looks at what is really there first.

        Raises RefusedError where a gate stops the plan that is not in ``allow``, EngineError where there is no CLI, no credentials, or a
        state that cannot be read; nothing was changed then. What fails later is in the outcome, and another apply continues.
        """
        options = replace(self._options, refresh=refresh)
        with Session(self._in_account(), options, self._environ) as session:
            found = forecast(session.deployment, session.backend, session.passphrase, allowed=allow)
            session.check_encryption(found.states.values())
            refuse(found.plan)
            works = found.works
            if not (refresh or any(work.changed for work in works)):
                return Outcome("succeeded", {}, 0.0)
            return apply(session, works, on_event or _nobody)

    def drift(self) -> Drift:
        """What somebody changed or deleted by hand. Changes nothing. Raises EngineError."""
        with Session(self._in_account(), self._options, self._environ) as session:
            return drift(session)

    def destruction(self) -> Destruction:
        """What a destroy would do: what goes, what stays in the account. Raises EngineError for a state that cannot be read."""
        return destruction(self._loaded, self.backend)

    def destroy(self, *, on_event: Listener | None = None, allow: Collection[str] = ()) -> Outcome:
        """Delete what was applied, last layer first; data that the blueprint keeps stays in the account.

        Raises RefusedError for a protected environment without ``allow=["destroy"]``, EngineError as ``apply`` does.
        """
        with Session(self._in_account(), self._options, self._environ) as session:
            found = destruction(session.deployment, session.backend)
            if (session.deployment.protected or found.protected) and DESTROY not in allow:
                raise RefusedError(
                    f"environment `{session.deployment.environment}` is protected",
                    hint='`allow=["destroy"]` destroys it',
                )
            return destroy(session, found, on_event or _nobody)

    def outputs(self, *, reveal: bool = False) -> Mapping[str, Mapping[str, Any]]:
        """What the components export, by component and output; each secret is ``[secret]`` unless ``reveal``.

        Raises EngineError for a state that cannot be read, or a secret that cannot be decrypted.
        """
        backend = self.backend
        passphrase = find_passphrase(backend.url, self._environ) if reveal else None
        found: dict[str, dict[str, Any]] = {}
        for one in exported(self._loaded, backend, passphrase, reveal=reveal):
            found.setdefault(one.component, {})[one.field] = one.value
        return found

    def status(self) -> tuple[LayerStatus, ...]:
        """How each layer stands: resources, last operation, what was left unfinished, who holds the lock. Raises EngineError."""
        return status(self._loaded, self.backend)

    def _in_account(self) -> Loaded:
        return self._loaded if self._options.sandbox else in_account(self._loaded)


def _nobody(event: Event) -> None:
    """Hears nothing."""
