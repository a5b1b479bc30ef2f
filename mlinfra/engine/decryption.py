"""Reading the secrets of a state, to compare them: nothing is ever written with it.

Facts: the Pulumi CLI's secrets managers, 3.2xx. A value is ``v1:<nonce>:<AES-256-GCM>`` in base64; the key comes from a passphrase (PBKDF2,
HMAC-SHA256, one million rounds, the salt that the state names) or is a data key that AWS KMS decrypts.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from mlinfra.engine.backend import StackState
from mlinfra.engine.passphrase import Passphrase
from mlinfra.errors import EngineError
from mlinfra.graph._engine_values import SECRET_SIGNATURE, SIGNATURE

ROUNDS = 1_000_000
KEY_BYTES = 32


class Decrypter(Protocol):
    """Reads ciphertexts of one state."""

    def decrypt(self, ciphertext: str) -> str | None:
        """The plain text, None where it cannot be read."""


class _Key:
    """AES-256-GCM with one key."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def decrypt(self, ciphertext: str) -> str | None:
        """The plain text, None where it cannot be read."""
        from cryptography.exceptions import InvalidTag

        parts = ciphertext.split(":")
        if len(parts) != 3 or parts[0] != "v1":
            return None
        try:
            nonce, sealed = base64.b64decode(parts[1]), base64.b64decode(parts[2])
            return self._cipher.decrypt(nonce, sealed, None).decode()
        except (binascii.Error, InvalidTag, ValueError):
            return None


def decrypter(state: StackState, passphrase: Passphrase | None) -> Decrypter | None:
    """What reads the secrets of a state: None where there is no passphrase, or another kind of encryption.

    Raises EngineError for a passphrase that is not the state's, and where AWS KMS refuses the data key.
    """
    provider = state.secrets_provider or {}
    kept: Mapping[str, Any] = provider.get("state") or {}
    if provider.get("type") == "passphrase" and passphrase is not None:
        return _of_passphrase(str(kept.get("salt", "")), passphrase)
    if provider.get("type") == "cloud" and str(kept.get("url", "")).startswith("awskms://"):
        return _Key(_data_key(str(kept["url"]), str(kept.get("encryptedkey", ""))))
    return None


def _of_passphrase(salt: str, passphrase: Passphrase) -> _Key:
    _, encoded, check = salt.split(":", 2)
    key = _Key(_derived(passphrase.reveal(), base64.b64decode(encoded)))
    if key.decrypt(check) != "pulumi":
        raise EngineError(
            f"the passphrase from `{passphrase.source}` is not the one that the state was encrypted with",
            hint="set `PULUMI_CONFIG_PASSPHRASE`, or name its file with `PULUMI_CONFIG_PASSPHRASE_FILE`",
        )
    return key


@cache
def _derived(text: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt, ROUNDS, KEY_BYTES)


@cache
def _data_key(url: str, encrypted: str) -> bytes:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(url)
    region = parse_qs(parts.query).get("region", [None])[0]
    try:
        answer = boto3.client("kms", region_name=region).decrypt(
            KeyId=(parts.netloc + parts.path).lstrip("/"), CiphertextBlob=base64.b64decode(encrypted)
        )
    except (BotoCoreError, ClientError) as error:
        raise EngineError(f"AWS KMS does not decrypt the key of the state: {error}") from None
    key: bytes = answer["Plaintext"]
    return key


def revealed(value: Any, reader: Decrypter | None) -> Any:
    """A value of a state with each ciphertext that can be read replaced by ``plaintext``, JSON as text."""
    if isinstance(value, list):
        return [revealed(item, reader) for item in value]
    if not isinstance(value, dict):
        return value
    ciphertext = value.get("ciphertext")
    if value.get(SIGNATURE) == SECRET_SIGNATURE and isinstance(ciphertext, str):
        text = reader.decrypt(ciphertext) if reader is not None else None
        return {SIGNATURE: SECRET_SIGNATURE} | ({} if text is None else {"plaintext": text})
    return {key: revealed(item, reader) for key, item in value.items()}


def holds_secret(text: str | bytes | Mapping[str, Any]) -> bool:
    """Whether a stored state has any secret: deriving a key takes a while, and most states have none."""
    return SECRET_SIGNATURE in (text if isinstance(text, str) else json.dumps(text))


def unread(value: Any) -> bool:
    """Whether a revealed state holds a secret that could not be read."""
    if isinstance(value, list):
        return any(unread(item) for item in value)
    if not isinstance(value, dict):
        return False
    if value.get(SIGNATURE) == SECRET_SIGNATURE:
        return "plaintext" not in value
    return any(unread(item) for item in value.values())
