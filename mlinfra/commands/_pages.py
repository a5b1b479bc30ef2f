"""The documentation that ships with the package."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


@functools.cache
def topics() -> Mapping[str, Path]:
    """Pages that are not about one kind, by name: ``architecture``, ``decisions/0001-…``."""
    found = (path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] != "kinds")
    return {path.relative_to(DOCS).with_suffix("").as_posix(): path for path in sorted(found)}


def kind_page(kind: str) -> str | None:
    """The page about a kind, or None where there is none (third-party kinds)."""
    path = DOCS / "kinds" / f"{kind}.md"
    return path.read_text("utf-8") if path.is_file() else None
