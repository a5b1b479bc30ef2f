"""The resource types that kinds create: those of every kind's full blueprint and of every shipped blueprint, in all environments.

``python tests/plan/kind_types.py`` prints them, one a line, which is what the scripts that make tables read.
"""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlinfra.graph.model import ResourceGraph

ROOT = Path(__file__).parents[2]


@cache
def kind_graphs() -> tuple[ResourceGraph, ...]:
    """The graph of every one of these blueprints in every environment."""
    from contract.full_blueprints import full_blueprints

    from mlinfra.blueprint import environments
    from mlinfra.graph.of_blueprint import blueprint_graph

    with tempfile.TemporaryDirectory() as folder:
        paths = sorted((ROOT / "blueprints").glob("*.yaml"))
        for kind, text in full_blueprints().items():
            path = Path(folder) / f"kind-{kind}.yaml"
            path.write_text(text, "utf-8")
            paths.append(path)
        return tuple(
            blueprint_graph(path, environment=environment, environ={}, cache=False)
            for path in paths
            for environment in environments(path)
        )


def kind_types() -> tuple[str, ...]:
    """Sorted, components and providers left out."""
    return tuple(sorted({node.type for graph in kind_graphs() for node in graph.resources}))


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    print("\n".join(kind_types()))  # noqa: T201 - a script
