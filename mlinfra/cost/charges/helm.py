"""What Helm releases cost: they run on nodes, and claim the volumes that their values name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mlinfra.cost.charges._claims import claimed
from mlinfra.cost.charges._lines import Free, Item
from mlinfra.cost.charges._reading import Reading, get, inputs, number
from mlinfra.cost.charges._registry import RUNS_ON_NODES, charges_for
from mlinfra.cost.model import Range
from mlinfra.graph.model import ResourceNode, Value


class _Claim(NamedTuple):
    """A claim in the values of a chart: the part of the chart that it is for, its spec, how many of it."""

    part: str
    spec: Value
    copies: Range


@charges_for("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")
def release(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Volumes that the values name in the two ways of charts: a claim template, or ``persistence`` that is enabled."""
    look.assume("volumes and load balancers that Helm charts make without being told are not in the sum")
    yield Free(RUNS_ON_NODES)
    for claim in _claims(inputs(node).get("values"), "", Range.exactly(1)):
        yield from claimed(look, claim.spec, claim.copies, f"Volume, {claim.part}")


def _claims(values: Value, part: str, count: Range) -> Iterator[_Claim]:
    """Claims anywhere in the values; ``replicas`` beside or above one tells how many there are."""
    if not isinstance(values, dict):
        return
    if "replicas" in values:
        count = Range.exactly(number(values["replicas"]))
    template = get(values, "volumeClaimTemplate", "spec")
    if get(template, "resources", "requests", "storage") is not None:
        yield _Claim(part, template, count)
    kept = values.get("persistence")
    if get(kept, "enabled") is True and get(kept, "size") is not None:
        spec: dict[str, Value] = {
            "resources": {"requests": {"storage": get(kept, "size")}},
            "storageClassName": get(kept, "storageClassName") or get(kept, "storageClass"),
            "volumeName": get(kept, "existingClaim"),
        }
        yield _Claim(part, spec, count)
    for key, value in values.items():
        yield from _claims(value, part or key, count)
