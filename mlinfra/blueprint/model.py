"""What a blueprint may say (pydantic), and what it comes to for one environment: a ``Deployment``."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

import pulumi
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mlinfra.blueprint.source import Span
from mlinfra.components._context import Context, Layer
from mlinfra.components._documented import Documented
from mlinfra.components._registry import Kind
from mlinfra.components._spec import OutputPath, Reference, Spec
from mlinfra.errors import Diagnostic

LANGUAGE = 1
"""The version of the language that this package reads."""

COMPONENT_NAME = r"^[a-z][a-z0-9_]{0,23}$"
ENVIRONMENT_NAME = r"^[a-z][a-z0-9]{0,11}$"
VARIABLE_NAME = r"^[a-z][a-z0-9_]{0,39}$"
ROLE_ARN = r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$"
POLICY_ARN = r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$"
STAND_IN_ACCOUNT = "123456789012"
"""The account that offline work reckons with where a blueprint names none."""


def _account(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        raise PydanticCustomError(
            "account_number", 'an account is text: put the 12 digits into quotes ("111111111111")'
        )
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{12}", value):
        raise PydanticCustomError("account_digits", "an account is 12 digits in quotes")
    return value


def _amount(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("amount", "an amount is a number, without currency and quotes")
    return Decimal(str(value))


def _date(value: object) -> object:
    try:
        return datetime.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise PydanticCustomError("date", "a date is written YYYY-MM-DD") from None


Account = Annotated[str, BeforeValidator(_account), Field(pattern=r"^[0-9]{12}$", examples=["123456789012"])]
RoleArn = Annotated[str, Field(pattern=ROLE_ARN, examples=["arn:aws:iam::123456789012:role/deployer"])]
ComponentName = Annotated[str, Field(pattern=COMPONENT_NAME, examples=["lake", "feature_store"])]
EnvironmentName = Annotated[str, Field(pattern=ENVIRONMENT_NAME, examples=["dev", "production"])]
VariableName = Annotated[str, Field(pattern=VARIABLE_NAME, examples=["instance_type"])]
StateAddress = Annotated[
    str,
    Field(
        pattern=r"^(file|s3|https|azblob|gs)://\S*$",
        examples=["s3://my-state/platform?region=eu-west-1", "https://api.pulumi.com"],
    ),
]
SecretsProvider = Annotated[
    str,
    Field(pattern=r"^(passphrase|awskms://\S+)$", examples=["passphrase", "awskms://alias/my-key?region=eu-west-1"]),
]
TagValue = Annotated[str, Field(max_length=256, pattern=r"^[\w\s.:/=+@-]*$", examples=["ml-platform"])]


def _tag(value: str) -> str:
    if value.lower().startswith(("aws:", "mlinfra:")):
        raise PydanticCustomError(
            "tag_reserved", "tags that start with `aws:` or `mlinfra:` are set by AWS and by mlinfra"
        )
    return value


TagKey = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=r"^[\w\s.:/=+@-]+$", examples=["team", "example.com/team"]),
    AfterValidator(_tag),
]
Tags = Annotated[dict[TagKey, TagValue], Field(max_length=40)]
"""AWS takes 50 on a resource, and some are mlinfra's and its tools' own."""


class Document(Documented):
    """Base of what stands in the file: unknown keys are errors, values keep the type that they are written with,
    nothing changes later.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(Document):
    """A typed input of the blueprint."""

    type: Literal["string", "integer", "number", "boolean", "list"] = "string"
    """What values it takes. Left out: string."""
    default: str | int | float | bool | list[str | int | float | bool] | None = None
    """The value where nobody gives one. Left out: one must be given."""
    allowed: list[str | int | float | bool] | None = Field(default=None, min_length=1)
    """The only values that it takes."""
    description: str | None = None
    """What it is for."""


class Budget(Document):
    """What an environment may cost."""

    monthly_usd: Annotated[Decimal, BeforeValidator(_amount), Field(gt=0)]
    """The limit, US dollars a month."""


class Waiver(Document):
    """A review finding that is accepted, by whom it is explained and until when."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]*$", examples=["public-bucket"])]
    """The rule that found it."""
    component: ComponentName | None = None
    """The component that it is accepted for. Left out: all."""
    reason: Annotated[str, StringConstraints(min_length=10)]
    """Why, for whoever reads this in a year."""
    expires: Annotated[datetime.date, BeforeValidator(_date)]
    """The last day that it counts, YYYY-MM-DD."""


class Environment(Document):
    """One place to deploy to, and how it differs. The same keys stand in `environments/<name>.yaml`."""

    account: Account | None = None
    """AWS account, 12 digits in quotes. Left out: a stand-in, which does for everything offline."""
    region: str | None = None
    """AWS region. Required, here or in the environment's file."""
    protected: bool = False
    """Production: data is retained, and other defaults are careful too. Left out: false."""
    components: dict[str, dict[str, Any] | None] = Field(default_factory=dict)
    """What differs from the blueprint's components: mappings merge, lists replace, null removes."""
    variables: dict[str, Any] = Field(default_factory=dict)
    """Values of variables here."""
    budget: Budget | None = None
    """What the environment may cost."""
    state: StateAddress | None = None
    """Where Pulumi keeps the state: `file://…`, `s3://bucket/prefix?region=…`, or `https://api.pulumi.com`.

    Left out: this machine.
    """
    secrets: SecretsProvider | None = None
    """What encrypts secrets in the state: `passphrase` or `awskms://…`."""
    assume_role: RoleArn | None = None
    """ARN of the role to take on for everything that is done in the account."""
    permissions_boundary: str | None = None
    """What bounds every role: the ARN of a policy, or the name of a component of kind `permissions_boundary`."""
    waivers: list[Waiver] = Field(default_factory=list)
    """Findings of a review that are accepted here."""
    tags: Tags = Field(default_factory=dict)
    """Tags on everything here."""


class Blueprint(Document):
    """A platform: its components, its variables, and the environments that it is deployed to."""

    mlinfra: Literal[1]
    """Version of the language: 1."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,28}$", examples=["fraud-detection"])]
    """Becomes part of every name: lower-case letters, digits and hyphens, 2 to 29 characters, first a letter."""
    description: str | None = None
    """What the platform is for."""
    owner: TagValue | None = None
    """Who answers for it: a tag on everything."""
    cost_center: TagValue | None = None
    """Who pays: a tag on everything."""
    tags: Tags = Field(default_factory=dict)
    """More tags on everything."""
    variables: dict[VariableName, Variable] = Field(default_factory=dict)
    """Typed inputs, used as `${var.name}`."""
    environments: dict[EnvironmentName, Environment | None] = Field(default_factory=dict)
    """Where it is deployed to, by name: lower-case letters and digits, at most 12 characters."""
    components: dict[str, Any] = Field(min_length=1)
    """What it consists of, by name: lower-case letters, digits and underscores, at most 24 characters."""


@dataclass(frozen=True, slots=True)
class LateGrant:
    """Access that is given after both sides exist: a policy on the holder's role, in the later layer of the two."""

    holder: str
    target: str
    level: str
    layer: Layer

    @property
    def name(self) -> str:
        """The logical name of the policy."""
        return f"{self.holder}-access-{self.target}"


@dataclass(frozen=True, kw_only=True, eq=False)
class DeployedComponent:
    """One component of a deployment, checked and wired.

    Exactly one of ``spec`` and ``existing`` is set. ``bindings`` holds the needs that are filled, by field: one
    component name, or several
    where the need takes many. ``access`` is what the component's own policy grants (target to level);
    ``late_access`` comes afterwards.
    ``imports`` are the ids of what exists in the cloud and is taken over, by the logical name of the child.
    ``origins`` says for each value, by its path, where it was written.
    """

    name: str
    kind: Kind
    layer: Layer
    spec: Spec | None
    existing: Spec | None = None
    bindings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inferred: frozenset[str] = frozenset()
    access: Mapping[str, str] = field(default_factory=dict)
    late_access: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    depends_on: tuple[str, ...] = ()
    references: tuple[OutputPath, ...] = ()
    source: Span = field(default_factory=Span)
    origins: Mapping[tuple[str, ...], Span] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def existing_values(self, lookup: Callable[[OutputPath], Any]) -> dict[str, Any]:
        """The arguments of ``Outputs.of`` for what is brought along, references replaced by what ``lookup`` gives."""
        return {} if self.existing is None else given(self.existing.resolved(lookup))


def given(spec: Spec) -> dict[str, Any]:
    """The fields of a Spec that were written, nested ones as mappings; outputs stay as they are."""
    return {name: _plain(getattr(spec, name)) for name in type(spec).model_fields if name in spec.model_fields_set}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return given(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, kw_only=True, eq=False)
class Deployment:
    """A blueprint in one environment: what to build, in which layers, in which order.

    ``account`` is a stand-in where the environment names none (``account_is_stand_in``). ``tags`` are those on
    everything, ``owner`` and
    ``cost-center`` included. ``permissions_boundary`` is the ARN of a policy; ``permissions_boundary_component``
    names a component instead.
    ``sets`` are the ``path=value`` that were laid over it.
    ``layers`` has only the layers that hold something, first to last; their components stand in dependency order.
    """

    blueprint: str
    environment: str
    account: str
    account_is_stand_in: bool
    region: str
    layers: Mapping[Layer, tuple[DeployedComponent, ...]]
    file: str | None = None
    files: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    description: str | None = None
    protected: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    permissions_boundary: str | None = None
    permissions_boundary_component: str | None = None
    budget: Budget | None = None
    state: str | None = None
    secrets: str | None = None
    assume_role: str | None = None
    waivers: tuple[Waiver, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    late_grants: tuple[LateGrant, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @cached_property
    def components(self) -> Mapping[str, DeployedComponent]:
        """All components by name, in the order in which they are built."""
        return {component.name: component for layer in self.layers.values() for component in layer}

    def __iter__(self) -> Iterator[DeployedComponent]:
        return iter(self.components.values())

    def context(self, permissions_boundary: str | pulumi.Output[str] | None = None) -> Context:
        """Where the components are built; the argument is the ARN of the boundary where a component gives it."""
        return Context(
            blueprint=self.blueprint,
            environment=self.environment,
            account=self.account,
            region=self.region,
            protected=self.protected,
            tags=dict(self.tags),
            permissions_boundary=permissions_boundary or self.permissions_boundary,
        )


def references_in(value: Any) -> Iterator[Reference]:
    """Every reference inside of a value, in the order in which it is written."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Spec):
        for name in type(value).model_fields:
            yield from references_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references_in(item)
