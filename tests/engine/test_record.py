"""What is kept with each update so that it can be gone back to."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
from engine.stored_states import BLUEPRINT

from mlinfra.blueprint import load
from mlinfra.engine.record import KEY, LARGEST, Record, local_files
from mlinfra.engine.rollback import lacking, loaded
from mlinfra.errors import EngineError, UsageError

VARIABLES = BLUEPRINT.replace("components:", "variables:\n  days: {type: integer, default: 7}\ncomponents:")
FILES = """\
mlinfra: 1
name: shop
environments: {dev: {region: eu-west-1}}
components:
  net: {kind: network}
  main: {kind: eks_cluster, network: net}
  extra: {kind: manifest, cluster: main, file: objects/extra.yaml}
  own: {kind: python, module: "my_things.queue:make"}
"""
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"


@pytest.fixture(autouse=True)
def _here(sandbox: object) -> None:
    Path("shop.yaml").write_text(VARIABLES)


def test_it_holds_files_sets_and_the_variables_that_are_declared() -> None:
    Path("environments").mkdir()
    Path("environments/dev.yaml").write_text("tags: {team: ml}\n")
    Path("environments/prod.yaml").write_text("region: eu-west-1\n")
    deployment = load("shop.yaml", environment="dev", sets=("components.lake.expire_days=9",))
    given = {"MLINFRA_VAR_days": "3", "MLINFRA_VAR_other": "x", "PULUMI_CONFIG_PASSPHRASE": "hush"}
    record = Record.of(deployment, given)
    assert record == Record(
        file="shop.yaml",
        text=VARIABLES,
        environment="dev",
        environment_files={"dev.yaml": "tags: {team: ml}\n"},
        sets=("components.lake.expire_days=9",),
        variables={"MLINFRA_VAR_days": "3"},
    )
    assert Record.read({KEY: {"value": record.packed(), "secret": False}}) == record
    assert Record.read({KEY: record.packed()}) == record
    assert record.packed() == record.packed()


def test_without_a_file_or_with_a_credential_nothing_is_kept() -> None:
    deployment = load("shop.yaml")
    assert Record.of(deployment, {"MLINFRA_VAR_days": "AKIA" + "ABCDEFGHIJKLMNOP"}) is None
    Path("shop.yaml").unlink()
    assert Record.of(deployment, {}) is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({KEY: "nonsense"}, "the blueprint that is kept with the update is damaged"),
        ({KEY: {"value": "H4sI"}}, "the blueprint that is kept with the update is damaged"),
    ],
)
def test_a_damaged_record_is_said(config: dict[str, object], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        Record.read(config)


def test_other_configuration_is_no_record() -> None:
    assert (Record.read({}), Record.read({"aws:region": {"value": "eu-west-1"}})) == (None, None)


def test_files_of_components_are_kept_where_they_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("objects").mkdir()
    Path("objects/extra.yaml").write_text(OBJECT)
    Path("my_things").mkdir()
    Path("my_things/__init__.py").write_text("")
    Path("my_things/queue.py").write_text("def make(name, *, context, opts): ...\n")
    Path("shop.yaml").write_text(FILES)
    deployment = load("shop.yaml")
    names = {"objects/extra.yaml", "my_things/__init__.py", "my_things/queue.py"}
    assert {str(path) for path in local_files(deployment)} == names
    record = Record.of(deployment, {})
    assert record is not None
    assert (set(record.files), record.files["objects/extra.yaml"], record.digests) == (names, OBJECT, {})
    large = "#" * LARGEST + "\n" + OBJECT
    Path("objects/extra.yaml").write_text(large)
    record = Record.of(deployment, {})
    assert record is not None
    assert record.digests == {"objects/extra.yaml": hashlib.sha256(large.encode()).hexdigest()}
    with loaded(record, deployment) as earlier:
        assert Path("my_things/queue.py").read_text() == record.files["my_things/queue.py"]
        assert Path("objects/extra.yaml").read_text() == large
        assert [component.name for component in earlier] == [component.name for component in deployment]
        inside = Path.cwd()
    assert (inside.exists(), inside == Path.cwd()) == (False, False)
    Path("objects/extra.yaml").write_text(OBJECT)
    assert lacking(record) == ("objects/extra.yaml",)
    with (
        pytest.raises(UsageError, match=r"read `objects/extra\.yaml`, which changed since and was not kept"),
        loaded(record, deployment),
    ):
        pytest.fail("it is refused")


def test_state_and_encryption_stay_those_of_today() -> None:
    deployment = load("shop.yaml")
    record = Record.of(deployment, {})
    assert record is not None
    today = dataclasses.replace(deployment, state="s3://elsewhere", secrets="awskms://alias/x")
    with loaded(record, today) as earlier:
        assert (earlier.state, earlier.secrets, earlier.file) == ("s3://elsewhere", "awskms://alias/x", None)
    with (
        pytest.raises(UsageError, match="that was `shop`, and this is `other`"),
        loaded(record, dataclasses.replace(today, blueprint="other")),
    ):
        pytest.fail("it is refused")
