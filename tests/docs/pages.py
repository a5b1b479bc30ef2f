"""What is executable in README and pages: fenced blocks with their language and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "mlinfra" / "docs").rglob("*.md")))
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block. ``language`` is all that stands behind the fence: ``yaml``, ``yaml fragment``, ``console``."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str, pages: tuple[Path, ...] = PAGES) -> Iterator[Block]:
    """Blocks of the given languages, in order."""
    for page in pages:
        text = page.read_text("utf-8")
        for match in FENCE.finditer(text):
            if match[1].strip() in languages:
                yield Block(page, text.count("\n", 0, match.start()) + 1, match[1].strip(), match[2])
