"""States that are not read from a backend's files: exported through the Pulumi CLI, or given as files that it exported.

Facts: ``pulumi stack export`` of the Pulumi CLI 3.2xx writes the same deployment as a self-managed backend stores; its
manifest says when it was written, and its stack resource which stack it is of.
"""

from __future__ import annotations

import datetime
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from mlinfra.engine.backend import StackState
from mlinfra.errors import EngineError
from mlinfra.graph.read import load

STACK = "pulumi:pulumi:Stack"


class States(Protocol):
    """Knows the last state of each stack."""

    def state(self, project: str, stack: str) -> StackState | None:
        """The state of a stack, None where there is no such stack. Raises EngineError where it cannot be read."""


class GivenStates:
    """The states in some files; a file that holds something else, or the state of no stack, is passed over."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._states: dict[tuple[str, str], StackState] = {}
        for file in files:
            document = load(file)
            for one in _parts(document):
                if (found := _named(one)) is not None:
                    self._states[found.project, found.stack] = found

    def state(self, project: str, stack: str) -> StackState | None:
        """The state of a stack, None where no file holds it."""
        return self._states.get((project, stack))

    def holds(self, projects: Iterable[str], stack: str) -> bool:
        """Whether a file holds the state of one of the projects."""
        return any((project, stack) in self._states for project in projects)


def exported(url: str, project: str, stack: str) -> StackState | None:
    """The state of a stack in a backend that only the Pulumi CLI reads, such as Pulumi Cloud; None where there is none.

    Raises EngineError where there is no CLI, nobody is logged in, or the backend does not answer.
    """
    from pulumi.automation.errors import CommandError, StackNotFoundError

    from mlinfra.engine.installed import find_cli
    from mlinfra.engine.process import Cli

    try:
        found = find_cli(os.environ)
    except EngineError as error:
        raise EngineError(
            f"the state at `{url}` is read through the Pulumi CLI, and {error.message}",
            hint=f"{error.hint}; or `--against` a folder with what `pulumi stack export` wrote of each layer",
        ) from None
    cli = Cli(found.path, found.version, {"PULUMI_BACKEND_URL": url, "PULUMI_SKIP_UPDATE_CHECK": "true"})
    with tempfile.TemporaryDirectory(prefix="mlinfra-", ignore_cleanup_errors=True) as folder:
        # Only a project beside it makes a plain name a stack of that project, whatever the organization is called.
        (Path(folder) / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n", "utf-8")
        try:
            text = cli.run(["stack", "export", "--stack", stack], folder, {}).stdout
        except StackNotFoundError:
            return None
        except CommandError as error:
            said = [line.strip() for line in str(error).splitlines() if line.strip().startswith("error:")]
            raise EngineError(
                f"the state at `{url}` cannot be read: {' '.join(said) or 'the Pulumi CLI failed'}",
                hint=f"`pulumi login {url}` logs in",
            ) from None
    document = json.loads(text)
    return StackState(project, stack, document, _written(document))


def _parts(document: object) -> Iterable[Mapping[str, Any]]:
    """The states in a file: one of Pulumi's, or those of all layers that ``mlinfra state export`` wrote."""
    if not isinstance(document, Mapping):
        return ()
    layers = document.get("layers")
    if "mlinfra_state" in document and isinstance(layers, Mapping):
        return [one for one in layers.values() if isinstance(one, Mapping)]
    return (document,)


def _named(document: Mapping[str, Any]) -> StackState | None:
    """A state and the stack that it is of, which its stack resource names."""
    found = StackState("", "", document)
    for resource in found.resources:
        if resource.get("type") == STACK:
            _, stack, project, *_ = str(resource.get("urn")).replace("urn:pulumi:", "::").split("::")
            return StackState(project, stack, document, _written(document))
    return None


def _written(document: Mapping[str, Any]) -> datetime.datetime | None:
    """When a state was written, as its manifest says."""
    manifest = StackState("", "", document).deployment.get("manifest")
    try:
        return datetime.datetime.fromisoformat(manifest["time"]) if isinstance(manifest, Mapping) else None
    except (KeyError, TypeError, ValueError):
        return None
