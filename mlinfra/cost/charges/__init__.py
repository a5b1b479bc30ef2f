"""What each resource type costs: one file per service, found by walking this folder.

A file declares functions with ``@charges_for(type, usage={…})`` and tables of what costs nothing
with ``free(reason, type, …)``.
Every type is priced, free with a reason, or unknown; ``coverage`` tells which are unknown.
"""

from __future__ import annotations

from mlinfra.cost.charges._registry import charges_for, coverage, free, usage_keys
from mlinfra.cost.charges._registry import find as find

__all__ = ["charges_for", "coverage", "find", "free", "usage_keys"]
