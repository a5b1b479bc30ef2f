"""Secrets that can be compared and not read."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

from mlinfra.graph.model import Secret

_KEY = secrets.token_bytes(32)
"""Of this process: a digest that got out would say nothing."""


def sealed(value: Any) -> Secret:
    """The secret that holds a value of Pulumi's wire form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return Secret(hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest())
