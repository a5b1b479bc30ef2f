"""Secrets that can be compared and not read."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from typing import Any

from mlinfra.graph.model import Secret

_KEY = secrets.token_bytes(32)
"""Of this process: a digest that got out would say nothing."""


_SEEN: set[str] = set()
SHORTEST = 6
"""Shorter texts stand in every message by chance."""


def seen() -> tuple[str, ...]:
    """The texts of all secrets that this process has sealed, longest first: what no message may repeat."""
    return tuple(sorted(_SEEN, key=lambda text: (-len(text), text)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= SHORTEST:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def sealed(value: Any) -> Secret:
    """The secret that holds a value of Pulumi's wire form."""
    _SEEN.update(_texts(value))
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return Secret(hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest())
