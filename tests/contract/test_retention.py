"""Laws over data that a destroy leaves: what guards it stays with it."""

from __future__ import annotations

from functools import cache

import pytest
import yaml
from contract.every_graph import blueprints

from mlinfra.blueprint import load_text
from mlinfra.components._registry import find
from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.graph.of_blueprint import deployment_graph

SETTINGS = {
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:kms/alias:Alias",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
}


@cache
def graph_of(name: str) -> ResourceGraph:
    """A blueprint with everything kept that can be kept."""
    document = yaml.safe_load(blueprints()[name])
    for component in document["components"].values():
        if "deletion" in find(component["kind"]).spec.model_fields:
            component["deletion"] = "retain"
    text = yaml.safe_dump(document, sort_keys=False)
    return deployment_graph(load_text(text, environment=list(document["environments"])[-1], environ={}))


def settings(graph: ResourceGraph) -> list[tuple[ResourceNode, ResourceNode]]:
    """What of a component only says something about one kept resource of it, by the same service; and that resource."""
    found = []
    for node in graph.resources:
        of = [graph.by_urn[urn] for urn in {reference.urn for reference in node.references()}]
        others = [one for one in of if one.type != "aws:kms/key:Key" or one.component == node.component]
        if len(others) == 1 and not node.retain_on_delete:
            (kept,) = others
            same_service = kept.type.partition("/")[0] == node.type.partition("/")[0]
            if kept.retain_on_delete and same_service and kept.component == node.component:
                found.append((node, kept))
    return found


@pytest.mark.parametrize("name", blueprints())
def test_the_settings_of_what_is_kept_stay_with_it(name: str) -> None:
    assert [node.name for node, kept in settings(graph_of(name)) if node.deleted_with != kept.urn] == []


@pytest.mark.parametrize("name", blueprints())
def test_nothing_else_is_left_behind(name: str) -> None:
    by_urn = graph_of(name).by_urn
    beside = [node for node in by_urn.values() if node.deleted_with is not None]
    assert [node.name for node in beside if not by_urn[node.deleted_with or ""].retain_on_delete] == []


def test_there_are_settings_of_every_sort() -> None:
    assert {node.type for name in blueprints() for node, _ in settings(graph_of(name))} == SETTINGS
