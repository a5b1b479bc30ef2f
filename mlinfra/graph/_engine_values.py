"""Property values as the Pulumi CLI writes them → values of a graph: its marks for secret, unknown and the like.

Facts: the signatures of special values in the serialised form of Pulumi's property values, CLI 3.272.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property

from mlinfra.graph import checks
from mlinfra.graph.checks import Json
from mlinfra.graph.model import SECRET, UNKNOWN, Reference, Secret, Value
from mlinfra.graph.sealed import sealed

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a mapping as a special value; what it holds says which."""

SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public mark, not a secret
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
HIDDEN_TEXT = "[secret]"
"""What a preview prints in place of a secret."""

INTERNAL = frozenset({"__defaults", "__internal", "__meta"})


class Inputs:
    """The inputs that a program registered, out of those that a preview or state holds."""

    def __init__(self, state: Mapping[str, Json], place: str, registered_only: bool) -> None:  # noqa: FBT001
        self._state = state
        self._place = place
        self._registered_only = registered_only

    @cached_property
    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """The URNs that each property depends on; a property without any is not named."""
        return {key: tuple(sorted(urns)) for key, urns in self._listed.items() if urns}

    @cached_property
    def values(self) -> dict[str, Value]:
        """The inputs. Names that a resource declares secret are secret here, too."""
        place = f"{self._place}.inputs"
        given = checks.optional(self._state.get("inputs"), place, checks.mapping) or {}
        names = self._state.get("additionalSecretOutputs")
        secret = names if isinstance(names, list) else []
        registered = self._listed if self._registered_only else given
        defaults = given.get("__defaults")
        added = (
            {*INTERNAL, *(name for name in defaults if isinstance(name, str))}
            if isinstance(defaults, list)
            else INTERNAL
        )
        return {
            key: _hidden(item) if key in secret else value_of(item)
            for key, item in given.items()
            if key in registered and key not in added
        }

    @cached_property
    def _listed(self) -> dict[str, tuple[str, ...]]:
        place = f"{self._place}.propertyDependencies"
        given = checks.optional(self._state.get("propertyDependencies"), place, checks.mapping) or {}
        # Older engines write null for a property without dependencies.
        return {key: checks.optional(urns, f"{place}.{key}", checks.texts) or () for key, urns in given.items()}


def _hidden(value: Json) -> Value:
    """The value of a property that is declared secret; it may be marked as one, too, and can only then be told from others."""
    found = value_of(value)
    return found if isinstance(found, Secret) else sealed(value)


def value_of(value: Json) -> Value:
    """A serialised property value. Secrets become Secret whether they are encrypted, shown in plain text or hidden."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [value_of(item) for item in value]
    if not isinstance(value, dict):
        return value
    if SIGNATURE in value:
        return _special(value)
    defaults = value.get("__defaults")
    added = defaults if isinstance(defaults, list) else []
    return {key: value_of(item) for key, item in value.items() if key not in INTERNAL and key not in added}


def _text(value: str) -> Value:
    if value == HIDDEN_TEXT:
        return SECRET
    # In a text the stand-in for something unknown makes the whole text unknown.
    return UNKNOWN if UNKNOWN_TEXT in value else value.replace("${{", "$${{")


def _special(value: Mapping[str, Json]) -> Value:
    signature = value[SIGNATURE]
    if signature == SECRET_SIGNATURE:
        shown = value.get("plaintext")
        return sealed(json.loads(shown)) if isinstance(shown, str) else SECRET
    if signature == OUTPUT_SIGNATURE:
        if value.get("secret") is True:
            return SECRET
        return value_of(value["value"]) if "value" in value else UNKNOWN
    urn = value.get("urn")
    if signature == REFERENCE_SIGNATURE and isinstance(urn, str):
        return str(Reference(urn, "id"))
    # Assets and archives: their digest or path says whether they change; the signature says nothing to a reader.
    return {key: value_of(item) for key, item in value.items() if key != SIGNATURE}
