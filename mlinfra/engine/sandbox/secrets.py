"""Secrets on their way into the simulated cloud: it keeps a digest, so that a change shows and the value is nowhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mlinfra.graph._monitor import SECRET_SIGNATURE, SIGNATURE

MARK = "$secret"


def is_secret(value: Any) -> bool:
    """Whether a wire value is a secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET_SIGNATURE


def hidden(value: Any) -> Any:
    """A wire value with every secret replaced by its digest."""
    if is_secret(value):
        return {MARK: hashlib.sha256(json.dumps(value.get("value"), sort_keys=True).encode()).hexdigest()}
    if isinstance(value, dict):
        return {key: hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hidden(item) for item in value]
    return value


def restored(value: Any, known: Any) -> Any:
    """A stored value with the secrets that ``known`` has at the same place; one that changed becomes a secret with another text."""
    if isinstance(value, dict) and MARK in value:
        if is_secret(known) and hidden(known) == value:
            return known
        return {SIGNATURE: SECRET_SIGNATURE, "value": f"changed-{value[MARK][:12]}"}
    if isinstance(value, dict):
        inner = known if isinstance(known, Mapping) else {}
        return {key: restored(item, inner.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        others = known if isinstance(known, list) else []
        return [restored(item, others[index] if index < len(others) else None) for index, item in enumerate(value)]
    return value
