"""The grammar that kinds are written in.

A kind is a sentence with three parts: what the blueprint says (Spec), what other components give (Needs), and what it gives to others
(Outputs). ``Component.build`` makes the children; everything with an edge case is a pure function below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, TypeVar

import pulumi

from mlinfra.components._context import Context, Layer
from mlinfra.components._iam import Grant, Port, Statement, pod_trust, policy, trust
from mlinfra.components._outputs import Deletion, Needs, Outputs, keys_of, need
from mlinfra.components._spec import ComponentName, Range, Ref, Reference, RefusedError, Spec, by_environment
from mlinfra.components._tags import tag_children
from mlinfra.errors import UsageError

__all__ = [
    "Component",
    "ComponentName",
    "Context",
    "Deletion",
    "Grant",
    "Layer",
    "Needs",
    "Outputs",
    "Port",
    "Range",
    "Ref",
    "Reference",
    "RefusedError",
    "Spec",
    "Statement",
    "by_environment",
    "expectations",
    "keys_of",
    "need",
    "pod_trust",
    "policy",
    "trust",
]

expectations: ContextVar[dict[tuple[str, str], dict[str, Range]] | None] = ContextVar("expectations", default=None)
"""Where ``Component.expect`` writes during an evaluation: (type, name) to usage. None outside one."""

S = TypeVar("S", bound=Spec)
N = TypeVar("N", bound=Needs)
O = TypeVar("O", bound=Outputs)  # noqa: E741 - with S and N, the sentence of a kind


class Component(pulumi.ComponentResource, Generic[S, N, O]):
    """Base of every kind. The file's name is the kind; ``build`` makes the children and returns the outputs.

    ``overrides`` maps the logical name of a child to arguments that replace its own (the blueprint's escape hatch).
    """

    layer: ClassVar[Layer]
    registered: ClassVar[str | None] = None
    """The name of an entry point that is not called like its file; the registry sets it."""
    once: ClassVar[bool] = False
    """Whether a cluster can hold only one: what it installs is the cluster's own, and a second would fight with the first."""
    cleanup: ClassVar[tuple[str, ...]] = ()
    """Steps of ``mlinfra.engine.cleanup`` for what its controllers make beside Pulumi, and which has to be gone before a layer can go."""
    context: Context
    outputs: O

    def __init__(
        self,
        name: str,
        spec: S,
        needs: N,
        *,
        context: Context | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = context or Context.of_program()
        self.context = where if "mlinfra:component" in where.tags else where.for_component(name)
        children: set[str] = set()
        transformations = [tag_children(self.context.tags), *([_override(overrides, children)] if overrides else [])]
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=transformations))
        super().__init__(f"mlinfra:components:{self.kind()}", name, {}, merged)
        self.outputs = self.build(name, spec.filled(self.context), needs)
        if missing := set(overrides or ()) - children:
            raise UsageError(
                f"`overrides` of `{name}` names {', '.join(f'`{child}`' for child in sorted(missing))}, which it does not make",
                hint=f"its children are {', '.join(f'`{child}`' for child in sorted(children))}",
            )
        self.register_outputs(self.outputs.exports())

    @classmethod
    def kind(cls) -> str:
        """The name of the kind in a blueprint: that of its file, or the one that another package registers it by."""
        return cls.registered or cls.__module__.rpartition(".")[2]

    @classmethod
    def layer_of(cls, spec: S) -> Layer:
        """The layer that this spec puts the component into; ``layer`` unless a kind decides by its spec."""
        return cls.layer

    @classmethod
    def requirements(cls, spec: S) -> Mapping[str, str]:
        """Optional needs that this spec makes required: the need's field, and why (``{"metrics": "`scaling` counts waiting requests"}``)."""
        return {}

    @classmethod
    def conflicts(cls, spec: S, given: Mapping[str, Spec]) -> Mapping[str, str]:
        """What does not fit between this spec and what fills its needs: where in the spec (dotted), or which need, and why.

        ``given`` holds by need what a blueprint says of the component that fills it: its own Spec, or what `existing` says of its outputs.
        """
        return {}

    def build(self, name: str, spec: S, needs: N) -> O:
        """Create the children: the primary one is called ``name``, the others ``f"{name}-role"``."""
        raise NotImplementedError

    def child(
        self,
        *,
        deletion: Deletion | None = None,
        setting_of: pulumi.Resource | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
        **options: Any,
    ) -> pulumi.ResourceOptions:
        """Options for a child: parented here, so it inherits provider, region and tags.

        ``deletion="retain"`` keeps it in the cloud when it leaves the program, and in a protected environment also refuses to delete it.
        What only says something about another child names that one as ``setting_of``, with the same ``deletion``: it stays where that
        one stays, so that data which is kept keeps its guards, and goes where it leaves the program alone, so that a share is taken back.
        """
        keep = deletion == "retain"
        own = keep and setting_of is None
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(depends_on) or None,
            retain_on_delete=True if own else None,
            protect=True if own and self.context.protected else None,
            # Not deleted once the other one leaves: so Pulumi passes it over, kept or not.
            deleted_with=setting_of if keep else None,
            **options,
        )

    def fixed_name(self, name: str, part: str = "", *, limit: int, separator: str = "-") -> str | None:
        """The physical name of a child that people, policies or other layers know it by; see ``Context.physical_name``."""
        return self.context.physical_name(name, part, limit=limit, separator=separator)

    def expect(self, resource: pulumi.CustomResource, **usage: Range) -> None:
        """Say how much ``resource`` will be used, where its cost depends on it. Costs nothing at apply."""
        recorded = expectations.get()
        if recorded is not None:
            recorded[resource.pulumi_resource_type, resource.pulumi_resource_name] = usage


def _override(overrides: Mapping[str, Mapping[str, Any]], children: set[str]) -> pulumi.ResourceTransformation:
    """Replace arguments of children by name; the names of all children are written down in ``children``."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_.startswith("mlinfra:"):
            return None
        children.add(args.name)
        wanted = overrides.get(args.name)
        if wanted is None:
            return None
        # What the SDK does not know it drops without a word; classes of Kubernetes objects take anything.
        if args.type_.startswith("aws:") and (unknown := sorted(set(wanted) - set(args.props))):
            raise UsageError(
                f"`overrides` gives `{args.name}` {', '.join(f'`{word}`' for word in unknown)}, which it does not take",
                hint=f"a {args.type_} takes {', '.join(f'`{word}`' for word in sorted(args.props))}",
            )
        return pulumi.ResourceTransformationResult({**args.props, **wanted}, args.opts)

    return transform
