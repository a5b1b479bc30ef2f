from __future__ import annotations

import re
from pathlib import Path

import pytest

import mlinfra
from mlinfra.blueprint import environments, load_text

TEXT = (Path(mlinfra.__file__).parent / "docs" / "blueprint.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(yaml(?: fragment)?)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", [body for mark, body in BLOCKS if mark == "yaml"])
def test_each_example_is_a_blueprint(text: str, tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(text, "utf-8")

    for name in environments(file):
        assert load_text(text, environment=name).warnings == ()
