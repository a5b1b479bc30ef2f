"""What S3 costs: storage by tier over the account and region, and requests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line, Tier
from mlinfra.cost.charges._reading import Reading
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.graph.model import ResourceNode

STANDARD = (
    Tier(Decimal(51_200), "standard, first 50 TiB"),
    Tier(Decimal(512_000), "standard, next 450 TiB"),
    Tier(None, "standard, over 500 TiB"),
)
USAGE = {
    "stored_gib": "data in the standard class, average over the month, GiB",
    "put_requests": "PUT, COPY, POST and LIST requests a month",
    "get_requests": "GET and all other requests a month",
}


@charges_for("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", usage=USAGE | {
    "infrequent_gib": "data in the infrequent-access class, average over the month, GiB; left out: none",
})  # fmt: skip
def bucket(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Storage and requests. Old versions count only as far as ``stored_gib`` includes them."""
    yield Line("Storage, standard", look.use(node, "stored_gib", "GiB-month"), "s3", usage="stored_gib", tiers=STANDARD)
    infrequent = look.use(node, "infrequent_gib", "GiB-month")
    if infrequent.known:
        yield Line("Storage, infrequent access", infrequent, "s3", "infrequent access", usage="infrequent_gib")
    yield Line("PUT requests", look.use(node, "put_requests", "request"), "s3", "put requests", usage="put_requests")
    yield Line("GET requests", look.use(node, "get_requests", "request"), "s3", "get requests", usage="get_requests")


free(
    "a setting of a bucket; storage and requests are on the bucket",
    *(
        f"aws:s3/{name}:{name[0].upper()}{name[1:]}"
        for name in (
            "bucketPublicAccessBlock", "bucketOwnershipControls", "bucketVersioning", "bucketPolicy",
            "bucketLogging", "bucketServerSideEncryptionConfiguration", "bucketLifecycleConfiguration",
            "bucketNotification", "bucketIntelligentTieringConfiguration", "bucketCorsConfiguration",
            "bucketObjectLockConfiguration", "bucketAcl", "bucketAbac", "accountPublicAccessBlock",
            "bucketReplicationConfig", "bucketRequestPaymentConfiguration",
        )
    ),
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
    "aws:s3/accessPoint:AccessPoint",
)  # fmt: skip
free(
    "its storage and request are in the use of the bucket",
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
)
