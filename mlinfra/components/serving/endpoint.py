"""A SageMaker real-time endpoint: a model behind a name that stays, replaced step by step and taken back on alarms."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, Self

import pulumi
import pulumi_aws as aws
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import (
    Component,
    Context,
    Grant,
    Layer,
    Needs,
    Outputs,
    Ref,
    Spec,
    Statement,
    by_environment,
    policy,
    trust,
)
from mlinfra.components._secrets import SECRET_NAME
from mlinfra.components.data.bucket import bucket_grant, lifecycle_rules, private_bucket
from mlinfra.components.monitoring.alerts import AlertsOutputs
from mlinfra.components.network.network import NetworkOutputs
from mlinfra.components.registry._given import given
from mlinfra.components.registry.model_registry import ModelRegistryOutputs
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs
from mlinfra.components.serving._endpoint_documents import (
    MAIN,
    between,
    deployment_config,
    fleet,
    in_network,
    running,
    serving,
    strategy_for,
)
from mlinfra.components.serving._endpoint_fields import (
    Alarms,
    Deployment,
    Expected,
    Instances,
    InstanceTypeName,
    Model,
    Scaling,
    Shadow,
)
from mlinfra.components.serving._endpoint_models import Captures, Surroundings, Variant, configuration
from mlinfra.components.serving._endpoint_parts import alarms, scale, security_group
from mlinfra.components.serving._instance_types import instance_types
from mlinfra.errors import UsageError


class EndpointSpec(Spec):
    """What a blueprint may say about an endpoint."""

    instance_type: InstanceTypeName
    """Instance type, `ml.…`."""
    model: Model
    """What is served."""
    environment: Mapping[str, Ref[str]] = Field(default={}, max_length=100)
    """Environment variables of the container; no secrets, which all who may look at the model could read. Left out:
    none."""
    instances: Instances = Instances()
    """How many instances. Left out: 2 to 4 in a protected environment, 1 elsewhere."""
    scaling: Scaling = Scaling()
    """When instances are added. Left out: at 600 requests a minute and instance."""
    deployment: Deployment = Deployment()
    """How what serves is replaced. Left out: by a canary of 10 % that is watched for five minutes."""
    alarms: Alarms = Alarms()
    """What is wrong. Left out: 1 % errors, or 5 seconds for 99 of 100 requests."""
    shadow: Shadow | None = None
    """A second model that gets copies of requests. Left out: none."""
    capture_percent: int | None = by_environment(protected=20, otherwise=0, ge=0, le=100)
    """Requests and answers to keep in a bucket of the endpoint's own, per cent: for drift and audit. Left out: 20 in a
    protected environment, none elsewhere."""
    capture_days: int = Field(default=90, ge=1, le=3650)
    """Days to keep them. Left out: 90."""
    isolated: bool | None = None
    """Let the container reach nothing over the network. Left out: true unless `access` is given, which it would make
    useless."""
    volume_gib: int | None = Field(default=None, ge=1, le=512)
    """Disk of an instance, for image and model. Left out: 30; types with disks of their own take none."""
    startup_seconds: int = Field(default=600, ge=60, le=3600)
    """Time for a container to load its model and answer pings. Left out: 600."""
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653] = 90
    """Days to keep the log. Left out: 90."""
    expected: Expected = Expected()
    """What to reckon with. Left out: moderate load of small requests."""

    @model_validator(mode="after")
    def _fits_the_type(self) -> EndpointSpec:
        kind = instance_types()[self.instance_type]
        if kind.local_nvme and self.volume_gib is not None:
            raise PydanticCustomError(
                "volume", "`{name}` has disks of its own; leave `volume_gib` out", {"name": self.instance_type}
            )
        low, high = self.instances.min, self.instances.max
        if kind.burstable and low is not None and high is not None and low < high:
            raise PydanticCustomError(
                "burstable",
                "SageMaker does not scale `{name}`; give `instances` the same `min` and `max`, or another type",
                {"name": self.instance_type},
            )
        return self

    @field_validator("environment")
    @classmethod
    def _no_secrets(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        for variable in value:
            if SECRET_NAME.search(variable):
                raise PydanticCustomError(
                    "secret_in_plain",
                    "`{variable}` is the name of a secret, and all who may look at the model could read it; "
                    "let the container fetch it, by the role's `access`",
                    {"variable": variable},
                )
        return value

    def filled(self, context: Context) -> Self:
        """The same, with what was left to the environment. Raises RefusedError for a fleet that SageMaker would refuse."""
        found = super().filled(context)
        low, _ = fleet(found.instances, found.instance_type)
        strategy_for(found.deployment, low)
        return found

    def groups(self) -> Mapping[str, str]:
        """The groups of the registry that are served, by the field that names each."""
        models = {"model": self.model, **({"shadow.model": self.shadow.model} if self.shadow else {})}
        return {f"{where}.group": model.group for where, model in models.items() if model.group is not None}


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndpointNeeds(Needs):
    """What an endpoint can be given."""

    registry: ModelRegistryOutputs | None = None
    """Where the model is registered. Required with `model.group`."""
    network: NetworkOutputs | None = None
    """Network to run in, in its private subnets. Without one SageMaker's own network is used."""
    key: EncryptionKeyOutputs | None = None
    """Key to encrypt disks, captures and the log with. Without one AWS's keys encrypt."""
    alerts: AlertsOutputs | None = None
    """Where alarms are told. Without it they only take replacements back."""
    access: tuple[Grant, ...] = ()
    """What the container may do."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndpointOutputs(Outputs):
    """What other components may use of an endpoint."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    variant: pulumi.Output[str] | None = None
    role_name: pulumi.Output[str] | None = None
    log_group: pulumi.Output[str] | None = None
    security_group_id: pulumi.Output[str] | None = None
    captures_bucket: pulumi.Output[str] | None = None
    captures_uri: pulumi.Output[str] | None = None
    errors_alarm: pulumi.Output[str] | None = None
    latency_alarm: pulumi.Output[str] | None = None

    def grant(self, level: Literal["invoke"]) -> Grant:
        """Ask the model."""
        actions = ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream")
        return Grant((Statement(actions, (self.arn,)),))


class Endpoint(Component[EndpointSpec, EndpointNeeds, EndpointOutputs]):
    """Creates role, log, models, configuration, alarms, endpoint and scaling."""

    layer = Layer.WORKLOADS

    @classmethod
    def requirements(cls, spec: EndpointSpec) -> Mapping[str, str]:
        """Groups are those of a registry."""
        groups = " and ".join(f"`{group}`" for group in dict.fromkeys(spec.groups().values()))
        return {"registry": f"{groups} is served from it"} if groups else {}

    @classmethod
    def conflicts(cls, spec: EndpointSpec, given: Mapping[str, Spec]) -> Mapping[str, str]:
        """Groups have to be in the registry that is given."""
        known = getattr(given.get("registry"), "groups", None)
        if not isinstance(known, Mapping | tuple):
            return {}
        there = ", ".join(f"`{group}`" for group in known)
        return {
            where: f"the model registry has no group `{group}`; it has {there}"
            for where, group in spec.groups().items()
            if group not in known
        }

    def build(self, name: str, spec: EndpointSpec, needs: EndpointNeeds) -> EndpointOutputs:
        low, high = fleet(spec.instances, spec.instance_type)
        strategy = strategy_for(spec.deployment, low)
        key_arn = needs.key.arn if needs.key else None
        fixed = self.fixed_name(name, limit=63) or self._plain_name(name)
        log = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/sagemaker/Endpoints/{fixed}",
            retention_in_days=spec.log_days,
            kms_key_id=key_arn,
            opts=self.child(),
        )
        bucket = self._captures(name, spec.capture_days, key_arn) if spec.capture_percent else None
        uri = pulumi.Output.concat("s3://", bucket.bucket, "/captures") if bucket else None
        group = security_group(self, name, needs.network, needs.access) if needs.network else None
        if group is None and any(grant.ports for grant in needs.access):
            raise UsageError(
                f"endpoint `{name}` is granted a port, and is in no network",
                hint="give it `network`, or drop that access",
            )
        role, rights = self._role(name, fixed, spec, needs, bucket)
        config = configuration(
            name,
            spec.model,
            Variant(spec.instance_type, low, spec.volume_gib, spec.startup_seconds),
            spec.shadow,
            captures=Captures(uri, spec.capture_percent) if uri is not None and spec.capture_percent else None,
            around=Surroundings(
                component=self,
                role=role,
                rights=rights,
                registry=needs.registry,
                network=needs.network,
                security_group=group,
                key_arn=key_arn,
                environment={key: given(value) for key, value in spec.environment.items()},
                isolated=not needs.access if spec.isolated is None else spec.isolated,
            ),
        )
        watched = alarms(self, name, fixed, spec.alarms, needs.alerts)
        endpoint = aws.sagemaker.Endpoint(
            name,
            name=fixed,
            endpoint_config_name=config.name,
            deployment_config=deployment_config(spec.deployment, strategy, [alarm.name for alarm in watched]),
            opts=self.child(depends_on=[log, rights]),
        )
        usage = spec.expected
        self.expect(log, ingested_gib=usage.logged_gib)
        if bucket:
            written = usage.captured_objects
            self.expect(bucket, stored_gib=usage.captured_gib, put_requests=written, get_requests=written)
        self.expect(
            endpoint,
            average_instances=usage.average_instances or between(low, high),
            processed_gib_in=usage.processed_gib_in,
            processed_gib_out=usage.processed_gib_out,
        )
        if low < high:
            scale(self, name, spec.scaling, endpoint, between=(low, high))
        return EndpointOutputs(
            name=endpoint.name,
            arn=endpoint.arn,
            variant=pulumi.Output.from_input(MAIN),
            role_name=role.name,
            log_group=log.name,
            security_group_id=group.id if group else None,
            captures_bucket=bucket.bucket if bucket else None,
            captures_uri=uri,
            errors_alarm=watched[0].name,
            latency_alarm=watched[1].name,
        )

    def _plain_name(self, name: str) -> str:
        plain = f"{self.context.blueprint}-{self.context.environment}-{name}".replace("_", "-")
        return plain[:63].rstrip("-")

    def _captures(self, name: str, days: int, key_arn: pulumi.Output[str] | None) -> aws.s3.Bucket:
        return private_bucket(
            self,
            f"{name}-captures",
            physical_name=self.fixed_name(name, "captures", limit=63),
            key_arn=key_arn,
            deletion="retain" if self.context.protected else "delete",
            lifecycle=lifecycle_rules(1, days),
        )

    def _role(
        self, name: str, fixed: str, spec: EndpointSpec, needs: EndpointNeeds, captures: aws.s3.Bucket | None
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        key_arn = needs.key.arn if needs.key else None
        allowed: list[Statement | Grant] = [*running(self.context, f"/aws/sagemaker/Endpoints/{fixed}")]
        models = [spec.model, *([spec.shadow.model] if spec.shadow else [])]
        allowed += [statement for model in models for statement in serving(self.context, model)]
        if needs.registry:
            allowed.append(bucket_grant(needs.registry.bucket_arn, needs.registry.key_arn, "read"))
        if needs.network:
            allowed += in_network(self.context, needs.network.vpc_id)
        if captures:
            allowed.append(bucket_grant(captures.arn, key_arn, "write", "captures/"))
        if needs.key:
            mine = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
            allowed += [needs.key.grant("encrypt"), Statement(("kms:CreateGrant",), (needs.key.arn,), conditions=mine)]
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=trust("sagemaker.amazonaws.com", self.context),
            permissions_boundary=self.context.permissions_boundary,
            opts=self.child(),
        )
        rights = aws.iam.RolePolicy(
            f"{name}-role-policy", role=role.name, policy=policy([*allowed, *needs.access]), opts=self.child()
        )
        return role, rights
