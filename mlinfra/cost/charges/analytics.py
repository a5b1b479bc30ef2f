"""What Glue, Athena and Lake Formation cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.graph.model import ResourceNode

GIB_OF_A_TIB = Decimal(1) / 1024


@charges_for(
    "aws:glue/crawler:Crawler", "aws:glue/catalogTableOptimizer:CatalogTableOptimizer",
    usage={"dpu_hours": "processing a month, DPU-hours; a crawl takes at least 10 minutes of 2 DPUs"},
)  # fmt: skip
def crawler(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Processing time of crawls or of table optimization."""
    yield Line("Processing", look.use(node, "dpu_hours", "DPU-hour"), "glue", "processing", usage="dpu_hours")


@charges_for(
    "aws:glue/catalogDatabase:CatalogDatabase",
    usage={
        "objects": "tables, versions and partitions in the catalogue, average over the month",
        "requests": "calls to the catalogue a month",
    },
)
def database(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Objects and calls of the Glue catalogue; the free million of each is free tier, which is off."""
    yield Line(
        "Catalogue objects", look.use(node, "objects", "object-month"), "glue", "catalogue objects", usage="objects"
    )
    yield Line(
        "Catalogue requests", look.use(node, "requests", "request"), "glue", "catalogue requests", usage="requests"
    )


@charges_for(
    "aws:athena/workgroup:Workgroup",
    usage={
        "scanned_tib": "data scanned by queries a month, TiB",
        "scanned_gib": "the same in GiB, where `scanned_tib` is left out",
    },
)
def workgroup(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Data scanned. Results are stored in a bucket and billed there."""
    scanned, key = look.use(node, "scanned_tib", "TiB"), "scanned_tib"
    in_gib = look.use(node, "scanned_gib", "GiB")
    if not scanned.known and in_gib.known:
        scanned, key = in_gib.scaled(GIB_OF_A_TIB, "TiB"), "scanned_gib"
    yield Line("Data scanned", scanned, "athena", "scanned", formula=f"TiB of `{key}` × price", usage=key)


free(
    "counted in the objects of its database",
    "aws:glue/catalogTable:CatalogTable",
    "aws:glue/partition:Partition",
    "aws:glue/partitionIndex:PartitionIndex",
)
free(
    "a setting of Glue; objects, calls and processing time are billed",
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
    "aws:glue/resourcePolicy:ResourcePolicy",
    "aws:glue/catalog:Catalog",
    "aws:glue/connection:Connection",
    "aws:glue/securityConfiguration:SecurityConfiguration",
    "aws:glue/classifier:Classifier",
    "aws:glue/trigger:Trigger",
    "aws:glue/workflow:Workflow",
    "aws:glue/registry:Registry",
    "aws:glue/schema:Schema",
)
free(
    "queries are billed by their workgroup",
    "aws:athena/namedQuery:NamedQuery",
    "aws:athena/database:Database",
    "aws:athena/dataCatalog:DataCatalog",
)
free(
    "Lake Formation's permissions cost nothing",
    "aws:lakeformation/dataLakeSettings:DataLakeSettings",
    "aws:lakeformation/resource:Resource",
    "aws:lakeformation/lfTag:LfTag",
    "aws:lakeformation/lfTagExpression:LfTagExpression",
    "aws:lakeformation/resourceLfTag:ResourceLfTag",
    "aws:lakeformation/resourceLfTags:ResourceLfTags",
    "aws:lakeformation/permissions:Permissions",
    "aws:lakeformation/optIn:OptIn",
    "aws:lakeformation/dataCellsFilter:DataCellsFilter",
)
