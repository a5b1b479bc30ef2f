"""What SageMaker hosting costs: instances by the hour, their storage, data in and out. Never EC2's prices."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Free, Item, Line, Unpriced
from mlinfra.cost.charges._reading import Reading, clipped, get, inputs, known, listed, number, show, span, urns_in
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.data.tables import instances
from mlinfra.cost.model import HOURS, ZERO, Quantity, Range
from mlinfra.graph.model import Derived, ResourceNode, Value

CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
SCALING = "aws:appautoscaling/target:Target"
USAGE = {
    "average_instances": "instances that run on average, over all production variants; left out: the initial count",
    "storage_gib_per_instance": "storage attached to an instance without local disks, GiB, where none is named",
    "processed_gib_in": "data into the endpoint a month, GiB",
    "processed_gib_out": "data out of the endpoint a month, GiB",
    "requests": "requests a month (serverless only)",
    "seconds_per_request": "how long a request runs, seconds (serverless only)",
}


@charges_for("aws:sagemaker/endpoint:Endpoint", usage=USAGE)
def endpoint(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """The variants of the endpoint's configuration; shadow variants cost like the others."""
    configuration = look.referred(node.inputs.get("endpointConfigName"), CONFIGURATION)
    if configuration is None:
        yield Unpriced("Instances", "the configuration that it runs is not in the graph")
        return
    made = inputs(configuration)
    production = [item for item in listed(made.get("productionVariants")) if isinstance(item, dict)]
    shadow = [item for item in listed(made.get("shadowProductionVariants")) if isinstance(item, dict)]
    if not production:
        yield Unpriced("Instances", "the variants of its configuration are not known before the deployment")
        return
    initial = [number(variant.get("initialInstanceCount"), 1) for variant in production]
    total = None if None in initial else sum((count for count in initial if count is not None), ZERO)
    for variant, count in zip(production, initial, strict=True):
        share = count / total if count is not None and total else None
        yield from _variant(node, look, variant, share, "Instances")
    for variant in shadow:
        yield from _variant(node, look, variant, None, "Shadow instances")
    for way in ("in", "out"):
        key = f"processed_gib_{way}"
        yield Line(f"Data {way}", look.use(node, key, "GiB"), "sagemaker_hosting", "data processed", usage=key)
    if get(made.get("dataCaptureConfig"), "enableCapture") is True:
        yield Free("captured data is stored in a bucket, in the use of that bucket", "Data capture")


def _variant(
    node: ResourceNode, look: Reading, variant: dict[str, Value], share: Decimal | None, label: str
) -> Iterator[Item]:
    named = variant.get("variantName")
    name = f"{label}, {named}" if isinstance(named, str) and known(named) else label
    if variant.get("serverlessConfig") is not None:
        yield from _serverless(node, look, variant["serverlessConfig"], name)
        return
    kind = variant.get("instanceType")
    if not isinstance(kind, str) or not known(kind):
        yield Unpriced(name, "the instance type is not known before the deployment")
        return
    count, why = _count(node, look, variant, share)
    hours = Quantity(count.times(Range.exactly(HOURS)), "instance-hour")
    yield Line(
        f"{name} ({kind})",
        hours,
        "sagemaker_hosting",
        kind,
        f"{span(count)} instances × 730 hours × price{why}",
        why="the number of instances is not known",
    )
    machine = instances().get(kind.removeprefix("ml."))
    if machine is not None and machine.local_nvme_gb > 0:
        return  # its disks are in the price of the instance
    size = Range.exactly(number(variant.get("volumeSizeInGb")))
    usage = None
    if variant.get("volumeSizeInGb") is None:
        usage = "storage_gib_per_instance"
        size = look.use(node, usage, "GiB").amount
    stored = Quantity(count.times(size), "GiB-month")
    yield Line(
        f"Storage, {named}" if isinstance(named, str) and known(named) else "Storage",
        stored,
        "sagemaker_hosting",
        "storage",
        f"{span(count)} instances × {span(size)} GiB × price",
        usage,
    )


def _count(node: ResourceNode, look: Reading, variant: dict[str, Value], share: Decimal | None) -> tuple[Range, str]:
    """How many instances a variant runs, and in words where the expected number is from."""
    initial = number(variant.get("initialInstanceCount"), 1)
    low = high = initial
    scaling = _scaling(node, look, variant)
    if scaling is not None:
        low, high = number(scaling.inputs.get("minCapacity")), number(scaling.inputs.get("maxCapacity"))
    managed = variant.get("managedInstanceScaling")
    if scaling is None and get(managed, "status") == "ENABLED":
        low, high = number(get(managed, "minInstanceCount"), initial), number(get(managed, "maxInstanceCount"), initial)
    stated = look.use(node, "average_instances", "instance").amount
    if stated.known and share is not None:
        shares = stated.times(Range.exactly(share))
        if scaling is None and get(managed, "status") != "ENABLED":
            return Range.exactly(initial), ""
        return Range(low, clipped(shares.expected, low, high), high), "; expected: `average_instances`"
    expected = clipped(initial, low, high)
    return Range(low, expected, high), "; expected: the initial count" if low != high else ""


def _scaling(node: ResourceNode, look: Reading, variant: dict[str, Value]) -> ResourceNode | None:
    """The autoscaling target of a variant of this endpoint: its ``resourceId`` is ``endpoint/NAME/variant/VARIANT``."""
    name, wanted = node.inputs.get("name"), variant.get("variantName")
    targets = look.index(SCALING, _scaled)
    for target in (*targets.get(node.urn, ()), *targets.get(f"endpoint/{name}", ())):
        address = target.inputs.get("resourceId")
        variant_scaled = address.rpartition("/variant/")[2] if isinstance(address, str) else None
        if variant_scaled in (None, wanted) or not known(variant_scaled) or not known(wanted):
            return target
    return None


def _scaled(target: ResourceNode) -> Iterator[str]:
    """The URN of the endpoint that a target scales, or ``endpoint/NAME``."""
    address = target.inputs.get("resourceId")
    if isinstance(address, Derived):
        yield from address.urns
    elif isinstance(address, str):
        head, _, _ = address.rpartition("/variant/")
        yield head
        yield from urns_in(head)


def _serverless(node: ResourceNode, look: Reading, config: Value, name: str) -> Iterator[Item]:
    memory = number(get(config, "memorySizeInMb"))
    requests, seconds = look.use(node, "requests", "request"), look.use(node, "seconds_per_request", "second")
    held = requests.scaled(seconds.amount, "GiB-second")
    held = Quantity.exactly(None, "GiB-second") if memory is None else held.scaled(memory / 1024)
    missing = "requests" if not requests.known else "seconds_per_request"
    yield Line(
        f"{name}, serverless", held, "sagemaker_serverless", "inference",
        f"`requests` × `seconds_per_request` × {show(memory)} MiB ÷ 1024 × price", missing,
    )  # fmt: skip
    if get(config, "provisionedConcurrency") is not None:
        yield Unpriced(f"{name}, provisioned concurrency", "no price of provisioned concurrency is known")


free("billed through the endpoint that runs it", CONFIGURATION, "aws:sagemaker/model:Model")
free(
    "registries cost nothing; artifacts are in the use of their bucket",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
    "aws:sagemaker/modelCard:ModelCard",
    "aws:sagemaker/hub:Hub",
    "aws:sagemaker/image:Image",
    "aws:sagemaker/imageVersion:ImageVersion",
    "aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig",
    "aws:sagemaker/userProfile:UserProfile",
    "aws:sagemaker/pipeline:Pipeline",
    "aws:sagemaker/project:Project",
)
