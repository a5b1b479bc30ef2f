"""What Lambda, Step Functions, Secrets Manager, DynamoDB and EFS cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlinfra.cost.charges._lines import Item, Line
from mlinfra.cost.charges._reading import Reading, inputs, number, show, texts
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import Quantity
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


@charges_for("aws:sfn/stateMachine:StateMachine", usage={"transitions": "state transitions a month, retries included"})
def state_machine(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Transitions of a standard state machine."""
    if node.inputs.get("type") == "EXPRESS":
        amount = look.use(node, "requests", "request")
        yield Line("Express executions", amount, "step_functions", "express requests", usage="requests")
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


@charges_for("aws:efs/fileSystem:FileSystem", usage={"stored_gib": "data kept in the standard class, GiB"})
def file_system(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Storage in the standard class."""
    yield Line("Storage", look.use(node, "stored_gib", "GiB-month"), "efs", "standard", usage="stored_gib")


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
