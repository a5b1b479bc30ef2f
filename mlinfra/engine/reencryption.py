"""Encrypt the secrets of a deployment's states anew: another key or the passphrase, one layer after the other."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pulumi.automation.errors import CommandError

from mlinfra.components._context import Layer
from mlinfra.engine.apply import last_words
from mlinfra.engine.backend import ORGANIZATION, StackState
from mlinfra.engine.session import Session, encryption_of
from mlinfra.errors import EngineError
from mlinfra.program import project_name


def session_for(session: Session, provider: str, states: dict[Layer, StackState]) -> Session:
    """A session that can read what there is and write what is wanted: with the passphrase where either needs it."""
    kinds = {provider, *(encryption_of(state)[0] for state in states.values())}
    secrets = "passphrase" if "passphrase" in kinds else provider
    return Session(replace(session.deployment, secrets=secrets), session.options, session.environ)


def stored_states(session: Session) -> dict[Layer, StackState]:
    """The states that there are. Raises EngineError for one that cannot be read."""
    return {layer: state for layer in Layer if (state := session.state(layer)) is not None}


def change_secrets(session: Session, provider: str, done: Callable[[Layer, str], None]) -> None:
    """Encrypt every layer with ``provider``; ``done`` hears each layer and what it was encrypted with before.

    A layer that is encrypted so already is left alone, so that running it again continues. Raises EngineError where the CLI refuses.
    """
    states = stored_states(session)
    with session_for(session, provider, states) as able:
        for layer, state in states.items():
            before, settings = encryption_of(state)
            if before == provider:
                continue
            _change(able, layer, provider, settings)
            done(layer, before)


def _change(session: Session, layer: Layer, provider: str, settings: dict[str, str]) -> None:
    project, stack = project_name(session.deployment.blueprint, layer), session.deployment.environment
    with tempfile.TemporaryDirectory(prefix="mlinfra-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # JSON is YAML.
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": project, "runtime": "python"}), "utf-8")
        (folder / f"Pulumi.{stack}.yaml").write_text(json.dumps(settings), "utf-8")
        arguments = ["stack", "change-secrets-provider", provider, "--stack", f"{ORGANIZATION}/{project}/{stack}"]
        try:
            session.cli.run(arguments, name, {})
        except CommandError as error:
            raise EngineError(
                session.scrub(f"layer {layer.label} is still encrypted as it was: {last_words(str(error))}"),
                hint="the same command again continues with the layers that are left",
            ) from None
