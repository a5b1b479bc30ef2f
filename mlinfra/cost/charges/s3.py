"""What S3 costs: storage by tier over the account and region, and requests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Line, Tier
from mlinfra.cost.charges._reading import Reading, get, inputs, listed
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import ZERO, PriceKey
from mlinfra.graph.model import ResourceNode

BUCKET = "aws:s3/bucket:Bucket"
STANDARD = (
    Tier(Decimal(51_200), "standard, first 50 TiB"),
    Tier(Decimal(512_000), "standard, next 450 TiB"),
    Tier(None, "standard, over 500 TiB"),
)
USAGE = {
    "stored_gib": "data in the standard class, average over the month, GiB",
    "put_requests": "PUT, COPY, POST and LIST requests a month",
    "transitions": "objects that lifecycle rules move to another class a month",
    "get_requests": "GET and all other requests a month",
}


@charges_for(BUCKET, "aws:s3/bucketV2:BucketV2", usage=USAGE | {
    "infrequent_gib": "data in the infrequent-access class, average over the month, GiB; left out: none",
    "retrieved_gib": "data read from the infrequent-access class a month, GiB, where `infrequent_gib` is given",
})  # fmt: skip
def bucket(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Storage and requests. Old versions count only as far as ``stored_gib`` includes them."""
    yield Line("Storage, standard", look.use(node, "stored_gib", "GiB-month"), "s3", usage="stored_gib", tiers=STANDARD)
    infrequent = look.use(node, "infrequent_gib", "GiB-month")
    if infrequent.known:
        yield Line("Storage, infrequent access", infrequent, "s3", "infrequent access", usage="infrequent_gib")
        moved_back = look.use(node, "retrieved_gib", "GiB")
        yield Line("Retrieval", moved_back, "s3", "infrequent access retrieval", usage="retrieved_gib")
    yield Line("PUT requests", look.use(node, "put_requests", "request"), "s3", "put requests", usage="put_requests")
    yield Line("GET requests", look.use(node, "get_requests", "request"), "s3", "get requests", usage="get_requests")


@charges_for(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
    usage={"transitions": "objects moved to another storage class a month, over all classes"},
)
def lifecycle(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Moves of objects between classes; deletion by age is free. The dearest of the classes counts."""
    classes = _classes(node)
    if not classes:
        yield Free("deleting by age costs nothing; storage and requests are on the bucket")
        return
    moved = look.use(node, "transitions", "request")
    of = look.referred(node.inputs.get("bucket"), BUCKET)
    if not moved.known and of is not None:
        moved = look.use(of, "transitions", "request")
    dearest = _dearest(look, look.region(node) or "", classes)
    yield Line(
        f"Moves to {', '.join(classes)}",
        moved,
        "s3",
        f"transition to {dearest}",
        f"`transitions` × price of a move to {dearest}",
        usage="transitions",
    )
    look.assume(
        "data that lifecycle rules move is reckoned in the standard class, the dearest, unless `infrequent_gib` "
        "says otherwise; retrieval from other classes is not in the sum"
    )


def _dearest(look: Reading, region: str, classes: tuple[str, ...]) -> str:
    """The class that a move to costs most; one without a price before all others, as it may be dearer still."""

    def rank(name: str) -> tuple[bool, Decimal, str]:
        price = look.catalogue.find(PriceKey("s3", region, f"transition to {name}", "request")).price
        return price is None, ZERO if price is None or price.usd is None else price.usd, name

    return max(classes, key=rank)


def _classes(node: ResourceNode) -> tuple[str, ...]:
    """The storage classes that a lifecycle configuration moves objects to, each once."""
    rules = listed(inputs(node).get("rules"))
    kinds = ("transitions", "noncurrentVersionTransitions")
    moves = [move for rule in rules for kind in kinds for move in listed(get(rule, kind))]
    return tuple(dict.fromkeys(str(get(move, "storageClass")) for move in moves))


@charges_for(
    "aws:s3/bucketNotification:BucketNotification",
    usage={"events": "events that the bucket sends to EventBridge a month, each begun 64 KiB counts"},
)
def notification(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Events to EventBridge cost like custom ones; to topics, queues and functions they are free."""
    if node.inputs.get("eventbridge") is True:
        events = look.use(node, "events", "event")
        yield Line("Events to EventBridge", events, "eventbridge", "custom events", usage="events")
    else:
        yield Free("sending events to topics, queues and functions costs nothing")


@charges_for(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    usage={
        "replicated_gib": "data copied to a bucket in another region a month, GiB; zero for the same region",
        "put_requests": "objects copied a month",
    },
)
def replication(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Copies to another bucket: transfer and requests. What is stored there is in the use of that bucket."""
    copied = look.use(node, "replicated_gib", "GiB")
    yield Line("Data to other regions", copied, "data_transfer", "other regions", usage="replicated_gib")
    written = look.use(node, "put_requests", "request")
    yield Line("PUT requests of copies", written, "s3", "put requests", usage="put_requests")


free(
    "a setting of a bucket; storage and requests are on the bucket",
    *(
        f"aws:s3/{name}:{name[0].upper()}{name[1:]}"
        for name in (
            "bucketPublicAccessBlock", "bucketOwnershipControls", "bucketVersioning", "bucketPolicy",
            "bucketLogging", "bucketServerSideEncryptionConfiguration", "bucketIntelligentTieringConfiguration",
            "bucketCorsConfiguration", "bucketObjectLockConfiguration", "bucketAcl", "bucketAbac",
            "accountPublicAccessBlock", "bucketRequestPaymentConfiguration",
        )
    ),
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
    "aws:s3/accessPoint:AccessPoint",
)  # fmt: skip
free(
    "its storage and request are in the use of the bucket",
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
)
