"""What components export: from the state alone, secrets only where they are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine.stored_states import BLUEPRINT, PASSPHRASE, secret, state, write

from mlinfra.blueprint import load
from mlinfra.commands import main
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend
from mlinfra.engine.outputs import Exported, exported
from mlinfra.engine.passphrase import Passphrase
from mlinfra.errors import EngineError

VALUES = {
    "lake.name": "shop-lake",
    "lake.zones": {"raw": "a", "key": secret({"pin": 7})},
    "lake.tokens": [secret("t0k3n"), 1],
}


@pytest.fixture
def folder(sandbox: object, tmp_path: Path) -> Path:
    Path("shop.yaml").write_text(BLUEPRINT)
    found = tmp_path / "sandbox" / "state"
    write(found, "stacks/shop-foundation/dev.json", state(VALUES))
    return found


def test_secrets_are_hidden_unless_they_are_asked_for(folder: Path) -> None:
    deployment, backend = load("shop.yaml"), Backend(f"file://{folder}")
    assert exported(deployment, backend) == (
        Exported("lake", "name", Layer.FOUNDATION, "shop-lake"),
        Exported("lake", "tokens", Layer.FOUNDATION, ["[secret]", 1]),
        Exported("lake", "zones", Layer.FOUNDATION, {"raw": "a", "key": "[secret]"}),
    )
    shown = exported(deployment, backend, Passphrase("test", False, PASSPHRASE), reveal=True)
    assert [one.value for one in shown] == ["shop-lake", ["t0k3n", 1], {"raw": "a", "key": {"pin": 7}}]


def test_secrets_that_nobody_can_read_are_said(folder: Path) -> None:
    deployment, backend = load("shop.yaml"), Backend(f"file://{folder}")
    with pytest.raises(EngineError, match="the secrets of layer foundation cannot be decrypted"):
        exported(deployment, backend, reveal=True)
    with pytest.raises(EngineError, match="the passphrase from `test` is not the one"):
        exported(deployment, backend, Passphrase("test", False, "wrong"), reveal=True)


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["lake.name"], "shop-lake\n"),
        (["lake.zones.raw", "shop.yaml"], "a\n"),
        (["shop.yaml", "lake.tokens"], '["[secret]", 1]\n'),
        (["lake.tokens.0"], "[secret]\n"),
        (["lake.tokens.0", "--show-secrets"], "t0k3n\n"),
    ],
)
def test_a_single_value_is_bare(
    words: list[str], out: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", PASSPHRASE)
    assert main(["outputs", *words, "--sandbox"]) == 0
    assert capsys.readouterr() == (out, "")


def test_a_component_as_table_and_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outputs", "lake", "--sandbox"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "OUTPUT          VALUE",
        "lake.name       shop-lake",
        'lake.tokens     ["[secret]", 1]',
        "lake.zones.raw  a",
        "lake.zones.key  [secret]",
    ]
    assert main(["outputs", "lake.name", "--sandbox", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "mlinfra_outputs": 1,
        "blueprint": "shop",
        "environment": "dev",
        "outputs": {"lake": {"name": "shop-lake"}},
    }


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["lak"], "nothing that is deployed exports as `lak`", "did you mean `lake`?"),
        (["lake.nam"], "there is no output `lake.nam`", "did you mean `lake.name`?"),
        (["lake.zones.x"], "`lake.zones` has no `x`", "there are `key`, `raw`"),
        (["a", "b"], "`a`, `b`: that is more than a blueprint and a component", "one blueprint, and one component"),
    ],
)
def test_what_is_not_there_is_said(
    words: list[str], message: str, hint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["outputs", *words, "--sandbox"]) == 2
    assert capsys.readouterr() == ("", f"error: {message}\nhint: {hint}\n")
