"""The fields of a model server that have fields of their own."""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Range, Ref, Spec
from mlinfra.components._secrets import SecretAddress, SecretRef

KubernetesName: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", examples=["chat", "team-a"])
]


class Model(Spec):
    """The model to serve and where its weights come from: a bucket (`prefix`) or a hub (`hub`)."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$", examples=["qwen3-8b"])
    """Name that callers ask for."""
    prefix: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9!_.*'()-][A-Za-z0-9!_.*'()/-]*$",
        max_length=900,
        examples=["models/qwen3-8b/"],
    )
    """Folder of the bucket `weights` that holds the files of the model. Left out: they come from a hub."""
    hub: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*$", examples=["Qwen/Qwen3-8B"]
    )
    """Model on Hugging Face, `organisation/model`. Left out: the files come from the bucket."""
    revision: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_./-]+$",
        max_length=100,
        examples=["v1.2", "3f1e2d4c5b6a79880716253443526170f8e9dacb"],
    )
    """Commit or tag on the hub. Left out: what is newest when a replica starts, so replicas can differ."""
    size_gib: Decimal = Field(gt=0, le=4096)
    """Size of the files. Disk, memory and the time that a start may take follow from it."""
    load: Literal["download", "stream"] = "download"
    """How files come from the bucket: onto the node's disk first, or straight into the GPU. Left out: download."""

    @model_validator(mode="after")
    def _one_place(self) -> Model:
        if (self.prefix is None) == (self.hub is None):
            raise PydanticCustomError("one_source", "a model comes from `prefix` (a bucket) or from `hub`: say one")
        if self.hub is None and self.revision is not None:
            raise PydanticCustomError("no_revision", "`revision` is of a hub; a bucket has one folder for each version")
        if self.hub is not None and self.load == "stream":
            raise PydanticCustomError("no_stream", "`load: stream` reads from a bucket, not from a hub")
        return self


class SecretReference(Spec):
    """Where a secret is; never what it is. In Secrets Manager (`secret` or `arn`) or Kubernetes (`kubernetes_secret`)."""

    secret: SecretAddress | None = None
    """`aws-secretsmanager://name`, of this account and region, with `#key` for one key of a JSON secret. Left out: `arn`
    or `kubernetes_secret` says where it is."""
    arn: Ref[str] | None = None
    """ARN of a secret in Secrets Manager, with the six characters at its end. Left out: `secret` or `kubernetes_secret`
    says where it is."""
    kubernetes_secret: KubernetesName | None = None
    """Name of a Secret in the namespace of the server. Left out: it is in Secrets Manager."""
    key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$", max_length=253, examples=["token"])
    """Key inside of the secret, beside `arn` and `kubernetes_secret`. Left out: all of its text; a Kubernetes Secret
    always needs one."""
    key_arn: Ref[str] | None = None
    """KMS key that encrypts the secret. Left out: Secrets Manager's own."""

    @model_validator(mode="after")
    def _one_place(self) -> SecretReference:
        if sum(place is not None for place in (self.secret, self.arn, self.kubernetes_secret)) != 1:
            raise PydanticCustomError(
                "one_secret", "a secret is at `secret`, at `arn` or in `kubernetes_secret`: say one"
            )
        if self.secret is not None:
            if SecretRef(secret=self.secret).store == "env":
                raise PydanticCustomError("secret_store", "pods read secrets from Secrets Manager, not from `env://`")
            if self.key is not None:
                raise PydanticCustomError("secret_key_twice", "the key of `secret` stands in it, behind `#`")
        if self.kubernetes_secret is not None and self.key is None:
            raise PydanticCustomError("secret_key", "`kubernetes_secret` needs `key`: which of its values")
        return self

    @property
    def managed(self) -> SecretRef | None:
        """What `secret` names."""
        return None if self.secret is None else SecretRef(secret=self.secret)

    @property
    def fetched(self) -> bool:
        """Whether it is fetched from Secrets Manager."""
        return self.kubernetes_secret is None


class Scaling(Spec):
    """How many replicas there are, by how much they have to do."""

    min: int = Field(default=1, ge=1, le=1000)
    """Replicas at least. From none nothing would wake up: there is no metric without a replica. Left out: 1."""
    max: int = Field(ge=1, le=1000)
    """Replicas at most. Every one takes `gpus` GPUs."""
    metric: Literal["requests", "gpu", "query"] = "requests"
    """What is counted: requests in work or waiting, GPU utilization, or `query`. Left out: requests."""
    target: Decimal | None = Field(default=None, gt=0)
    """How much of it one replica should have. Left out: 32 requests, or 80 % of its GPUs."""
    query: str | None = Field(default=None, max_length=4000)
    """PromQL that gives one number over all replicas, for `metric: query`. Left out: none."""
    cooldown_seconds: int = Field(default=600, ge=0, le=3600)
    """Seconds that load has to be lower before a replica goes. Left out: 600, since starting one again is slow."""

    @model_validator(mode="after")
    def _whole(self) -> Scaling:
        if self.max < self.min:
            raise PydanticCustomError(
                "scaling_order", "max {max} is below min {min}", {"max": self.max, "min": self.min}
            )
        if (self.metric == "query") != (self.query is not None) or (self.metric == "query" and self.target is None):
            raise PydanticCustomError(
                "scaling_query", "`metric: query` takes `query` and `target`; only it takes `query`"
            )
        if self.metric == "gpu" and self.target is not None and self.target > 100:
            raise PydanticCustomError("scaling_target", "GPU utilization is in percent, at most 100")
        return self


class Ingress(Spec):
    """A load balancer in front of the server: private, unless `public_ingress: true` stands beside it."""

    host: str | None = Field(
        default=None,
        pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$",
        max_length=253,
        examples=["chat.example.com"],
    )
    """Name that callers use. Left out: the load balancer's own."""
    certificate_arn: Ref[str] | None = None
    """Certificate for TLS. Left out: plain HTTP, which only a private load balancer may speak."""
    inbound_cidrs: tuple[str, ...] = ()
    """Addresses that may call. Left out: private addresses; a public load balancer has to say."""
    web_acl_arn: Ref[str] | None = None
    """Web application firewall to put before it. Left out: none."""
    idle_timeout_seconds: int = Field(default=300, ge=1, le=4000)
    """Seconds without a byte after which a call is cut off. Left out: 300, for answers that take long to begin."""

    @model_validator(mode="after")
    def _addresses(self) -> Ingress:
        for cidr in self.inbound_cidrs:
            try:
                ipaddress.ip_network(cidr)
            except ValueError:
                raise PydanticCustomError("cidr", "`{cidr}` is not a range like 10.0.0.0/16", {"cidr": cidr}) from None
        return self


class Canary(Spec):
    """A second version that gets a share of the calls through the load balancer."""

    percent: int = Field(ge=1, le=50)
    """Share of the calls."""
    image: Ref[str] | None = None
    """Image to try. Left out: the same."""
    model: Model | None = None
    """Model to try. Left out: the same."""
    args: tuple[Ref[str], ...] | None = None
    """Arguments to try. Left out: the same."""
    replicas: int = Field(default=1, ge=1, le=100)
    """Replicas of it. Left out: 1."""


class Expected(Spec):
    """What will be used in a month; for the estimate, never a limit."""

    processed_gib: Range = Range.of(1, 20, 200)
    """Through the load balancer, GiB. Left out: 1 to 200, expected 20: text is small."""
