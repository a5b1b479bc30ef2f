"""A kind is added with one file, one test and one page; nothing else is touched, and everything sees it.

The package is copied, the file and the page are put into the copy, and a fresh process is asked. The same kind as
another package's, by entry point, is asked for in the same way.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "mlinfra"
KIND = '''"""A queue that other components send to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

import pulumi
import pulumi_aws as aws
from pydantic import Field

from mlinfra.components._grammar import Component, Grant, Layer, Needs, Outputs, Spec, Statement
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs


class WaitingLineSpec(Spec):
    """What a blueprint may say about a line."""

    keep_days: int = Field(default=4, ge=1, le=14)
    """Days to keep messages. Left out: 4."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaitingLineNeeds(Needs):
    """What a line can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WaitingLineOutputs(Outputs):
    """What other components may use of a line."""

    arn: pulumi.Output[str]

    def grant(self, level: Literal["send"]) -> Grant:
        """Send to it."""
        return Grant((Statement(("sqs:SendMessage",), (self.arn,)),))


class WaitingLine(Component[WaitingLineSpec, WaitingLineNeeds, WaitingLineOutputs]):
    """Creates the queue."""

    layer = Layer.FOUNDATION

    @classmethod
    def requirements(cls, spec: WaitingLineSpec) -> Mapping[str, str]:
        """What is kept long is encrypted."""
        return {"key": "`keep_days` is above 10"} if spec.keep_days > 10 else {}

    def build(self, name: str, spec: WaitingLineSpec, needs: WaitingLineNeeds) -> WaitingLineOutputs:
        """One queue."""
        queue = aws.sqs.Queue(
            name,
            message_retention_seconds=spec.keep_days * 86_400,
            kms_master_key_id=needs.key.arn if needs.key else None,
            opts=self.child(),
        )
        return WaitingLineOutputs(arn=queue.arn)
'''
PAGE = "# waiting_line\n\nA queue.\n\n## Fields\n\n<!-- fields -->\n\n## Outputs\n\n<!-- outputs -->\n"
BLUEPRINT = """\
mlinfra: 1
name: demo
environments: {dev: {region: eu-west-1}}
components:
  key: {kind: encryption_key}
  line: {kind: waiting_line, keep_days: 5}
  models: {kind: model_registry, groups: [g]}
  e: {kind: endpoint, instance_type: ml.m5.large, model: {group: g, version: 1}, access: {line: send}, environment: {L: "${line.arn}"}}
"""


@pytest.fixture(scope="module", params=["a file in the package", "an entry point"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands on PYTHONPATH: a copy of mlinfra with the kind, or the kind as a package of its own."""
    folder = tmp_path_factory.mktemp("root")
    if request.param == "an entry point":
        (folder / "lines.py").write_text(KIND, "utf-8")
        info = folder / "lines-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lines\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text("[mlinfra.components]\nwaiting_line = lines:WaitingLine\n", "utf-8")
    else:
        shutil.copytree(PACKAGE, folder / "mlinfra", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "mlinfra" / "components" / "data" / "waiting_line.py").write_text(KIND, "utf-8")
        (folder / "mlinfra" / "docs" / "kinds" / "waiting_line.md").write_text(PAGE, "utf-8")
    (folder / "b.yaml").write_text(BLUEPRINT, "utf-8")
    return folder


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh process that imports from ``root`` first."""
    path = os.pathsep.join([str(root), *([] if (root / "mlinfra").is_dir() else [str(PACKAGE.parent)])])
    environment = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(root / "cache"), "COLUMNS": "120"}
    command = [sys.executable, "-m", "mlinfra", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_blueprints_use_it(root: Path) -> None:
    fine = run(root, "validate", "b.yaml", "--explain")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "access: line (send)" in fine.stdout

    planned = run(root, "plan", "b.yaml")
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "waiting_line" in planned.stdout


def test_its_mistakes_are_pointed_at(root: Path) -> None:
    (root / "wrong.yaml").write_text(
        BLUEPRINT.replace("keep_days: 5", "keep_days: 11, key: none") + "  other: {kind: waiting_line, keep: 1}\n",
        "utf-8",
    )

    found = run(root, "validate", "wrong.yaml")

    assert found.returncode == 2
    assert "`line` (kind `waiting_line`) needs a `key`: `keep_days` is above 10" in found.stderr
    assert "`keep` is not a field of kind `waiting_line`" in found.stderr
    assert "did you mean `keep_days`?" in found.stderr


def test_the_catalogue_the_schema_and_the_pages_see_it(root: Path) -> None:
    if (root / "mlinfra").is_dir():
        renewed = subprocess.run(
            [sys.executable, "-m", "mlinfra.commands._catalogue"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert renewed.returncode == 0, renewed.stderr

    assert "waiting_line" in run(root, "kinds").stdout
    explained = run(root, "explain", "waiting_line.keep_days").stdout
    assert "a whole number, 1 to 14" in explained
    assert '"waiting_line"' in run(root, "schema").stdout
