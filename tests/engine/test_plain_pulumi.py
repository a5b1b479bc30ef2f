"""A stack goes from mlinfra to plain ``pulumi`` and back: the same programs, states and names, on the real CLI over the simulated cloud.

The language host for Python, which comes with Pulumi's release, is stood in for by the one that the SDK runs in process for the Automation API.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from engine.platforms import Platform
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from mlinfra.engine.eject import eject
from mlinfra.engine.passphrase import find_passphrase
from mlinfra.engine.sandbox import install
from mlinfra.graph._directory import directory_program

pytestmark = pytest.mark.usefixtures("cli")
SHOP = """\
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, key: key, expire_days: 7}
  jobs: {kind: python, module: "shop_parts:queue", arguments: {bucket: "${lake.name}"}}
"""
PARTS = """\
import pulumi_aws as aws

def queue(name, *, bucket, context, opts):
    aws.sqs.Queue(f"{name}-queue", tags={"bucket": bucket}, opts=opts)
    return {}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    (tmp_path / "shop_parts.py").write_text(PARTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Platform(tmp_path, SHOP, name="shop.yaml")


@contextmanager
def language_host(project: Path) -> Iterator[str]:
    """The address of a host that runs the program of a project."""
    _, _, program, _ = directory_program(project)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


class Ejected:
    """The projects of a deployment, as somebody uses them who has no mlinfra command any more."""

    def __init__(self, shop: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        deployment = shop.deployment()
        with shop.session() as session:
            self.folder = shop.folder / "ejected"
            eject(self.folder, deployment, session.backend, shop.environ)
            passphrase = find_passphrase(session.backend.url, shop.environ, make=True)
        assert passphrase is not None
        self.layers = [layer.label for layer in deployment.layers]
        plugins = install(shop.folder / "sandbox", deployment.account)
        self._environ: Mapping[str, str] = {
            **shop.environ,
            "PATH": f"{plugins}{os.pathsep}{shop.environ['PATH']}",
            "PULUMI_CONFIG_PASSPHRASE": passphrase.reveal(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def pulumi(self, layer: str, *words: str) -> subprocess.CompletedProcess[str]:
        project = self.folder / layer
        self._patch.chdir(project)
        try:
            with language_host(project) as address:
                client = ["--client", address] if words[0] in ("up", "preview") else []
                return subprocess.run(
                    ["pulumi", "--non-interactive", *words, "--stack", "dev", *client],
                    env=self._environ,
                    capture_output=True,
                    text=True,
                    check=False,
                )
        finally:
            self._patch.chdir(self.folder.parent)

    def each(self, *words: str, backward: bool = False) -> None:
        """Run a command on every layer; each has to succeed."""
        for layer in reversed(self.layers) if backward else self.layers:
            done = self.pulumi(layer, *words)
            assert done.returncode == 0, done.stdout + done.stderr


def test_what_mlinfra_applied_goes_on_with_plain_pulumi_and_back(
    shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.apply().outcome.status == "succeeded"
    ejected = Ejected(shop, monkeypatch)
    ejected.each("preview", "--expect-no-changes")
    # A change by plain Pulumi is what mlinfra would have made of the same change.
    file = ejected.folder / "shop.yaml"
    file.write_text(file.read_text().replace("expire_days: 7", "expire_days: 8"))
    assert ejected.pulumi("foundation", "preview", "--expect-no-changes").returncode != 0
    ejected.each("up", "--yes", "--skip-preview")
    assert [step.name for step in shop.plan().plan.changes] == ["lake-lifecycle"]
    with shop.session() as session:
        session.backend.lock("shop-foundation", "dev")
        locked = ejected.pulumi("foundation", "up", "--yes", "--skip-preview")
        assert "the stack is currently locked by 1 lock(s)" in locked.stderr
        for lock in session.backend.locks("shop-foundation", "dev"):
            session.backend.unlock(lock)
    shop.say(SHOP.replace("expire_days: 7", "expire_days: 8"))
    assert (shop.plan().plan.changes, shop.drift().steps) == ((), ())
    ejected.each("destroy", "--yes", "--skip-preview", backward=True)
    assert shop.existing() == {}


def test_what_plain_pulumi_made_is_planned_changed_and_destroyed_by_mlinfra(
    shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    ejected = Ejected(shop, monkeypatch)
    ejected.each("stack", "init")
    ejected.each("up", "--yes", "--skip-preview")
    assert (shop.plan().plan.changes, shop.drift().steps) == ((), ())
    assert [layer.label for layer in shop.states()] == ejected.layers
    shop.say(SHOP.replace("expire_days: 7", "expire_days: 8"))
    applied = shop.apply()
    assert (applied.outcome.status, [step.name for step in applied.forecast.plan.changes]) == (
        "succeeded",
        ["lake-lifecycle"],
    )
    assert shop.held() == shop.existing()
    assert shop.destroy().outcome.status == "succeeded"
    assert shop.existing() == {}
