"""What ECR costs: stored images."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.cost.charges._lines import Free, Item, Line, Unpriced
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.graph.model import ResourceNode


@charges_for(
    "aws:ecr/repository:Repository",
    usage={"stored_gib": "image layers kept, each layer once, average over the month, GiB"},
)
def repository(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Storage. Pulls in the same region are free."""
    yield Line("Image storage", look.use(node, "stored_gib", "GiB-month"), "ecr", "storage", usage="stored_gib")


free(
    "a setting of the registry; images are billed by their repository",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:ecr/registryPolicy:RegistryPolicy",
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
)


@charges_for(
    "aws:ecr/replicationConfiguration:ReplicationConfiguration",
    usage={"replicated_gib": "image layers copied to other regions a month, GiB"},
)
def replication(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Transfer of what is copied, and its storage where it lands, which no repository of the graph counts."""
    copied = look.use(node, "replicated_gib", "GiB")
    yield Line("Data to other regions", copied, "data_transfer", "other regions", usage="replicated_gib")
    yield Unpriced("Storage of the copies", "how much the other regions hold is not in the graph")


@charges_for("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration")
def scanning(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Basic scans are free; enhanced ones are billed by Inspector."""
    if node.inputs.get("scanType", "BASIC") == "BASIC":
        yield Free("basic scanning costs nothing")
    else:
        yield Unpriced("Enhanced scans", "no price of Inspector's image scans is known")
