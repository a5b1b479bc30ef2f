"""Any Kubernetes objects inside a cluster, written out or in a file: for what no kind covers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import pulumi
from pydantic import Field, model_validator

from mlinfra.components._charts import MANAGED_BY
from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Spec
from mlinfra.components._spec import LocalFile
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.escape._manifest_objects import (
    FIRST,
    check_objects,
    labelled,
    object_name,
    read_objects,
    type_token,
)


class ManifestSpec(Spec):
    """What a blueprint may say about a manifest: ``objects`` or ``file``."""

    objects: tuple[Mapping[str, Any], ...] | None = Field(default=None, max_length=200)
    """The objects; `${component.output}` may stand anywhere below `metadata`, `spec` and `data`. Left out: those of
    `file`."""
    file: Annotated[str, LocalFile()] | None = Field(default=None, min_length=1)
    """Path of a YAML file with one or more objects, relative to where `mlinfra` runs; nothing in it is replaced. Left
    out: `objects`."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.objects is None) == (self.file is None):
            given = "both are given" if self.file is not None else "neither is given"
            raise ValueError(f"a manifest takes `objects` or `file`, and {given}")
        check_objects(self.all())
        return self

    def all(self) -> Sequence[Mapping[str, Any]]:
        """The objects, wherever they stand."""
        return self.objects if self.objects is not None else read_objects(self.file or "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ManifestNeeds(Needs):
    """What a manifest takes."""

    cluster: EksClusterOutputs
    """The cluster that the objects live in."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ManifestOutputs(Outputs):
    """What other components may use of a manifest."""

    names: pulumi.Output[Sequence[str]]
    """Names of the objects, in their order."""


class Manifest(Component[ManifestSpec, ManifestNeeds, ManifestOutputs]):
    """Creates the objects: namespaces and CRDs first, because the others may stand in or be instances of them."""

    layer = Layer.PLATFORM

    def build(self, name: str, spec: ManifestSpec, needs: ManifestNeeds) -> ManifestOutputs:
        # No use of `needs`: the cluster comes in as the provider of every Kubernetes child.
        objects = spec.all()
        first = [self._object(name, item, []) for item in objects if item["kind"] in FIRST]
        for item in objects:
            if item["kind"] not in FIRST:
                self._object(name, item, first)
        names = [item["metadata"]["name"] for item in objects]
        return ManifestOutputs(names=pulumi.Output.all(*names))

    def _object(self, name: str, item: Mapping[str, Any], after: Sequence[pulumi.Resource]) -> pulumi.CustomResource:
        return pulumi.CustomResource(
            type_token(item), object_name(name, item), labelled(item, MANAGED_BY), opts=self.child(depends_on=after)
        )
