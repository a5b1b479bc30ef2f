"""What KMS costs: each key by the month, and requests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import Quantity, Range
from mlinfra.graph.model import ResourceNode

ONE, THREE = Decimal(1), Decimal(3)
SYMMETRIC = ("SYMMETRIC_DEFAULT", "RSA_2048", None)
"""Key specs whose requests have the common price; other asymmetric keys cost more a request."""


@charges_for(
    "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey",
    usage={"requests": "calls that use the key a month; with S3 bucket keys about one per bucket and day"},
)  # fmt: skip
def key(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A key and its requests. The first and the second rotation add a key-month each; further ones are free."""
    turns = node.inputs.get("enableKeyRotation") is True
    count = Quantity(Range(ONE, ONE, THREE if turns else ONE), "key-month")
    formula = "1 key, and one more after each of its first two rotations, × price" if turns else "1 key × price"
    yield Line("Key", count, "kms", "key", formula=formula)
    sku = "requests" if node.inputs.get("customerMasterKeySpec") in SYMMETRIC else "asymmetric requests"
    yield Line("Requests", look.use(node, "requests", "request"), "kms", sku, usage="requests")


free("part of a key", "aws:kms/alias:Alias", "aws:kms/keyPolicy:KeyPolicy", "aws:kms/grant:Grant")
