"""What a blueprint may say about a GPU pool, and what follows from it: image, labels, taints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mlinfra.components._grammar import Range, Ref, Spec
from mlinfra.components.compute._gpu_sharing import MIG_GPUS, Sharing
from mlinfra.components.compute._node_facts import Accelerated, Image, accelerated, images

AmiVersion = Annotated[str, Field(pattern=r"^(v\d{8}|v?\d+\.\d+\.\d+|latest)$", examples=["v20260810", "1.40.0"])]
LabelKey = Annotated[
    str,
    Field(pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$", examples=["team", "example.com/team"]),
]
LabelValue = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$", max_length=63, examples=["research"])
]
ReservationId = Annotated[str, Field(pattern=r"^cr-[0-9a-f]{8,17}$", examples=["cr-0123456789abcdef0"])]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$", examples=["subnet-0123456789abcdef0"])]
RESERVED_LABELS = ("karpenter.sh/", "karpenter.k8s.aws/", "kubernetes.io/", "eks.amazonaws.com/")


class Taint(Spec):
    """What keeps pods away that do not tolerate it."""

    key: LabelKey
    """Key of the taint."""
    value: LabelValue = "true"
    """Value of the taint. Left out: true."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """What happens to pods that do not tolerate it. Left out: NoSchedule."""


class Expected(Spec):
    """What the pool will run; for the estimate, never a limit."""

    average_nodes: Range | None = None
    """Nodes of the pool, on average. Left out: desired_size of a managed pool; with Karpenter none to max_size, half of
    it expected."""


class GpuPoolSpec(Spec):
    """What a blueprint may say about a pool of nodes with NVIDIA GPUs, Inferentia or Trainium."""

    instance_types: tuple[str, ...] = Field(min_length=1, max_length=20)
    """Instance types, of one maker of accelerators and one architecture: `[g6e.xlarge, g6e.2xlarge]`."""
    provisioner: Literal["managed", "karpenter"] = "managed"
    """managed: a node group of fixed size, in the cluster layer. karpenter: nodes come when pods wait, in the platform
    layer.
    Left out: managed."""
    capacity: Literal["on_demand", "spot", "reservation", "capacity_block"] = "on_demand"
    """How the instances are bought. Left out: on_demand."""
    reservation_id: Ref[ReservationId] | None = None
    """The capacity reservation (`cr-…`) or capacity block to run in. Left out: only allowed with on_demand and spot."""
    subnet_id: Ref[SubnetId] | None = None
    """The subnet of the nodes: the one in the zone of the reservation. Left out: every private subnet of the cluster;
    the first one with EFA
    or a reservation, which live in one zone."""
    min_size: int = Field(default=0, ge=0, le=1000)
    """Fewest nodes of a managed pool. Left out: 0."""
    desired_size: int | None = Field(default=None, ge=0, le=1000)
    """Nodes of a managed pool; nothing but you changes it. Left out: 1, or min_size if that is more."""
    max_size: int = Field(default=4, ge=1, le=1000)
    """Most nodes. With Karpenter a limit of accelerators follows from it. Left out: 4."""
    os: Literal["al2023", "bottlerocket"] = "al2023"
    """Operating system of the nodes. Left out: al2023."""
    ami_version: AmiVersion = "latest"
    """Release of the node image with Karpenter: `v20260810` for al2023. Left out: latest; pin it where a change of
    nodes would hurt."""
    disk_gib: int = Field(default=200, ge=50, le=16384)
    """Disk of a node, GiB (gp3, encrypted); images of model servers take 10 to 20 each. Left out: 200."""
    disk_throughput_mibps: int = Field(default=600, ge=125, le=1000)
    """Throughput of the disk, MiB/s: how fast images unpack. Left out: 600."""
    local_disks: bool = True
    """Join the instance's own NVMe disks and put images and scratch space there, where it has some. Left out: true."""
    efa: bool = False
    """Network interfaces for training across nodes, in a placement group. Takes one instance type that has EFA. Left
    out: false."""
    sharing: Sharing = Sharing()
    """How pods share a GPU. Left out: they do not."""
    tainted: bool = True
    """Keep pods without accelerators away by a taint (`nvidia.com/gpu` or `aws.amazon.com/neuron`). Left out: true."""
    taints: tuple[Taint, ...] = ()
    """Further taints. Left out: none."""
    labels: Mapping[LabelKey, LabelValue] = {}
    """Further labels. Left out: none."""
    empty_minutes: int = Field(default=10, ge=0, le=1440)
    """Minutes that Karpenter keeps a node without pods. Left out: 10."""
    expire_days: int | None = Field(default=30, ge=1, le=365)
    """Days after which Karpenter replaces a node. null: never, as always with EFA. Left out: 30."""
    expected: Expected = Expected()
    """What to reckon with. Left out: what the sizes say."""

    @property
    def instances(self) -> tuple[Accelerated, ...]:
        """What is known about the instance types."""
        return tuple(accelerated()[name] for name in self.instance_types)

    @property
    def first(self) -> Accelerated:
        """The instance type that speaks for all where they are alike: maker and architecture."""
        return self.instances[0]

    @property
    def image(self) -> Image:
        """The node image."""
        return images()[self.os, self.first.architecture, self.first.maker]

    @property
    def desired(self) -> int:
        """Nodes of a managed pool."""
        return max(1, self.min_size) if self.desired_size is None else self.desired_size

    @property
    def one_zone(self) -> bool:
        """Whether all nodes have to be in one zone."""
        return self.efa or self.capacity in ("reservation", "capacity_block")

    @property
    def raid(self) -> bool:
        """Whether the instance's own disks are used: Amazon Linux does it by user data, and only where each type has
        some.
        """
        return self.local_disks and self.os == "al2023" and all(each.local_disk_gb for each in self.instances)

    @property
    def average_nodes(self) -> Range:
        """What to reckon with."""
        if self.expected.average_nodes is not None:
            return self.expected.average_nodes
        if self.provisioner == "managed":
            return Range.of(self.desired)
        return Range.of(0, (self.max_size + 1) // 2, self.max_size)

    def node_labels(self, name: str) -> Mapping[str, str]:
        """Labels of the nodes: whose they are, what they carry, and how it is shared."""
        known = {"mlinfra/pool": name, "mlinfra/accelerator": self.first.maker}
        if self.first.maker == "nvidia" and not self.image.has_device_plugin:
            # The device plugin runs where this label is; on images that have their own it must not.
            known["nvidia.com/gpu.present"] = "true"
        return {**known, **self.sharing.labels, **self.labels}

    def node_taints(self) -> tuple[Taint, ...]:
        """Taints of the nodes."""
        return (*((Taint(key=self.first.resource),) if self.tainted else ()), *self.taints)

    @field_validator("instance_types")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in accelerated():
                family = name.partition(".")[0]
                near = [each for each in accelerated() if each.startswith(f"{family}.")]
                raise PydanticCustomError(
                    "instance_type",
                    "`{name}` is not an instance type with NVIDIA GPUs, Inferentia or Trainium; {known}",
                    {
                        "name": name,
                        "known": f"family {family} has {', '.join(near)}"
                        if near
                        else "families are " + ", ".join(sorted({each.partition(".")[0] for each in accelerated()})),
                    },
                )
        first = accelerated()[value[0]]
        for other in (accelerated()[name] for name in value[1:]):
            if (other.maker, other.architecture) != (first.maker, first.architecture):
                raise PydanticCustomError(
                    "instance_types_mixed",
                    "`{first}` and `{other}` need different node images: make two pools",
                    {"first": first.type, "other": other.type},
                )
        return value

    @field_validator("labels")
    @classmethod
    def _free(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for key in value:
            if key.startswith(RESERVED_LABELS):
                raise PydanticCustomError(
                    "label", "label `{key}` is reserved by Kubernetes, EKS or Karpenter", {"key": key}
                )
        return value

    @model_validator(mode="after")
    def _image_exists(self) -> Self:
        if (self.os, self.first.architecture, self.first.maker) not in images():
            raise PydanticCustomError(
                "gpu_image",
                "there is no {os} image for `{type}`; say `os: al2023`",
                {"os": self.os, "type": self.first.type},
            )
        dated = self.ami_version.startswith("v2") and len(self.ami_version) == 9
        if self.ami_version != "latest" and dated is not (self.os == "al2023"):
            raise PydanticCustomError(
                "ami_version",
                "`{version}` is not a release of {os}: al2023 has `v20260810`, bottlerocket `1.40.0`",
                {"version": self.ami_version, "os": self.os},
            )
        if self.provisioner == "managed" and self.ami_version != "latest":
            raise PydanticCustomError(
                "ami_version", "EKS chooses the image of a managed pool; `ami_version` is for Karpenter"
            )
        return self

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if self.provisioner == "karpenter" and (self.min_size or self.desired_size is not None):
            raise PydanticCustomError(
                "pool_size", "Karpenter starts nodes when pods wait: leave out `min_size` and `desired_size`"
            )
        if self.provisioner == "managed" and not self.min_size <= self.desired <= self.max_size:
            raise PydanticCustomError(
                "pool_size",
                "min_size {low}, desired_size {desired}, max_size {high} must not decrease",
                {"low": self.min_size, "desired": self.desired, "high": self.max_size},
            )
        if self.provisioner == "karpenter" and (slices := [each.type for each in self.instances if each.fraction < 1]):
            raise PydanticCustomError(
                "gpu_slice",
                "`{type}` has a part of a GPU, which Karpenter does not count; say `provisioner: managed`",
                {"type": slices[0]},
            )
        return self

    @model_validator(mode="after")
    def _capacity_fits(self) -> Self:
        reserved = self.capacity in ("reservation", "capacity_block")
        if reserved is not (self.reservation_id is not None):
            raise PydanticCustomError(
                "reservation",
                "`reservation_id` goes with `capacity: reservation` or `capacity: capacity_block`, and they need it",
            )
        if reserved and len(self.instance_types) > 1:
            raise PydanticCustomError("reservation_types", "a reservation is for one instance type; give one")
        wanted = {"capacity_block": "capacity-block", "spot": "spot"}.get(self.capacity, "on-demand")
        for each in self.instances:
            if wanted not in each.usage and self.capacity != "reservation":
                raise PydanticCustomError(
                    "capacity",
                    "`{type}` is not sold as {capacity}; it is sold as {sold}",
                    {"type": each.type, "capacity": wanted, "sold": ", ".join(sorted(each.usage))},
                )
        return self

    @model_validator(mode="after")
    def _efa_fits(self) -> Self:
        if self.efa and len(self.instance_types) > 1:
            raise PydanticCustomError(
                "efa_types", "with EFA a pool has one instance type: jobs must not span different networks"
            )
        if self.efa and not self.first.efa_interfaces:
            able = [each.type for each in accelerated().values() if each.efa_interfaces]
            family = self.first.type.partition(".")[0]
            # Of the same family those that have it; of all, only the families: there are too many types to read.
            have = ", ".join(
                [kind for kind in able if kind.startswith(f"{family}.")]
                or dict.fromkeys(kind.partition(".")[0] for kind in able)
            )
            raise PydanticCustomError(
                "efa", "`{type}` has no EFA; these have: {have}", {"type": self.first.type, "have": have}
            )
        return self

    @model_validator(mode="after")
    def _sharing_fits(self) -> Self:
        mode = self.sharing.mode
        if mode == "none":
            return self
        if self.first.maker != "nvidia":
            raise PydanticCustomError(
                "sharing_maker", "`sharing` is for NVIDIA GPUs, and `{type}` has none", {"type": self.first.type}
            )
        if self.os == "bottlerocket":
            raise PydanticCustomError(
                "sharing_os", "Bottlerocket runs a device plugin of its own; `sharing` needs `os: al2023`"
            )
        if mode == "mig" and (whole := [each.type for each in self.instances if each.accelerator not in MIG_GPUS]):
            raise PydanticCustomError(
                "sharing_mig",
                "the GPU of `{type}` cannot be cut by MIG; time_slicing and mps work on it",
                {"type": whole[0]},
            )
        return self
