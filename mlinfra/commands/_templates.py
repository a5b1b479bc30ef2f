"""The blueprints that ship: in a checkout beside the package, in a wheel inside of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).parent.parent


@functools.cache
def templates() -> Mapping[str, Path]:
    """The shipped blueprints by name, sorted."""
    inside = PACKAGE / "templates" / "blueprints"
    folder = inside if inside.is_dir() else PACKAGE.parent / "blueprints"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def about(path: Path) -> str:
    """What a blueprint says that it is for: its ``description``."""
    import yaml

    document = yaml.safe_load(path.read_text("utf-8"))
    return " ".join(str(document.get("description") or "").split()) if isinstance(document, dict) else ""
