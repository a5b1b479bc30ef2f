"""What SNS, SQS and EventBridge cost: requests and deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.cost.charges._lines import Free, Item, Line, Unpriced
from mlinfra.cost.charges._reading import Reading, known
from mlinfra.cost.charges._registry import charges_for, free
from mlinfra.cost.model import Quantity
from mlinfra.graph.model import ResourceNode

TOPIC = "aws:sns/topic:Topic"
EMAIL = ("email", "email-json")
HTTP = ("http", "https")


@charges_for(
    TOPIC,
    usage={
        "requests": "messages published a month, each begun 64 KiB counts; left out: as many as `notifications`",
        "notifications": "e-mails delivered a month, over all subscriptions; left out: stated on the subscriptions",
    },
)
def topic(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Publishing, and e-mails where their number is stated on the topic. Other deliveries are on the subscriptions."""
    requests, key = look.use(node, "requests", "request"), "requests"
    emails = look.use(node, "notifications", "notification")
    if not requests.known and emails.known:
        # Each message is delivered at least once, so this is an upper bound.
        requests, key = Quantity(emails.amount, "request"), "notifications"
    yield Line("Requests", requests, "sns", "requests", usage=key)
    if emails.known:
        yield Line("E-mail notifications", emails, "sns", "email notifications", usage="notifications")


@charges_for(
    "aws:sns/topicSubscription:TopicSubscription",
    usage={"notifications": "messages delivered to e-mail or HTTP a month"},
)
def subscription(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Delivery by e-mail and HTTP costs; to SQS and Lambda it is free."""
    protocol = node.inputs.get("protocol")
    to = look.referred(node.inputs.get("topic"), TOPIC)
    counted = to is not None and look.use(to, "notifications", "notification").known
    if protocol in ("sqs", "lambda"):
        yield Free("deliveries to SQS and Lambda cost nothing")
    elif protocol in EMAIL and counted:
        yield Free("its e-mails are counted on the topic")
    elif protocol in EMAIL or protocol in HTTP:
        sku = "email notifications" if protocol in EMAIL else "http notifications"
        yield Line("Notifications", look.use(node, "notifications", "notification"), "sns", sku, usage="notifications")
    else:
        shown = protocol if isinstance(protocol, str) and known(protocol) else "an unknown protocol"
        yield Unpriced("Notifications", f"no price of deliveries by {shown} is known")


@charges_for(
    "aws:sqs/queue:Queue", usage={"requests": "calls a month, each begun 64 KiB counts; a message takes about three"}
)
def queue(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Requests of a standard or FIFO queue."""
    sku = "fifo requests" if node.inputs.get("fifoQueue") is True else "standard requests"
    yield Line("Requests", look.use(node, "requests", "request"), "sqs", sku, usage="requests")


@charges_for(
    "aws:cloudwatch/eventBus:EventBus", usage={"events": "custom events published a month, each begun 64 KiB counts"}
)
def event_bus(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Custom events. Events of AWS services on the default bus are free."""
    yield Line("Custom events", look.use(node, "events", "event"), "eventbridge", "custom events", usage="events")


@charges_for(
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
    usage={"notifications": "messages delivered to the channel a month"},
)
def channel(node: ResourceNode, look: Reading) -> Iterator[Item]:
    """Chatbot itself is free; SNS bills each delivery to it like one to any web address."""
    sent = look.use(node, "notifications", "notification")
    yield Line("Notifications", sent, "sns", "http notifications", usage="notifications")


free(
    "events of AWS services cost nothing to match and deliver",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudwatch/eventPermission:EventPermission",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
)
free(
    "a policy",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
)
