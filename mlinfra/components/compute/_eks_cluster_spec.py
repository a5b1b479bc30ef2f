"""What a blueprint may say about a cluster: its version, who may use it, its add-ons, its system pool."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Context, Range, Ref, Spec, by_environment
from mlinfra.components.compute._node_facts import accelerated, addons, eks_versions, families
from mlinfra.components.compute._node_template import architecture
from mlinfra.errors import UsageError

RESERVED_GROUPS = ("system:", "eks:", "aws:", "amazon:", "iam:")
LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
ExtraAddon = Literal[
    "amazon-cloudwatch-observability",
    "aws-efs-csi-driver",
    "aws-fsx-csi-driver",
    "aws-mountpoint-s3-csi-driver",
    "eks-node-monitoring-agent",
    "snapshot-controller",
]


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise PydanticCustomError(
            "cidr", "`{value}` is not a range of addresses such as `203.0.113.0/24`", {"value": value}
        ) from None


Cidr = Annotated[str, AfterValidator(_network)]


class AccessEntry(Spec):
    """Who may do what with the Kubernetes API."""

    principal_arn: Ref[str]
    """ARN of the IAM role (or user) that is let in."""
    policy: Literal["cluster_admin", "admin", "edit", "view"] | None = "view"
    """What it may do. Left out: view. null: only what `kubernetes_groups` allow."""
    namespaces: tuple[str, ...] = ()
    """Namespaces that the policy is limited to. Left out: the whole cluster."""
    kubernetes_groups: tuple[str, ...] = ()
    """Groups of role bindings of your own that it belongs to. Left out: none."""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.policy == "cluster_admin" and self.namespaces:
            raise PydanticCustomError(
                "access_scope", "`cluster_admin` holds for the whole cluster; with `namespaces` say `admin`"
            )
        if self.policy is None and self.namespaces:
            raise PydanticCustomError("access_scope", "`namespaces` limit a policy, and `policy` is null")
        if self.policy is None and not self.kubernetes_groups:
            raise PydanticCustomError(
                "access_empty", "an access entry without `policy` and without `kubernetes_groups` allows nothing"
            )
        if any(group.startswith(RESERVED_GROUPS) for group in self.kubernetes_groups):
            raise PydanticCustomError(
                "access_group",
                "EKS keeps groups that begin with `system:`, `eks:`, `aws:`, `amazon:` and `iam:` to itself",
            )
        return self


class SystemPool(Spec):
    """Nodes for what keeps the cluster running: DNS, controllers, operators."""

    instance_types: tuple[str, ...] = Field(default=("m7i.large",), min_length=1)
    """Instance types, of one architecture and without accelerators. Left out: m7i.large."""
    min_size: int = Field(default=2, ge=1, le=100)
    """Fewest nodes. Left out: 2, so that one may be replaced."""
    desired_size: int | None = Field(default=None, ge=1, le=100)
    """Nodes to run. Left out: min_size."""
    max_size: int = Field(default=4, ge=1, le=100)
    """Most nodes. Left out: 4."""
    disk_gib: int = Field(default=50, ge=20, le=16384)
    """Disk of a node, GiB (gp3, encrypted). Left out: 50."""
    os: Literal["al2023", "bottlerocket"] = "al2023"
    """Operating system of the nodes. Left out: al2023."""
    dedicated: bool = False
    """Keep everything else away by the taint `CriticalAddonsOnly`; other pods then need a pool of their own. Left out:
    false."""

    @property
    def desired(self) -> int:
        """Nodes to run."""
        return self.min_size if self.desired_size is None else self.desired_size

    @field_validator("instance_types")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for kind in value:
            family, _, size = kind.partition(".")
            if kind in accelerated():
                raise PydanticCustomError(
                    "pool_accelerated", "`{type}` has accelerators: give it to a `gpu_pool`", {"type": kind}
                )
            if family not in families():
                raise PydanticCustomError("instance_type", "`{type}` is not an EC2 instance type", {"type": kind})
            if size not in families()[family]:
                raise PydanticCustomError(
                    "instance_size",
                    "`{type}` is not an EC2 instance type; sizes of `{family}` are {sizes}",
                    {"type": kind, "family": family, "sizes": ", ".join(families()[family])},
                )
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.min_size <= self.desired <= self.max_size:
            raise PydanticCustomError(
                "pool_size",
                "min_size {low}, desired_size {desired}, max_size {high} must not decrease",
                {"low": self.min_size, "desired": self.desired, "high": self.max_size},
            )
        if len({architecture(kind) for kind in self.instance_types}) > 1:
            raise PydanticCustomError(
                "pool_architecture", "the instance types are of two architectures, and one image cannot start both"
            )
        return self


RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3653
]
"""What CloudWatch Logs takes (API reference, PutRetentionPolicy, 2026-11)."""
Key = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=40, examples=["admins", "ml-team"])]


class Expected(Spec):
    """What the cluster will do in a month; for the estimate, never a limit."""

    average_nodes: Range | None = None
    """Nodes of the system pool, on average. Left out: its desired_size."""
    log_ingested_gib: Range = Range.of(1, 10, 60)
    """Control-plane logs, GiB; audit is nearly all of it. Left out: 1 to 60, expected 10."""


class EksClusterSpec(Spec):
    """What a blueprint may say about a cluster."""

    version: str = "1.35"
    """Kubernetes version, in quotes; one minor step up at a time. Left out: 1.35."""
    support: Literal["standard", "extended"] = "standard"
    """What happens when standard support ends: EKS upgrades the cluster by itself, or bills six times the price. Left
    out: standard."""
    access_entries: Mapping[Key, AccessEntry] = {}
    """Who may use the Kubernetes API, by a name of your own. Left out: nobody but the creator (see
    creator_is_admin)."""
    creator_is_admin: bool | None = by_environment(protected=False, otherwise=True)
    """Make whoever creates the cluster its administrator for ever; only its creation looks at this. Left out: false in
    a protected
    environment, where an access entry must say who is; true elsewhere."""
    public_access_cidrs: tuple[Cidr, ...] = ()
    """Ranges of addresses that reach the API from the internet. Left out: none, the API is private."""
    log_types: tuple[LogType, ...] = ("api", "audit", "authenticator")
    """Control-plane logs to keep. Left out: api, audit and authenticator."""
    log_retention_days: RetentionDays = 90
    """Days to keep them. Left out: 90."""
    service_cidr: Cidr | None = None
    """Range of service addresses; it cannot be changed. Left out: EKS takes one of 10.100.0.0/16 and 172.20.0.0/16."""
    control_plane_tier: Literal["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"] = "standard"
    """Capacity of the control plane that is always held ready, for thousands of pods at once. Left out: standard."""
    zonal_shift: bool = True
    """Let traffic be moved out of a zone that is impaired. Left out: true."""
    deletion_protection: bool | None = by_environment(protected=True, otherwise=False)
    """Refuse to delete the cluster; say false and apply before a destroy. Left out: true in a protected environment."""
    oidc_provider: bool = False
    """Make an IAM OIDC provider, for pods that cannot use Pod Identity. Left out: false."""
    encrypt_nodes_with_key: bool = False
    """Encrypt disks of nodes with `key` too, by a grant to Auto Scaling's service-linked role, which must exist in the
    account. Left out:
    false, and EBS's own key encrypts them."""
    addons: tuple[ExtraAddon, ...] = ("eks-node-monitoring-agent",)
    """Add-ons beyond those that every cluster has. Left out: eks-node-monitoring-agent, which node repair acts on."""
    addon_versions: Mapping[str, str] = {}
    """Versions of add-ons, `v1.20.4-eksbuild.2` for instance. Left out: EKS's default for the cluster's version, on
    creation."""
    system_pool: SystemPool = SystemPool()
    """Nodes for what keeps the cluster running. Left out: two m7i.large."""
    expected: Expected = Expected()
    """What to reckon with. Left out: a cluster of moderate use."""

    @field_validator("version", mode="before")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        if isinstance(value, float | int):
            raise PydanticCustomError(
                "eks_version_quotes", "a version is text: write it in quotes, or `1.30` is read as the number 1.3"
            )
        return value

    @field_validator("version")
    @classmethod
    def _offered(cls, value: str) -> str:
        if value not in eks_versions():
            raise PydanticCustomError(
                "eks_version",
                "EKS does not offer Kubernetes `{version}`; it offers {offered}",
                {"version": value, "offered": ", ".join(eks_versions())},
            )
        return value

    @field_validator("access_entries")
    @classmethod
    def _one_for_each(cls, value: Mapping[str, AccessEntry]) -> Mapping[str, AccessEntry]:
        first: dict[str, str] = {}
        for name, entry in value.items():
            if first.setdefault(str(entry.principal_arn), name) != name:
                raise PydanticCustomError(
                    "access_twice",
                    "`{one}` and `{other}` are about the same principal, and EKS takes one entry for each",
                    {"one": first[str(entry.principal_arn)], "other": name},
                )
        return value

    @field_validator("addon_versions")
    @classmethod
    def _of_addons(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name in value:
            if name not in addons():
                raise PydanticCustomError(
                    "addon",
                    "there is no add-on `{name}` here; there are {known}",
                    {"name": name, "known": ", ".join(addons())},
                )
        return value

    @model_validator(mode="after")
    def _supported(self) -> Self:
        known = eks_versions()[self.version]
        if known.extended and self.support == "standard":
            raise PydanticCustomError(
                "eks_version_support",
                "Kubernetes `{version}` left standard support on {end}: EKS would upgrade the cluster by itself; "
                "choose a later version, or `support: extended`, which costs six times as much",
                {"version": self.version, "end": known.standard_until.isoformat()},
            )
        return self

    def filled(self, context: Context) -> Self:
        """The same, with what was left to the environment. Raises UsageError for a cluster that nobody could
        administer.
        """
        found = super().filled(context)
        if not found.creator_is_admin and all(e.policy != "cluster_admin" for e in found.access_entries.values()):
            raise UsageError(
                "nobody would be administrator of the cluster: no access entry has `policy: cluster_admin`",
                hint="name the role that applies the platform layer: "
                "`access_entries: {deploy: {principal_arn: …, policy: cluster_admin}}`",
            )
        return found
