"""What happens during an operation, in words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mlinfra.render.progress import counts_text


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "nothing to do"),
        ({"create": 2, "same": 3}, "2 created, 3 unchanged"),
        ({"delete-replaced": 2, "update": 1, "create-replacement": 2}, "1 updated, 2 replaced"),
        ({"delete-replaced": 2, "create-replacement": 1}, "2 old one deleted, 1 created anew"),
        ({"keep": 1, "delete": 4}, "1 left in place, 4 deleted"),
    ],
)
def test_counts(counts: Mapping[str, int], text: str) -> None:
    assert counts_text(counts) == text
