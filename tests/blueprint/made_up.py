"""Kinds that exist only in these tests: small, and with every edge that the language has."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi
from pydantic import Field

from mlinfra.components import _registry
from mlinfra.components._grammar import (
    Component,
    Grant,
    Layer,
    Needs,
    Outputs,
    Range,
    Ref,
    Spec,
    by_environment,
    keys_of,
    need,
)
from mlinfra.components._registry import Kind
from mlinfra.components._secrets import SecretRef
from mlinfra.components.security.encryption_key import EncryptionKeyOutputs


class NetSpec(Spec):
    zones: int = Field(default=3, ge=1, le=6)
    """How many zones. Left out: 3."""
    nat: Literal["none", "single", "per_zone"] | None = by_environment(protected="per_zone", otherwise="single")
    """How private subnets reach out."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetNeeds(Needs):
    pass


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetOutputs(Outputs):
    vpc_id: pulumi.Output[str]
    subnet_ids: pulumi.Output[Sequence[str]]
    zone_subnets: pulumi.Output[Mapping[str, str]] | None = None


class Net(Component[NetSpec, NetNeeds, NetOutputs]):
    layer = Layer.FOUNDATION


class Group(Spec):
    record_id: str = Field(pattern=r"^[a-z_]+$")
    features: Mapping[str, Literal["string", "fractional"]] = Field(min_length=1)


class StoreSpec(Spec):
    groups: Mapping[str, Group]
    """Feature groups by name."""
    zones: tuple[str, ...] = ("raw", "curated")
    online: bool = True
    size: int | tuple[str, ...] = 1
    expected: Range = Range.of(1, 2, 3)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StoreNeeds(Needs):
    network: NetOutputs | None = None
    key: EncryptionKeyOutputs | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroupOutputs(Outputs):
    name: pulumi.Output[str]
    count: pulumi.Output[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class StoreOutputs(Outputs):
    arn: pulumi.Output[str]
    groups: Mapping[str, GroupOutputs] = keys_of("groups")
    zones: Mapping[str, GroupOutputs] = keys_of("zones")
    main: GroupOutputs | None = None

    def grant(self, level: Literal["read", "write"]) -> Grant:
        raise NotImplementedError


class Store(Component[StoreSpec, StoreNeeds, StoreOutputs]):
    layer = Layer.FOUNDATION


class ClusterSpec(Spec):
    version: str = "1.34"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterNeeds(Needs):
    network: NetOutputs


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterOutputs(Outputs):
    name: pulumi.Output[str]
    oidc_arn: pulumi.Output[str] | None = None

    def grant(self, level: Literal["connect"]) -> Grant:
        raise NotImplementedError


class Cluster(Component[ClusterSpec, ClusterNeeds, ClusterOutputs]):
    layer = Layer.CLUSTER


class JobSpec(Spec):
    input: Ref[str] | None = None
    steps: Ref[int] = 1
    image: str = "job"
    environment: Mapping[str, Ref[str]] = Field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobNeeds(Needs):
    store: StoreOutputs | None = None
    access: tuple[Grant, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobOutputs(Outputs):
    arn: pulumi.Output[str]

    def grant(self, level: Literal["invoke"]) -> Grant:
        raise NotImplementedError


class Job(Component[JobSpec, JobNeeds, JobOutputs]):
    layer = Layer.FOUNDATION


class ServerSpec(Spec):
    instance_type: Literal["ml.m7i.large", "ml.g5.xlarge"]
    """Instance type. Required."""
    replicas: Ref[int] = 1
    environment: Mapping[str, Ref[str]] = Field(default_factory=dict)
    token: SecretRef | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerNeeds(Needs):
    networks: tuple[NetOutputs, ...] = ()
    cluster: ClusterOutputs | None = need(requires=("oidc_arn",), optional=True)
    access: tuple[Grant, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerOutputs(Outputs):
    url: pulumi.Output[str]
    role_name: pulumi.Output[str]

    def grant(self, level: Literal["invoke"]) -> Grant:
        raise NotImplementedError


class Server(Component[ServerSpec, ServerNeeds, ServerOutputs]):
    layer = Layer.WORKLOADS


class TaskSpec(Spec):
    peer: Ref[str] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskNeeds(Needs):
    access: tuple[Grant, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskOutputs(Outputs):
    role_name: pulumi.Output[str]

    def grant(self, level: Literal["invoke"]) -> Grant:
        raise NotImplementedError


class Task(Component[TaskSpec, TaskNeeds, TaskOutputs]):
    layer = Layer.FOUNDATION


class ChartSpec(Spec):
    values: Mapping[str, Any] = Field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChartNeeds(Needs):
    cluster: ClusterOutputs


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChartOutputs(Outputs):
    status: pulumi.Output[str]


class Chart(Component[ChartSpec, ChartNeeds, ChartOutputs]):
    layer = Layer.PLATFORM


class MadeUp:
    """The shipped ``encryption_key`` and ``bucket``, and what is above."""

    def __init__(self) -> None:
        self.made = {
            name: _registry.describe(name, None, "escape" if name == "chart" else "made_up", cls)
            for name, cls in {
                "net": Net,
                "store": Store,
                "cluster": Cluster,
                "job": Job,
                "server": Server,
                "task": Task,
                "chart": Chart,
            }.items()
        }

    def find(self, name: str) -> Kind:
        return self.made.get(name) or _registry.find(name)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted([*self.made, "bucket", "encryption_key"]))


KINDS = MadeUp()
