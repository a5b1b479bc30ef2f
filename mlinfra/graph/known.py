"""What is known of resources that exist already, for an evaluation against a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Existing:
    """A resource that exists and stays: its id and its outputs, in Pulumi's wire form, secrets marked."""

    id: str
    outputs: Mapping[str, Any]


class Known(Protocol):
    """Knows the resources of a state."""

    def resource(self, urn: str, request: Any) -> Existing | None:
        """The resource that a RegisterResource request is about, None where it will be created or replaced."""
