"""A simulated cloud for Pulumi's real engine: provider plugins that keep resources in one file and answer from mlinfra's own tables.

It proves order, wiring, state and the handling of failures. It proves neither that AWS accepts an argument nor that a change really replaces a
resource, because it answers from the same tables as the plan.
"""

from mlinfra.engine.sandbox.cloud import Cloud, Fault, Held
from mlinfra.engine.sandbox.plugins import install

__all__ = ["Cloud", "Fault", "Held", "install"]
