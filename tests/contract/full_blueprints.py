"""The full blueprint of every kind: ``FULL_BLUEPRINT`` of its test, read without importing the test."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "components"
NAME = "FULL_BLUEPRINT"


@cache
def full_blueprints() -> Mapping[str, str]:
    """YAML by kind, sorted."""
    found = {path.stem.removeprefix("test_"): _constant(path) for path in sorted(FOLDER.glob("test_*.py"))}
    return {kind: text for kind, text in found.items() if text is not None}


def _constant(path: Path) -> str | None:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == NAME for t in node.targets):
            text = ast.literal_eval(node.value)
            assert isinstance(text, str), f"{path.name}: {NAME} is not text"
            return text
    return None
