"""A plan in a file: what was planned, and digests of all that it was planned from, so that only the very same is applied.

``{"mlinfra_plan_file": 1, …}``. It holds no secret: values are those of a plan, and everything else is a name or a digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from mlinfra import __version__
from mlinfra.blueprint.credentials import credential_in
from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.forecast import Forecast, state_digest
from mlinfra.engine.record import digest_of, local_files
from mlinfra.errors import RefusedError, UsageError
from mlinfra.graph.document import dumps
from mlinfra.plan.document import step_document

FORM = 1
MARK = "mlinfra_plan_file"


@dataclass(frozen=True, kw_only=True)
class PlanFile:
    """What the file says. ``files`` are the digests of the blueprint and all that it reads, ``states`` those of each layer.

    ``backend`` is the digest of where the state is, ``graph`` that of everything the blueprint makes; ``plan`` is the plan
    as ``mlinfra plan --format json`` writes it.
    """

    version: str
    blueprint: str
    environment: str
    sets: tuple[str, ...] = ()
    sandbox: bool = False
    allowed: tuple[str, ...] = ()
    backend: str = ""
    files: Mapping[str, str | None] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    graph: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        found: Forecast,
        document: Mapping[str, Any],
        *,
        backend: str,
        sandbox: bool = False,
        allowed: tuple[str, ...] = (),
    ) -> Self:
        """The file for a plan; ``document`` is the plan as JSON values. Raises UsageError where a ``--set`` holds a credential."""
        for text in deployment.sets:
            if kind := credential_in(text):
                raise UsageError(f"`--set {text.partition('=')[0]}=…` holds {kind}, which no file may hold")
        return cls(
            version=__version__,
            blueprint=deployment.file or "",
            environment=deployment.environment,
            sets=deployment.sets,
            sandbox=sandbox,
            allowed=tuple(sorted(allowed)),
            backend=_digest(backend),
            files=_files(deployment),
            states=_states(found),
            graph=_digest(dumps(found.graph)),
            plan=document,
        )

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The plan in a file, None where the file holds something else. Raises UsageError for one of another form."""
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        if not isinstance(document, dict) or MARK not in document:
            return None
        form = document.pop(MARK)
        if form != FORM:
            raise UsageError(
                f"the plan in `{path}` is of form {form}, and this version reads {FORM}",
                hint="`mlinfra plan --out` writes it again",
            )
        try:
            return cls(**{**document, "sets": tuple(document["sets"]), "allowed": tuple(document["allowed"])})
        except (TypeError, KeyError):
            raise UsageError(f"the plan in `{path}` is damaged", hint="`mlinfra plan --out` writes it again") from None

    def write(self, path: Path) -> None:
        """Put it into a file, whole or not at all, for its owner alone. Raises UsageError where that cannot be written."""
        text = json.dumps({MARK: FORM, **asdict(self)}, indent=2, ensure_ascii=False)
        part = None
        try:
            handle, part = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{text}\n")
            Path(part).replace(path)
        except OSError as error:
            if part is not None:
                Path(part).unlink(missing_ok=True)
            raise UsageError(f"the plan cannot be written to `{path}`: {error.strerror}") from None

    def check_version(self) -> None:
        """Raise RefusedError where another version of mlinfra made the plan."""
        if self.version != __version__:
            _refuse([f"mlinfra is {__version__}, and was {self.version}"])

    def check(self, deployment: Deployment, found: Forecast, *, backend: str) -> None:
        """Raise RefusedError, with everything that is another than when the plan was made."""
        changed = list(self._changed(deployment, found, backend))
        if changed:
            _refuse(changed)

    def _changed(self, deployment: Deployment, found: Forecast, backend: str) -> Iterator[str]:
        files, states = _files(deployment), _states(found)
        for name in sorted(files.keys() | self.files.keys()):
            if files.get(name) != self.files.get(name):
                yield f"`{name}` has changed"
        if _digest(backend) != self.backend:
            yield "the state is kept in another place"
        else:
            for layer in Layer:
                if states.get(layer.label) != self.states.get(layer.label):
                    yield f"the state of layer {layer.label} has changed"
        same = files == self.files and states == self.states
        if same and (_digest(dumps(found.graph)), _steps(found)) != (
            self.graph,
            _ungated(self.plan.get("steps") or []),
        ):
            yield (
                "the same files make something else: a variable `MLINFRA_VAR_…`, the account of the credentials, "
                "or a package has changed"
            )


def _refuse(changed: list[str]) -> None:
    raise RefusedError(
        "\n".join(["the plan is out of date, and nothing was changed", *changed]),
        hint="`mlinfra plan --out` makes it again",
    )


def _files(deployment: Deployment) -> dict[str, str | None]:
    """Digests of the blueprint, its environment's file and what components read; None for what cannot be read."""
    return {name: digest_of(Path(name)) for name in sorted({*deployment.files, *map(str, local_files(deployment))})}


def _steps(found: Forecast) -> list[dict[str, Any]]:
    return _ungated([step_document(step) for step in found.plan.changes])


def _ungated(steps: Iterable[Any]) -> list[dict[str, Any]]:
    """Steps as JSON without their gates: more may be let through when a plan is applied."""
    return [{name: value for name, value in step.items() if name != "blocked_by"} for step in steps]


def _states(found: Forecast) -> dict[str, str]:
    return {layer.label: state_digest(state) for layer, state in found.states.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
