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
    "aws:ecr/replicationConfiguration:ReplicationConfiguration",
)


@charges_for("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration")
def scanning(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Basic scans are free; enhanced ones are billed by Inspector."""
    if node.inputs.get("scanType", "BASIC") == "BASIC":
        yield Free("basic scanning costs nothing")
    else:
        yield Unpriced("Enhanced scans", "no price of Inspector's image scans is known")
