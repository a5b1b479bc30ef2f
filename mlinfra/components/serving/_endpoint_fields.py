"""Nested fields of the kind `endpoint`: the model, the fleet, how it scales, how it is replaced, what is watched."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Range, Ref, Spec, by_environment
from mlinfra.components.serving._instance_types import instance_types, similar

Strategy: TypeAlias = Literal["canary", "linear", "rolling", "all_at_once"]


def _known(name: str) -> str:
    if name not in instance_types():
        close = similar(name)
        raise PydanticCustomError(
            "instance_type",
            "`{name}` is not an instance type of SageMaker endpoints{hint}",
            {"name": name, "hint": f"; similar: {', '.join(f'`{item}`' for item in close)}" if close else ""},
        )
    return name


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


InstanceTypeName: TypeAlias = Annotated[str, AfterValidator(_known)]
VERSION = r"^[1-9][0-9]{0,8}$"
Version: TypeAlias = Annotated[
    str,
    BeforeValidator(_text, json_schema_input_type=int | Annotated[str, Field(pattern=VERSION)]),
    Field(pattern=VERSION, examples=["3"]),
]
Image: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9][a-z0-9._/-]*(:[\w.-]{1,128}|@sha256:[a-f0-9]{64})$",
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/serving:1.4.2"],
    ),
]
Artifact: TypeAlias = Annotated[
    str,
    Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*[^/]$", examples=["s3://my-models/fraud/model.tar.gz"]),
]
Folder: TypeAlias = Annotated[
    str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(.*/)?$", examples=["s3://my-models/fraud/"])
]


class Model(Spec):
    """What is served: a version in the model registry (`group`, `version`), or a container image (`image`)."""

    group: str | None = None
    """Group in the model registry. Left out: `image` says what to serve."""
    version: Ref[Version] | None = None
    """Version in the group, a whole number; `group` needs it. Left out: `image` says what to serve."""
    image: Ref[Image] | None = None
    """Image in ECR with its tag or, better, digest: SageMaker pulls from nowhere else. Left out: `group` says it."""
    artifact: Ref[Artifact] | None = None
    """Archive (`.tar.gz`) in S3 that is unpacked to `/opt/ml/model`. Only with `image`. Left out: none."""
    artifact_folder: Ref[Folder] | None = None
    """Folder in S3, ending in `/`, that is copied to `/opt/ml/model`: faster than an archive. Only with `image`. Left
    out: none."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Model:
        if (self.group is None) == (self.image is None):
            raise PydanticCustomError("model", "a model is either `group` and `version`, or `image`")
        if (self.group is None) != (self.version is None):
            raise PydanticCustomError("model", "`group` and `version` come together")
        if self.group is not None and (self.artifact is not None or self.artifact_folder is not None):
            raise PydanticCustomError("model", "a registered version brings its artifact; leave `artifact` out")
        if self.artifact is not None and self.artifact_folder is not None:
            raise PydanticCustomError("model", "either `artifact` or `artifact_folder`")
        return self


class Instances(Spec):
    """How many instances serve. With `min` below `max` the number follows the requests."""

    min: int | None = by_environment(protected=2, otherwise=1, ge=1, le=1000)
    """Fewest instances; two are in two zones. Left out: 2 in a protected environment, 1 elsewhere."""
    max: int | None = by_environment(protected=4, otherwise=1, ge=1, le=1000)
    """Most instances. Left out: 4 in a protected environment, 1 elsewhere, and never below `min`."""

    @model_validator(mode="after")
    def _ordered(self) -> Instances:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise PydanticCustomError(
                "instances", "`min` {low} is above `max` {high}", {"low": self.min, "high": self.max}
            )
        return self


class Scaling(Spec):
    """When instances are added and removed, where `instances` leaves room."""

    invocations_per_minute: int = Field(default=600, ge=1)
    """Requests a minute and instance to aim at: half of what one could answer in a load test. Left out: 600."""
    scale_out_seconds: int = Field(default=60, ge=0, le=3600)
    """Pause after instances were added. Left out: 60."""
    scale_in_seconds: int = Field(default=600, ge=0, le=3600)
    """Pause after instances were removed; long, because a new one takes minutes. Left out: 600."""


class Deployment(Spec):
    """How a new model, image or instance type replaces what serves, and when it is taken back."""

    strategy: Strategy | None = None
    """`canary`: a part of the requests first. `linear`: in equal steps. `rolling`: in batches of instances, without a
    second fleet. `all_at_once`: at once. Left out: canary with two or more instances, all_at_once with one."""
    step_percent: int = Field(default=10, ge=5, le=50)
    """Size of the canary, a step or a batch, per cent of the instances. Left out: 10."""
    wait_seconds: int = Field(default=300, ge=0, le=3600)
    """Time to watch the alarms after each step. Left out: 300."""
    keep_old_seconds: int = Field(default=300, ge=0, le=3600)
    """Time to keep the old fleet after the last step; not for `rolling`. Left out: 300."""
    timeout_seconds: int = Field(default=7200, ge=600, le=28800)
    """Time for the whole replacement; then it is taken back. Left out: 7,200."""

    @model_validator(mode="after")
    def _steps(self) -> Deployment:
        if self.strategy == "linear" and self.step_percent < 10:
            raise PydanticCustomError("steps", "`linear` takes steps of 10 to 50 per cent")
        waits = -(-100 // self.step_percent) if self.strategy == "linear" else 1
        total = waits * self.wait_seconds + self.keep_old_seconds
        if self.strategy != "rolling" and total >= self.timeout_seconds:
            raise PydanticCustomError(
                "waits",
                "{total} s of waiting do not fit into `timeout_seconds` {limit}",
                {"total": total, "limit": self.timeout_seconds},
            )
        return self


class Alarms(Spec):
    """What is wrong with an endpoint. The first two also take a replacement back."""

    error_percent: int = Field(default=1, ge=1, le=100)
    """Requests that the model fails to answer, per cent over five minutes. Left out: 1."""
    latency_ms: int = Field(default=5000, ge=1, le=480_000)
    """Time that the model takes for 99 of 100 requests. Left out: 5,000; set it to what callers can bear."""
    disk_percent: int = Field(default=85, ge=1, le=100)
    """Disk that is used. Left out: 85."""
    memory_percent: int = Field(default=90, ge=1, le=100)
    """Memory that is used. Left out: 90."""


class Shadow(Spec):
    """A second model that gets copies of requests; its answers are measured and thrown away."""

    model: Model
    """What is tried."""
    instance_type: InstanceTypeName | None = None
    """Left out: that of the endpoint."""
    instances: int = Field(default=1, ge=1, le=1000)
    """How many; they do not scale. Left out: 1."""
    percent: int = Field(default=100, ge=1, le=100)
    """Requests that are copied, per cent. Left out: 100."""


class Expected(Spec):
    """What the endpoint will do in a month; for the estimate, never a limit."""

    average_instances: Range | None = None
    """Instances on average. Left out: from `min` to `max`, expected a quarter of the way: load has peaks."""
    processed_gib_in: Range = Range.of(1, 10, 100)
    """Requests, GiB. Left out: 1 to 100, expected 10."""
    processed_gib_out: Range = Range.of(1, 10, 100)
    """Answers, GiB. Left out: 1 to 100, expected 10."""
    logged_gib: Range = Range.of("0.1", 1, 10)
    """What the container writes to its log, GiB. Left out: 0.1 to 10, expected 1."""
    captured_gib: Range = Range.of("0.1", 5, 50)
    """Captures that are kept, where there are any, GiB. Left out: 0.1 to 50, expected 5."""
    captured_objects: Range = Range.of(1_000, 20_000, 200_000)
    """Objects that captures are written to; SageMaker gathers requests of some minutes in each. Left out: 1,000 to
    200,000, expected 20,000."""
