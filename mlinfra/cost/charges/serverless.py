"""What Lambda, Step Functions, Secrets Manager, DynamoDB, EFS and FSx for Lustre cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line, Unpriced
from mlinfra.cost.charges._reading import Reading, get, inputs, number, show, texts
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import Quantity, Range
from mlinfra.graph.model import ResourceNode


@charges_for(
    "aws:lambda/function:Function",
    usage={"requests": "invocations a month", "seconds_per_request": "how long an invocation runs, seconds"},
)
def function(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Invocations, and the memory that they hold while they run, at the price of the first tier."""
    requests = look.use(node, "requests", "request")
    yield Line("Requests", requests, "lambda", "requests", usage="requests")
    memory = number(inputs(node).get("memorySize"), 128)
    seconds = look.use(node, "seconds_per_request", "second")
    held = requests.scaled(seconds.amount, "GiB-second")
    held = Quantity.exactly(None, "GiB-second") if memory is None else held.scaled(memory / 1024)
    architecture = "arm64" if "arm64" in texts(inputs(node).get("architectures")) else "x86_64"
    yield Line(
        "Duration",
        held,
        "lambda",
        f"duration, {architecture}",
        formula=f"`requests` × `seconds_per_request` × {show(memory)} MiB ÷ 1024 × price",
        usage="requests" if not requests.known else "seconds_per_request",
    )
    disk = number(get(inputs(node), "ephemeralStorage", "size"), 512)
    if disk is None or disk > 512:
        beyond = None if disk is None else (disk - 512) / 1024
        yield Line(
            "Ephemeral storage",
            requests.scaled(seconds.amount).scaled(Range.exactly(beyond), "GiB-second"),
            "lambda",
            "ephemeral storage",
            f"`requests` × `seconds_per_request` × {show(disk)} MiB less the 512 that are included ÷ 1024 × price",
            "requests" if not requests.known else "seconds_per_request",
        )


@charges_for(
    "aws:secretsmanager/secret:Secret",
    usage={"requests": "calls that read or write the secret a month; left out: needs usage"},
)
def secret(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """A secret by the month, and calls."""
    yield Line(
        "Secret", Quantity.exactly(Decimal(1), "secret-month"), "secrets_manager", "secret", formula="1 secret × price"
    )
    yield Line("Requests", look.use(node, "requests", "request"), "secrets_manager", "requests", usage="requests")


@charges_for(
    "aws:sfn/stateMachine:StateMachine",
    usage={
        "transitions": "state transitions a month, retries included",
        "requests": "executions a month (express only)",
    },
)
def state_machine(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Transitions of a standard state machine."""
    if node.inputs.get("type") == "EXPRESS":
        amount = look.use(node, "requests", "request")
        yield Line("Express executions", amount, "step_functions", "express requests", usage="requests")
        yield Unpriced("Express duration", "no price of the memory that express executions hold is known")
        return
    amount = look.use(node, "transitions", "transition")
    yield Line("State transitions", amount, "step_functions", "transition", usage="transitions")


@charges_for(
    "aws:dynamodb/table:Table",
    usage={
        "stored_gib": "data kept, GiB",
        "reads": "read request units a month",
        "writes": "write request units a month",
    },
)
def table(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """An on-demand table. Provisioned capacity has other SKUs, of which no price is known."""
    yield Line("Storage", look.use(node, "stored_gib", "GiB-month"), "dynamodb", "storage", usage="stored_gib")
    provisioned = node.inputs.get("billingMode", "PROVISIONED") != "PAY_PER_REQUEST"
    for name in ("reads", "writes"):
        sku = f"provisioned {name}" if provisioned else name
        yield Line(name.capitalize(), look.use(node, name, "request"), "dynamodb", sku, usage=name)
    if get(inputs(node), "pointInTimeRecovery", "enabled") is True:
        yield Unpriced("Point-in-time recovery", "no price of the backups of tables is known")


@charges_for("aws:efs/fileSystem:FileSystem", usage={"stored_gib": "data kept in the standard class, GiB"})
def file_system(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Storage in the standard class, and throughput beyond what comes with it."""
    yield Line("Storage", look.use(node, "stored_gib", "GiB-month"), "efs", "standard", usage="stored_gib")
    mode = node.inputs.get("throughputMode", "bursting")
    if mode == "provisioned":
        speed = Quantity.exactly(number(inputs(node).get("provisionedThroughputInMibps")), "MiB/s-month")
        yield Line(
            "Provisioned throughput", speed, "efs", "provisioned throughput", "MiB/s × price, as if nothing came with it",
            why="the throughput is not known before the deployment",
        )  # fmt: skip
    elif mode != "bursting":
        yield Unpriced("Elastic throughput", "no price of data read and written is known")


@charges_for("aws:fsx/lustreFileSystem:LustreFileSystem")
def lustre(node: ResourceNode, _look: Reading) -> Iterator[Item]:
    """Storage at the price of its throughput; backups apart."""
    made = inputs(node)
    kind = made.get("deploymentType") or "SCRATCH_1"
    media = str(made.get("storageType") or "SSD").lower()
    level = "persistent" if isinstance(kind, str) and kind.startswith("PERSISTENT") else "scratch"
    speed = number(made.get("perUnitStorageThroughput"))
    size = Quantity.exactly(number(made.get("storageCapacity")), "GiB-month")
    sku = f"{level} {media}" + (f" {show(speed)}" if speed is not None else "")
    why = "the size is not known before the deployment"
    yield Line("Storage", size, "fsx_lustre", sku, f"{show(size.amount.expected)} GiB × price", why=why)


free(
    "billed by the function",
    "aws:lambda/permission:Permission",
    "aws:lambda/alias:Alias",
    "aws:lambda/layerVersion:LayerVersion",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
)
free(
    "billed by the secret",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    "aws:secretsmanager/secretRotation:SecretRotation",
)
free(
    "billed by the file system",
    "aws:efs/mountTarget:MountTarget",
    "aws:efs/accessPoint:AccessPoint",
    "aws:efs/fileSystemPolicy:FileSystemPolicy",
)
free("billed by the state machine", "aws:sfn/alias:Alias")
