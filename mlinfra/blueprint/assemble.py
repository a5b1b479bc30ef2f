"""The last pass: everything that was checked, put together as a ``Deployment``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from mlinfra.blueprint.documents import Documents
from mlinfra.blueprint.drafts import Draft
from mlinfra.blueprint.model import STAND_IN_ACCOUNT, Blueprint, DeployedComponent, Deployment, Environment, LateGrant
from mlinfra.blueprint.order import Order
from mlinfra.blueprint.ordering import outputs_used
from mlinfra.blueprint.problems import Problems
from mlinfra.blueprint.source import Node, Span
from mlinfra.components._context import Layer
from mlinfra.components._registry import Kind


def assemble(
    files: Documents,
    blueprint: Blueprint,
    name: str,
    place: Environment,
    drafts: Mapping[str, Draft],
    order: Order,
    late: Sequence[LateGrant],
    boundary: str | None,
    variables: Mapping[str, Node | None],
    problems: Problems,
) -> Deployment:
    """The deployment of ``blueprint`` in the environment ``name``; nothing is wrong any more."""
    built = [
        _component(drafts[component], order, drafts[component].kind)
        for component in order.sorted({draft.name: int(draft.layer) for draft in drafts.values()})
    ]
    layers = {layer: tuple(item for item in built if item.layer is layer) for layer in Layer}
    used = [
        str(tree.span.file)
        for environment, tree in files.environments.items()
        if environment == name and tree.span.file
    ]
    return Deployment(
        blueprint=blueprint.name,
        description=blueprint.description,
        environment=name,
        account=place.account or STAND_IN_ACCOUNT,
        account_is_stand_in=place.account is None,
        region=place.region or "",
        protected=place.protected,
        layers=MappingProxyType({layer: items for layer, items in layers.items() if items}),
        file=files.file,
        files=(*([files.file] if files.file else []), *used),
        tags=MappingProxyType(_tags(blueprint, place)),
        permissions_boundary=None if boundary else place.permissions_boundary,
        permissions_boundary_component=boundary,
        budget=place.budget,
        state=place.state,
        secrets=place.secrets,
        assume_role=place.assume_role,
        waivers=tuple(place.waivers),
        variables=MappingProxyType({key: node.plain() if node else None for key, node in variables.items()}),
        late_grants=tuple(late),
        warnings=problems.of("warning"),
        notes=problems.of("note"),
    )


def _tags(blueprint: Blueprint, place: Environment) -> dict[str, str]:
    own = {"owner": blueprint.owner, "cost-center": blueprint.cost_center}
    return {**{key: value for key, value in own.items() if value is not None}, **blueprint.tags, **place.tags}


def _component(draft: Draft, order: Order, kind: Kind | None) -> DeployedComponent:
    assert kind is not None  # noqa: S101 - a component without a kind is an error, and errors were raised
    at = draft.node.named
    return DeployedComponent(
        name=draft.name,
        kind=kind,
        layer=draft.layer,
        spec=draft.spec,
        existing=draft.existing,
        bindings=MappingProxyType({need: names for need, names in draft.bindings.items() if names}),
        inferred=frozenset(draft.inferred),
        access=MappingProxyType(dict(draft.access)),
        late_access=MappingProxyType(dict(draft.late)),
        tags=MappingProxyType(dict(draft.common.tags)),
        overrides=MappingProxyType(dict(draft.common.overrides)),
        description=draft.common.description,
        depends_on=tuple(order.after[draft.name]),
        references=tuple(dict.fromkeys(output for output, _, _ in outputs_used(draft))),
        source=Span(at.file, at.line, at.column, at.length, at.origin),
        origins=MappingProxyType(
            {path: node.span for path, node in draft.node.walk() if not isinstance(node.value, dict)}
        ),
        values=MappingProxyType({key: node.plain() for key, node in draft.node.items.items()}),
    )
