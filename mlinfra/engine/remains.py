"""What stays in the cloud when it leaves the state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def remaining(resources: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The URNs, out of a layer's state, of what is kept with its data and of what is only deleted along with that."""
    stored = list(resources)
    kept = {str(item["urn"]) for item in stored if item.get("retainOnDelete")}
    return frozenset(kept | {str(item["urn"]) for item in stored if item.get("deletedWith") in kept})
