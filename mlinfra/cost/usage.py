"""Expected use: what components bind to their resources, overridden by a usage file.

Overrides are keyed by a URN, ``type::name``, a glob over names, or a type (see ``usage_file``). The most specific wins,
key by key, over the wider ones and over what the resource itself carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from mlinfra.graph.model import Amount, ResourceGraph, ResourceNode

Overrides = Mapping[str, Mapping[str, Amount]]
"""Usage by address, as in a usage file."""


def resolve(graph: ResourceGraph, overrides: Overrides | None = None) -> dict[str, Mapping[str, Amount]]:
    """Usage of each resource by URN; resources without any are left out."""
    if not overrides:
        return {node.urn: node.usage for node in graph.nodes if node.usage}
    globs = {address: keys for address, keys in overrides.items() if ":" not in address}
    found: dict[str, Mapping[str, Amount]] = {}
    for node in graph.nodes:
        merged = dict(node.usage)
        for keys in _matching(node, overrides, globs):
            merged.update(keys)
        if merged:
            found[node.urn] = merged
    return found


def _matching(node: ResourceNode, overrides: Overrides, globs: Overrides) -> list[Mapping[str, Amount]]:
    """What applies to a resource, the widest first."""
    found = [overrides[node.type]] if node.type in overrides else []
    # A longer pattern says more about the name, so it counts as the more specific.
    found += [globs[glob] for glob in sorted(globs, key=lambda g: (len(g), g)) if fnmatchcase(node.name, glob)]
    found += [overrides[address] for address in (f"{node.type}::{node.name}", node.urn) if address in overrides]
    return found
