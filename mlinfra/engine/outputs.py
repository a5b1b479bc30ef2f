"""What the components of a deployment export, read from the states of its layers; the Pulumi CLI is not needed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend, StackState
from mlinfra.engine.decryption import decrypter, holds_secret, revealed
from mlinfra.engine.passphrase import Passphrase
from mlinfra.errors import EngineError
from mlinfra.graph._engine_values import HIDDEN_TEXT, SECRET_SIGNATURE, SIGNATURE
from mlinfra.program import project_name


@dataclass(frozen=True, slots=True)
class Exported:
    """One output of a component. ``value`` is plain data; each secret in it is ``[secret]`` unless it was revealed."""

    component: str
    field: str
    layer: Layer
    value: Any


def exported(
    deployment: Deployment, backend: Backend, passphrase: Passphrase | None = None, *, reveal: bool = False
) -> tuple[Exported, ...]:
    """Every output of every component, in the order of the layers. With ``reveal`` secrets are decrypted.

    Raises EngineError for a state that cannot be read, and for secrets that were asked for and cannot be decrypted.
    """
    return tuple(
        one
        for layer in Layer
        if (state := backend.state(project_name(deployment.blueprint, layer), deployment.environment)) is not None
        for one in _of_state(layer, state, passphrase, reveal=reveal)
    )


def _of_state(layer: Layer, state: StackState, passphrase: Passphrase | None, *, reveal: bool) -> Iterator[Exported]:
    outputs: Any = dict(state.outputs)
    if reveal and holds_secret(outputs):
        reader = decrypter(state, passphrase)
        if reader is None:
            raise EngineError(
                f"the secrets of layer {layer.label} cannot be decrypted: nothing here reads them",
                hint="set `PULUMI_CONFIG_PASSPHRASE`, or name its file with `PULUMI_CONFIG_PASSPHRASE_FILE`",
            )
        outputs = revealed(outputs, reader)
    for name, value in sorted(outputs.items()):
        component, _, field = name.partition(".")
        if field:
            yield Exported(component, field, layer, _plain(value, reveal=reveal))


def _plain(value: Any, *, reveal: bool) -> Any:
    if isinstance(value, list):
        return [_plain(item, reveal=reveal) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == SECRET_SIGNATURE:
        text = value.get("plaintext")
        return json.loads(text) if reveal and isinstance(text, str) else HIDDEN_TEXT
    return {key: _plain(item, reveal=reveal) for key, item in value.items() if key != SIGNATURE}
