"""``mlinfra state change-secrets``."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import emit, emit_json, note
from mlinfra.errors import UsageError

EXAMPLE = "mlinfra state change-secrets awskms://alias/mlinfra minimal.yaml -e dev --sandbox"
PROVIDER = re.compile(r"passphrase|awskms://\S+")


def run(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="`passphrase` or `awskms://…`.")],
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    yes: _options.Yes = False,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Encrypt the secrets in the states of all layers with another key.

    Write `secrets: PROVIDER` into the environment besides: apply refuses where the two differ.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._apply import confirmed
    from mlinfra.components._context import Layer
    from mlinfra.engine.reencryption import change_secrets, stored_states
    from mlinfra.engine.session import Options, Session

    if not PROVIDER.fullmatch(provider):
        raise UsageError(f"`{provider}` encrypts no state", hint="`passphrase`, or `awskms://KEY?region=REGION`")
    deployment = load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ()))
    changed: list[tuple[Layer, str]] = []

    def done(layer: Layer, before: str) -> None:
        changed.append((layer, before))
        note(f"{layer.label}: encrypted with {provider}")

    with Session(deployment, Options(sandbox=sandbox)) as session:
        if stored_states(session):
            confirmed(f"encrypt the state of `{deployment.environment}` with `{provider}`", yes=yes, sandbox=sandbox)
            change_secrets(session, provider, done)
    if output == "json":
        layers = [{"layer": layer.label, "before": before} for layer, before in changed]
        emit_json({"mlinfra_change_secrets": 1, "provider": provider, "layers": layers})
    elif changed:
        emit(f"set `secrets: {provider}` in environment `{deployment.environment}`")
    else:
        emit("nothing to do: no state is encrypted with anything else")
