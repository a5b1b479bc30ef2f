"""``python -m bench.evaluating BLUEPRINT SMALL``: how long an evaluation takes in a fresh process, and how much memory.

``SMALL`` is evaluated before, so that imports and what is made once are not counted. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from mlinfra.graph.model import ResourceGraph
from mlinfra.graph.of_blueprint import blueprint_graph

KIBIBYTE = 1024 if sys.platform == "darwin" else 1
"""What ``ru_maxrss`` counts: bytes on macOS, KiB elsewhere."""


def main(blueprint: str, small: str) -> None:
    _evaluated(small)
    memory, began = _memory(), time.process_time()
    graph = _evaluated(blueprint)
    seconds = time.process_time() - began
    resources = sum(1 for _ in graph.resources)
    print(json.dumps({"resources": resources, "seconds": seconds, "kib": _memory() - memory}))


def _evaluated(path: str) -> ResourceGraph:
    return blueprint_graph(Path(path), environ={}, cache=False)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTE


if __name__ == "__main__":
    main(*sys.argv[1:])
