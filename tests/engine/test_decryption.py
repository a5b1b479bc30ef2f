"""Secrets of a recorded state: compared where they can be read, never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlinfra.engine.backend import StackState
from mlinfra.engine.decryption import decrypter, holds_secret, revealed, unread
from mlinfra.engine.passphrase import Passphrase
from mlinfra.errors import EngineError
from mlinfra.graph.read import read_state
from mlinfra.plan import plan
from mlinfra.plan.model import Plan

RECORDED = Path(__file__).parent.parent / "fixtures" / "secret_state.json"
"""What the Pulumi CLI 3.259 stored of one parameter with a secret value, passphrase ``pw``."""

SECRET = "first-secret-value"


def recorded() -> StackState:
    return StackState("shop-workloads", "dev", json.loads(RECORDED.read_text("utf-8")))


def given(text: str) -> Passphrase:
    return Passphrase("PULUMI_CONFIG_PASSPHRASE", made=False, _text=text)


def opened(passphrase: str | None) -> dict[str, Any]:
    state = recorded()
    reader = decrypter(state, None if passphrase is None else given(passphrase))
    found: dict[str, Any] = revealed(dict(state.deployment), reader)
    return found


def compared(before: dict[str, Any], after: dict[str, Any]) -> Plan:
    graphs = [read_state({"version": 3, "deployment": one}) for one in (after, before)]
    return plan(*graphs, label="state")


def with_value(text: str) -> dict[str, Any]:
    """The state with another secret."""
    changed: dict[str, Any] = json.loads(
        json.dumps(opened("pw")).replace(json.dumps(json.dumps(SECRET)), json.dumps(json.dumps(text)))
    )
    return changed


def test_the_recording_holds_the_secret_only_encrypted() -> None:
    assert holds_secret(recorded().document)
    assert SECRET not in RECORDED.read_text("utf-8")
    assert not unread(opened("pw"))


def test_the_same_secret_is_no_change() -> None:
    assert compared(opened("pw"), with_value(SECRET)).changes == ()


def test_another_secret_is_a_change_that_shows_neither() -> None:
    from mlinfra.plan.document import to_document
    from mlinfra.render.plan_text import plan_text

    made = compared(opened("pw"), with_value("second-secret-value"))
    text = plan_text(made, details=True)
    assert "value  (secret) changes" in text
    both = text + json.dumps(to_document(made)) + repr(made)
    assert "secret-value" not in both


def test_a_wrong_passphrase_is_an_error_that_names_its_source_and_not_itself() -> None:
    with pytest.raises(EngineError) as error:
        opened("wrong-one")
    assert error.value.message == (
        "the passphrase from `PULUMI_CONFIG_PASSPHRASE` is not the one that the state was encrypted with"
    )
    assert "wrong-one" not in f"{error.value.message} {error.value.hint}"


def test_without_a_passphrase_secrets_are_taken_for_equal_and_that_is_known() -> None:
    sealed = opened(None)
    assert unread(sealed)
    assert compared(sealed, with_value("second-secret-value")).changes == ()


def test_a_key_of_aws_kms_reads_them() -> None:
    """moto makes and decrypts the data key, as the Pulumi CLI has AWS do it."""
    import base64

    import boto3
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("kms", region_name="eu-west-1")
        key = client.create_key()["KeyMetadata"]["KeyId"]
        made = client.generate_data_key(KeyId=key, KeySpec="AES_256")
        nonce = bytes(12)
        text = AESGCM(made["Plaintext"]).encrypt(nonce, json.dumps(SECRET).encode(), None)
        ciphertext = ":".join(["v1", *(base64.b64encode(part).decode() for part in (nonce, text))])
        kept = {
            "url": f"awskms:///{key}?region=eu-west-1",
            "encryptedkey": base64.b64encode(made["CiphertextBlob"]).decode(),
        }
        found = decrypter(with_provider({"type": "cloud", "state": kept}), None)
        assert found is not None
        assert found.decrypt(ciphertext) == json.dumps(SECRET)
        assert found.decrypt(ciphertext.replace("v1", "v2")) is None
        assert found.decrypt(f"v1:{base64.b64encode(nonce).decode()}:AAAA") is None


def test_a_key_that_kms_refuses_is_an_error_without_the_key() -> None:
    from moto import mock_aws

    kept = {"url": "awskms:///alias/nobody?region=eu-west-1", "encryptedkey": "c2VhbGVkLWtleQ=="}
    with mock_aws(), pytest.raises(EngineError, match="AWS KMS does not decrypt the key of the state") as error:
        decrypter(with_provider({"type": "cloud", "state": kept}), None)
    assert "c2VhbGVk" not in error.value.message


def test_another_kind_of_encryption_is_not_read() -> None:
    assert decrypter(with_provider({"type": "service", "state": {}}), given("pw")) is None


def with_provider(provider: dict[str, Any]) -> StackState:
    return StackState("shop-workloads", "dev", {"version": 3, "deployment": {"secrets_providers": provider}})
