"""Inputs of any size: blueprints made of buckets, and graphs made of the nodes of one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mlinfra.graph.model import ResourceGraph

RESOURCES_PER_BUCKET = 7


def blueprint(folder: Path, components: int) -> Path:
    """A blueprint with a key and ``components`` - 1 buckets that use it."""
    lines = [
        "mlinfra: 1",
        "name: bench",
        "environments: {dev: {region: eu-west-1}}",
        "components:",
        "  key: {kind: encryption_key}",
    ]
    lines += [
        f"  bucket{index}: {{kind: bucket, key: key, expire_days: {index % 300 + 1}}}"
        for index in range(components - 1)
    ]
    path = folder / f"bench{components}.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def graph_of(size: int, sample: ResourceGraph) -> ResourceGraph:
    """A graph of ``size`` nodes: those of the sample, again and again, each copy with names of its own."""
    nodes = []
    for copy in range(size // len(sample.nodes) + 1):
        for node in sample.nodes:
            component = None if node.component is None else f"{node.component}x{copy}"
            nodes.append(
                dataclasses.replace(node, urn=f"{node.urn}x{copy}", name=f"{node.name}x{copy}", component=component)
            )
    return dataclasses.replace(sample, nodes=tuple(nodes[:size]))
