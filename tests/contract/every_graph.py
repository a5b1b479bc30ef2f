"""The graphs that laws are checked on: shipped blueprints and every kind's full blueprint, in all their environments."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from contract.full_blueprints import full_blueprints

from mlinfra.blueprint import load_text
from mlinfra.graph.model import ResourceGraph
from mlinfra.graph.of_blueprint import deployment_graph

SHIPPED = Path(__file__).parent.parent.parent / "blueprints"


def blueprints() -> dict[str, str]:
    """YAML by name: ``minimal``, ``kind bucket``."""
    shipped = {path.stem: path.read_text("utf-8") for path in sorted(SHIPPED.glob("*.yaml"))}
    return {**shipped, **{f"kind {kind}": text for kind, text in full_blueprints().items()}}


GRAPHS = tuple(
    f"{name} {environment}"
    for name, text in blueprints().items()
    for environment in yaml.safe_load(text)["environments"]
)
"""Names of the graphs: that of the blueprint, then the environment."""


@cache
def graph_of(graph: str) -> ResourceGraph:
    """One of ``GRAPHS``, evaluated once."""
    name, _, environment = graph.rpartition(" ")
    return deployment_graph(load_text(blueprints()[name], environment=environment, environ={}))
