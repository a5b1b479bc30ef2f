"""A component on its way to being deployed: its kind, its checked values, what is still open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Protocol

from pydantic import Field, StringConstraints

from mlinfra.blueprint.checking import check
from mlinfra.blueprint.existing import existing_model
from mlinfra.blueprint.expressions import SCOPES, WRONG
from mlinfra.blueprint.model import COMPONENT_NAME, Document, Tags
from mlinfra.blueprint.problems import Problems, close_to, listed, shown
from mlinfra.blueprint.source import Node, Path
from mlinfra.components import _registry
from mlinfra.components._context import Context, Layer
from mlinfra.components._registry import RESERVED, Kind
from mlinfra.components._spec import Reference, RefusedError, Spec
from mlinfra.errors import UsageError

BESIDE_EXISTING = frozenset({"kind", "existing", "description", "tags"})
ESCAPE = "escape"
"""The folder of the escape hatches: the only kinds whose layer a blueprint decides."""
ESCAPE_LAYERS = (Layer.PLATFORM, Layer.WORKLOADS)
"""The layers that it may choose: what comes before a cluster is made by kinds."""


class Kinds(Protocol):
    """Where kinds are found; the registry, unless a test brings its own."""

    def find(self, name: str) -> Kind:
        """The kind called ``name``. Raises UsageError if there is none."""

    def names(self) -> tuple[str, ...]:
        """All kinds."""


class Registry:
    """The shipped and third-party kinds."""

    def find(self, name: str) -> Kind:
        """The kind called ``name``. Raises UsageError if there is none."""
        return _registry.find(name)

    def names(self) -> tuple[str, ...]:
        """All kinds."""
        return _registry.names()


class Common(Document):
    """The keys that mean the same for every kind."""

    description: str | None = None
    """What the component is for."""
    tags: Tags = Field(default_factory=dict)
    """Tags on everything that it makes."""
    access: dict[str, Annotated[str, StringConstraints(min_length=1)]] = Field(default_factory=dict)
    """What its role may do: component to level."""
    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Arguments of child resources that replace the kind's own, by the child's name."""


@dataclass
class Draft:
    """One component. ``sound`` is False once something is wrong with it; later passes then leave it alone."""

    name: str
    node: Node
    kind: Kind | None = None
    spec: Spec | None = None
    existing: Spec | None = None
    common: Common = field(default_factory=Common)
    layer: Layer = Layer.FOUNDATION
    sound: bool = False
    bindings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inferred: set[str] = field(default_factory=set)
    access: dict[str, str] = field(default_factory=dict)
    late: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it stands in the blueprint."""
        return ("components", self.name)

    @property
    def subject(self) -> str:
        """What it is, in a message."""
        return f"kind `{self.kind.name}`" if self.kind else "the component"


def found(components: Node, kinds: Kinds, problems: Problems) -> dict[str, Draft]:
    """A draft for each component, with its kind where there is such a kind."""
    drafts: dict[str, Draft] = {}
    for name, node in components.items.items():
        drafts[name] = draft = Draft(name, node)
        _check_name(name, node, problems)
        if not isinstance(node.value, dict):
            problems.error(
                "wrong-type",
                f"component `{name}` takes a mapping, not {shown(node.plain())}",
                node.named,
                draft.path,
                "`kind` is its least",
            )
            continue
        kind = node.items.get("kind")
        if kind is None:
            problems.error(
                "missing-field",
                f"component `{name}` needs `kind`",
                node.named,
                draft.path,
                "`mlinfra kinds` lists them",
            )
        elif not isinstance(kind.value, str):
            problems.error(
                "wrong-type",
                f"`kind` takes the name of a kind, not {shown(kind.plain())}",
                kind.at,
                (*draft.path, "kind"),
            )
        elif "${" in kind.value:
            problems.error("expression-not-here", "`kind` is written out", kind.span, (*draft.path, "kind"))
            draft.node = replace(node, value={key: item for key, item in node.items.items() if key != "kind"})
        else:
            draft.kind = _find(kind.value, kind, draft, kinds, problems)
    return drafts


def _find(word: str, node: Node, draft: Draft, kinds: Kinds, problems: Problems) -> Kind | None:
    path = (*draft.path, "kind")
    if word not in kinds.names():
        hint = close_to(word, kinds.names()) or "`mlinfra kinds` lists them"
        problems.error("unknown-kind", f"there is no kind {shown(word)}", node.span, path, hint)
        return None
    try:
        return kinds.find(word)
    except UsageError as error:
        problems.error("broken-kind", error.message, node.span, path, error.hint)
    except Exception as error:  # noqa: BLE001 - the file of a kind may be somebody else's and may raise anything
        problems.error(
            "broken-kind", f"kind `{word}` cannot be imported: {type(error).__name__}: {error}", node.span, path
        )
    return None


def _check_name(name: str, node: Node, problems: Problems) -> None:
    if name in (*SCOPES, "none"):
        problems.error(
            "reserved-name",
            f"a component cannot be called `{name}`: the word means something else",
            node.named,
            ("components", name),
        )
    elif not re.fullmatch(COMPONENT_NAME, name):
        problems.error(
            "wrong-name",
            f"{shown(name)} is not a name of a component",
            node.named,
            ("components", name),
            "a letter, then lower-case letters, digits and underscores, at most 24 characters",
        )


def validate(draft: Draft, problems: Problems) -> None:
    """Check the values of a component against its kind; sets spec or existing, the common keys and the layer."""
    kind = draft.kind
    if kind is None:
        return
    before = problems.errors
    items = draft.node.items
    common = check(Common, _part(draft.node, Common.model_fields), draft.path, problems, subject=draft.subject)
    draft.common = common or draft.common
    _refuse_references(draft, problems)
    if "existing" in items:
        _validate_existing(draft, kind, items["existing"], problems)
    else:
        own = _part(draft.node, items.keys() - (RESERVED - {"expected"}) - kind.need_fields.keys())
        draft.spec = check(
            kind.spec,
            own,
            draft.path,
            problems,
            subject=draft.subject,
            also=[*kind.need_fields, *sorted(_beside_fields(kind))],
        )
    draft.layer = _layer(draft, kind, problems)
    draft.sound = problems.errors == before and (draft.spec is not None or draft.existing is not None)


def _beside_fields(kind: Kind) -> frozenset[str]:
    """The common keys that may stand beside the fields of a kind, to be offered where a field is unknown."""
    unfit = {"expected", "kind"}
    unfit |= set() if kind.takes_access else {"access"}
    unfit |= set() if kind.folder == ESCAPE else {"layer"}
    return RESERVED - unfit


def decide(draft: Draft, place: Context, problems: Problems) -> None:
    """Decide what was left to the environment, to hear now what a kind refuses there.

    A protected cluster that nobody could administer is such a case.
    """
    if draft.spec is not None and draft.sound:
        with asking(draft, problems):
            draft.spec.filled(place)


@contextmanager
def asking(draft: Draft, problems: Problems) -> Iterator[None]:
    """Ask a kind about a component: what it refuses is said where it stands, and so is that it failed."""
    before = problems.errors
    try:
        yield
    except UsageError as refused:
        field = tuple(refused.field.split(".")) if isinstance(refused, RefusedError) and refused.field else ()
        at = draft.node.nearest(field)
        problems.error(
            "refused-here",
            refused.message,
            at.named if at is draft.node else at.at,
            (*draft.path, *field),
            refused.hint,
        )
    except Exception as failed:  # noqa: BLE001 - the file of a kind may be somebody else's and may raise anything
        what = f"{draft.subject} failed: {type(failed).__name__}: {failed}"
        problems.error("broken-kind", what, draft.node.named, draft.path)
    draft.sound = draft.sound and problems.errors == before


def _part(node: Node, keys: Iterable[str]) -> Node:
    wanted = set(keys)
    return Node({key: item for key, item in node.items.items() if key in wanted}, node.span, node.key)


def _refuse_references(draft: Draft, problems: Problems) -> None:
    for key in Common.model_fields:
        for path, node in draft.node.items[key].walk((*draft.path, key)) if key in draft.node.items else ():
            if isinstance(node.value, Reference) and key == "overrides":
                problems.error(
                    "reference-not-accepted",
                    f"`overrides` takes values that are known before anything exists, not {shown(node.value)}",
                    node.span,
                    path,
                )


def _validate_existing(draft: Draft, kind: Kind, node: Node, problems: Problems) -> None:
    for key, item in draft.node.items.items():
        if key not in BESIDE_EXISTING:
            hint = (
                "set it to null in the environment that brings `existing`"
                if node.named != item.named and _elsewhere(node, item)
                else None
            )
            problems.error(
                "beside-existing",
                f"`{key}` cannot stand beside `existing`: nothing is created",
                item.named,
                (*draft.path, key),
                hint or f"what may stand there: {listed(sorted(BESIDE_EXISTING - {'existing'}))}",
            )
    draft.existing = check(
        existing_model(kind.outputs),
        node,
        (*draft.path, "existing"),
        problems,
        subject=f"`existing` of kind `{kind.name}`",
    )


def _elsewhere(one: Node, other: Node) -> bool:
    return one.span.origin != other.span.origin


def _layer(draft: Draft, kind: Kind, problems: Problems) -> Layer:
    own: Layer = getattr(kind.component, "layer", Layer.FOUNDATION)
    said = draft.node.items.get("layer")
    if said is not None and "existing" not in draft.node.items:
        labels: Mapping[str, Layer] = {layer.label: layer for layer in ESCAPE_LAYERS}
        path = (*draft.path, "layer")
        if kind.folder != ESCAPE:
            problems.error(
                "layer-fixed",
                f"{draft.subject} is always in layer `{own.label}`",
                said.named,
                path,
                "only escape hatches take `layer`",
            )
        elif said.value not in labels:
            if said.value is not WRONG:
                problems.error(
                    "not-allowed",
                    f"`layer` takes {listed(labels, last='or')}, not {shown(said.plain())}",
                    said.at,
                    path,
                    close_to(str(said.value), labels),
                )
        else:
            return labels[str(said.value)]
    return kind.layer_of(draft.spec) if draft.spec is not None else own
