"""Where alarms, budget notices and events go: encrypted topics with e-mail and Slack behind them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import pulumi
import pulumi_aws as aws
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._amounts import times
from mlinfra.components._grammar import (
    Component,
    Context,
    Grant,
    Layer,
    Needs,
    Outputs,
    Range,
    Spec,
    Statement,
    policy,
    trust,
)
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs

Email: TypeAlias = Annotated[
    str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, examples=["ml-team@example.com"])
]
Severity: TypeAlias = Literal["warning", "critical"]
PUBLISHERS = ("budgets", "cloudwatch", "costalerts", "events")
"""AWS services that publish to the topics: budgets, alarms, cost anomalies, and EventBridge rules."""
READ_METRICS = ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics")


def addresses(email: Email | tuple[Email, ...]) -> tuple[str, ...]:
    """One address or several, as several, in order and each once."""
    return tuple(dict.fromkeys((email,) if isinstance(email, str) else email))


class SlackChannel(Spec):
    """A Slack channel. Its workspace is connected once, by hand, in the console of Amazon Q Developer."""

    workspace_id: str = Field(pattern=r"^T[0-9A-Z]{8,}$", examples=["T0123ABCD"])
    """The workspace, `T` and letters and digits. It is in the address of Slack in a browser."""
    channel_id: str = Field(pattern=r"^[CGD][0-9A-Z]{8,}$", examples=["C0123ABCD"])
    """The channel, `C` and letters and digits. It is at the bottom of the channel's details."""


class Critical(Spec):
    """Who is told of what is critical, besides those who are told of everything."""

    email: Email | tuple[Email, ...] = ()
    """Address or addresses, for example of a pager. Left out: none."""
    slack: SlackChannel | None = None
    """A channel of their own. Left out: the channel for everything, if there is one."""


class Expected(Spec):
    """What will be sent in a month; for the estimate, never a limit."""

    notifications: Range = Range.of(5, 100, 1000)
    """Messages to each address. Left out: 5 to 1,000, expected 100."""


class AlertsSpec(Spec):
    """What a blueprint may say about alerts."""

    email: Email | tuple[Email, ...] = ()
    """Address or addresses that are told of everything. Each confirms once, by a link in a mail. Left out: none."""
    slack: SlackChannel | None = None
    """Channel that is told of everything. Left out: none."""
    critical: Critical | None = None
    """Further people for what is critical, which then has a topic of its own. Left out: it goes where all goes."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a platform that is mostly well."""

    @model_validator(mode="after")
    def _somebody_listens(self) -> AlertsSpec:
        if not (addresses(self.email) or self.slack):
            raise PydanticCustomError("nobody_listens", "alerts need somebody to tell: `email`, `slack`, or both")
        if self.critical and not (addresses(self.critical.email) or self.critical.slack):
            raise PydanticCustomError("nobody_listens", "`critical` needs somebody to tell: `email`, `slack`, or both")
        return self


@dataclasses.dataclass(frozen=True, kw_only=True)
class AlertsNeeds(Needs):
    """What alerts can be given."""

    key: EncryptionKeyOutputs | None = None
    """Key to encrypt messages with. Without one they are not encrypted: the key that SNS brings shuts alarms out."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AlertsOutputs(Outputs):
    """What other components may use of alerts. ``critical_topic_arn`` is there if critical messages go elsewhere."""

    topic_arn: pulumi.Output[str]
    critical_topic_arn: pulumi.Output[str] | None = None
    key_arn: pulumi.Output[str] | None = None

    def topic(self, severity: Severity) -> pulumi.Output[str]:
        """ARN of the topic for messages of this severity."""
        return self.critical_topic_arn or self.topic_arn if severity == "critical" else self.topic_arn

    def grant(self, level: Literal["publish"]) -> Grant:
        """Publish to the topics, with the key, or SNS says no."""
        topics = tuple(arn for arn in (self.topic_arn, self.critical_topic_arn) if arn is not None)
        publish = Statement(("sns:Publish",), topics)
        if self.key_arn is None:
            return Grant((publish,))
        return Grant((publish, Statement(("kms:Decrypt", "kms:GenerateDataKey"), (self.key_arn,))))


class Alerts(Component[AlertsSpec, AlertsNeeds, AlertsOutputs]):
    """Creates a topic, a second one if critical messages go to more people, their policies and those who listen."""

    layer = Layer.FOUNDATION

    def build(self, name: str, spec: AlertsSpec, needs: AlertsNeeds) -> AlertsOutputs:
        key_arn = needs.key.arn if needs.key else None
        everybody = addresses(spec.email)
        topic = self._topic(name, key_arn, everybody, spec.expected)
        critical = None
        channels = [("slack", spec.slack, [topic.arn])] if spec.slack else []
        if spec.critical:
            told = tuple(dict.fromkeys(everybody + addresses(spec.critical.email)))
            critical = self._topic(f"{name}-critical", key_arn, told, spec.expected)
            for _, _, topics in channels:
                topics.append(critical.arn)
            if spec.critical.slack:
                channels.append(("critical-slack", spec.critical.slack, [critical.arn]))
        self._slack(name, channels, spec.expected)
        return AlertsOutputs(
            topic_arn=topic.arn, critical_topic_arn=critical.arn if critical else None, key_arn=key_arn
        )

    def _topic(
        self, name: str, key_arn: pulumi.Output[str] | None, emails: Sequence[str], expected: Expected
    ) -> aws.sns.Topic:
        topic = aws.sns.Topic(
            name,
            display_name=f"{self.context.blueprint} {self.context.environment}"[:100],
            kms_master_key_id=key_arn,
            signature_version=2,
            opts=self.child(),
        )
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(topic_policy(topic.arn, self.context)),
            opts=self.child(),
        )
        for email in emails:
            # Named by address, so that adding one leaves the confirmed subscriptions of the others alone.
            aws.sns.TopicSubscription(
                f"{name}-email-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=self.child()
            )
        mails = {"notifications": times(expected.notifications, len(emails))} if emails else {}
        self.expect(topic, requests=expected.notifications, **mails)
        return topic

    def _slack(
        self, name: str, channels: Sequence[tuple[str, SlackChannel, list[pulumi.Output[str]]]], expected: Expected
    ) -> None:
        if not channels:
            return
        role = aws.iam.Role(
            f"{name}-slack-role",
            assume_role_policy=trust("chatbot.amazonaws.com", self.context),
            permissions_boundary=self.context.permissions_boundary,
            opts=self.child(),
        )
        reading = aws.iam.RolePolicy(
            f"{name}-slack-role-policy",
            role=role.name,
            policy=policy(
                [
                    # Messages may be about any alarm.
                    Statement(("cloudwatch:DescribeAlarms",), (self.context.arn("cloudwatch", "alarm:*"),)),
                    Statement(READ_METRICS, ("*",), reason="metrics have no ARN"),
                ]
            ),
            opts=self.child(),
        )
        for part, channel, topics in channels:
            fixed = self.fixed_name(name, part, limit=128)
            listener = aws.chatbot.SlackChannelConfiguration(
                f"{name}-{part}",
                configuration_name=fixed or f"{self.context.blueprint}-{self.context.environment}-{name}-{part}",
                slack_team_id=channel.workspace_id,
                slack_channel_id=channel.channel_id,
                sns_topic_arns=topics,
                iam_role_arn=role.arn,
                # Left out it is AdministratorAccess, and only the role stands between the channel and the account.
                guardrail_policy_arns=[
                    pulumi.Output.concat("arn:", self.context.partition, ":iam::aws:policy/CloudWatchReadOnlyAccess")
                ],
                logging_level="ERROR",
                opts=self.child(depends_on=[reading]),
            )
            self.expect(listener, notifications=times(expected.notifications, len(topics)))


def topic_policy(arn: pulumi.Output[str], context: Context) -> dict[str, Any]:
    """Let AWS services publish for this account only, and nobody without TLS; roles have policies of their own."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Services",
                "Effect": "Allow",
                "Principal": {"Service": [f"{service}.amazonaws.com" for service in PUBLISHERS]},
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": context.account}},
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
