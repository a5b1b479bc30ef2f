"""States, locks and histories as the Pulumi CLI leaves them in a folder, written by hand; secrets really encrypted."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
PASSPHRASE = "correct horse"
_SALT = b"8 bytes."
_KEY = hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), _SALT, 1_000_000, 32)
BLUEPRINT = """\
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  lake: {kind: bucket}
"""


def sealed(text: str) -> str:
    nonce = hashlib.sha256(text.encode()).digest()[:12]
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(AESGCM(_KEY).encrypt(nonce, text.encode(), None)).decode()}"


def secret(value: object) -> dict[str, str]:
    """A secret as a state holds it."""
    return {SIGNATURE: SECRET, "ciphertext": sealed(json.dumps(value))}


def urn(type_: str, name: str, project: str = "shop-foundation") -> str:
    return f"urn:pulumi:dev::{project}::{type_}::{name}"


def state(
    outputs: Mapping[str, Any], resources: Sequence[Mapping[str, Any]] = (), pending: Sequence[Mapping[str, Any]] = ()
) -> str:
    """A checkpoint."""
    salt = f"v1:{base64.b64encode(_SALT).decode()}:{sealed('pulumi')}"
    stack = {
        "urn": urn("pulumi:pulumi:Stack", "shop-foundation-dev"),
        "type": "pulumi:pulumi:Stack",
        "outputs": outputs,
    }
    latest = {
        "secrets_providers": {"type": "passphrase", "state": {"salt": salt}},
        "resources": [stack, *resources],
        "pending_operations": list(pending),
    }
    return json.dumps({"version": 3, "checkpoint": {"latest": latest}})


def write(folder: Path, key: str, text: str) -> Path:
    """A file of the backend."""
    path = folder / ".pulumi" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def update(kind: str, began: int, message: str = "", result: str = "succeeded", **more: Any) -> str:
    """An entry of a history."""
    document = {"kind": kind, "startTime": began, "endTime": began + 5, "message": message, "result": result}
    return json.dumps({**document, "environment": {}, "config": {}, "resourceChanges": {"create": 2}, **more})
