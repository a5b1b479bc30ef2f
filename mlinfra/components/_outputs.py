"""What components give each other: Outputs, and the Needs that are typed by them."""

from __future__ import annotations

import asyncio
import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

import pulumi

from mlinfra.components._iam import Grant

KEYS_OF = "mlinfra.keys_of"
REQUIRES = "mlinfra.requires"


def keys_of(field: str) -> Any:
    """Mark an output that is one Outputs per key of a Spec field, written as ``groups: Mapping[str, X] = ...``."""
    return dataclasses.field(metadata={KEYS_OF: field})


def need(*, requires: tuple[str, ...] = (), optional: bool = False) -> Any:
    """Mark a need that relies on outputs which are optional in what it is given: ``requires`` names them."""
    metadata = {REQUIRES: requires}
    return dataclasses.field(default=None, metadata=metadata) if optional else dataclasses.field(metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outputs:
    """What other components may use: fields are ``Output[T]``, ``Output[T] | None = None``, Outputs, or ``Mapping[str, Outputs]``.

    The same fields, typed by hand, are the ``existing:`` form. Kinds that can be granted access to define ``grant(self, level)`` with a Literal
    of the levels.
    """

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Outputs of something that mlinfra does not manage: plain values, nested ones as mappings."""
        made: dict[str, Any] = {}
        for name, value in values.items():
            kind = output_types(cls).get(name)
            if (
                value is None
                or isinstance(value, Outputs)
                or not isinstance(kind, type)
                or not issubclass(kind, Outputs)
            ):
                made[name] = value if value is None or isinstance(value, Outputs) else pulumi.Output.from_input(value)
            elif KEYS_OF in _metadata(cls, name):
                made[name] = {
                    key: item if isinstance(item, Outputs) else kind.of(**item) for key, item in value.items()
                }
            else:
                made[name] = kind.of(**value)
        return cls(**made)

    @classmethod
    def levels(cls) -> tuple[str, ...]:
        """The levels of access that can be granted: those of the Literal in ``grant``; none without one."""
        method = getattr(cls, "grant", None)
        return () if method is None else get_args(get_type_hints(method)["level"])

    @classmethod
    def from_stack(cls, reference: pulumi.StackReference, component: str, exported: Mapping[str, Any]) -> Self:
        """Outputs of a component of an earlier layer: each field is the stack output ``<component>.<field>``.

        ``exported`` says which outputs the stack has (their values are not used, only the keys of mappings). A field that it lacks takes its
        default; without a default, reading it fails with the component, the field and the layer to apply.
        """
        made: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            key = f"{component}.{field.name}"
            kind = output_types(cls)[field.name]
            if key not in exported and field.default is not dataclasses.MISSING:
                continue
            value = _required(reference, key)
            if isinstance(kind, type) and issubclass(kind, Outputs):
                shape = exported.get(key) or {}
                made[field.name] = (
                    # Sorted: the engine hands a mapping over in another order each time.
                    {k: _nested(kind, value[k], shape[k]) for k in sorted(shape)}
                    if KEYS_OF in field.metadata
                    else _nested(kind, value, shape)
                )
            else:
                made[field.name] = value
        return cls(**made)

    def exports(self) -> dict[str, Any]:
        """The fields that are set, nested ones as mappings: what a stack exports."""
        return {
            field.name: _plain(value)
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) is not None
        }

    def provider(self, name: str, opts: pulumi.ResourceOptions) -> pulumi.ProviderResource | None:
        """The provider for what is made inside of this (a cluster's Kubernetes provider), or None."""
        return None


def _required(reference: pulumi.StackReference, key: str) -> pulumi.Output[Any]:
    """One output of a stack, secret if it alone is.

    What ``require_output`` does, which goes through all outputs of the stack each time: a hundred components would take half a minute.
    """
    value = reference.outputs.apply(lambda found: found[key])

    async def is_secret() -> bool:
        names = await reference.secret_output_names.future() if await reference.secret_output_names.is_known() else None
        return await reference.outputs.is_secret() if names is None else key in names

    return pulumi.Output(value.resources(), value.future(), value.is_known(), asyncio.ensure_future(is_secret()))


def _nested(kind: type[Outputs], value: pulumi.Output[Any], shape: Mapping[str, Any]) -> Outputs:
    return kind(**{field.name: value[field.name] for field in dataclasses.fields(kind) if field.name in shape})


def _plain(value: Any) -> Any:
    if isinstance(value, Outputs):
        return value.exports()
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _metadata(cls: type, name: str) -> Mapping[str, Any]:
    return next(field.metadata for field in dataclasses.fields(cls) if field.name == name)


def output_types(cls: type[Outputs]) -> Mapping[str, Any]:
    """For each field the type inside of Output (``Output[str] | None`` is ``str``), or the Outputs class of a nested or mapped one."""
    if cls not in _OUTPUT_TYPES:
        _OUTPUT_TYPES[cls] = {name: _inside(hint) for name, hint in get_type_hints(cls).items()}
    return _OUTPUT_TYPES[cls]


_OUTPUT_TYPES: dict[type, Mapping[str, Any]] = {}  # type hints are slow to read, and classes do not change
_NEED_FIELDS: dict[type, Mapping[str, NeedField]] = {}


def _inside(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    origin = get_origin(hint)
    if origin is pulumi.Output:
        return get_args(hint)[0]
    if origin is not None and issubclass(origin, Mapping):
        return get_args(hint)[1]
    return hint


@dataclasses.dataclass(frozen=True, kw_only=True)
class Needs:
    """What other components give: fields typed by their Outputs.

    ``X`` is required, ``X | None = None`` optional, ``tuple[X, ...] = ()`` a list that is never inferred, and ``access: tuple[Grant, ...] = ()``
    takes the grants of the blueprint's ``access:``.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class NeedField:
    """One field of a Needs class, as data: which Outputs satisfy it, whether it must be, and which optional outputs it relies on."""

    name: str
    accepts: tuple[type[Outputs], ...]
    required: bool
    many: bool
    requires: tuple[str, ...]


def need_fields(cls: type[Needs]) -> Mapping[str, NeedField]:
    """The fields of a Needs class that other components fill (``access`` is not one of them)."""
    if cls not in _NEED_FIELDS:
        _NEED_FIELDS[cls] = _read_need_fields(cls)
    return _NEED_FIELDS[cls]


def _read_need_fields(cls: type[Needs]) -> Mapping[str, NeedField]:
    hints = get_type_hints(cls)
    found = {}
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        arguments = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
        many = any(get_origin(arg) is tuple for arg in arguments)
        flat = [get_args(arg)[0] if get_origin(arg) is tuple else arg for arg in arguments]
        flat = [
            part for arg in flat for part in (get_args(arg) if get_origin(arg) in (Union, types.UnionType) else (arg,))
        ]
        accepts = tuple(arg for arg in flat if isinstance(arg, type) and issubclass(arg, Outputs))
        if field.name == "access" or Grant in flat:
            continue
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        found[field.name] = NeedField(field.name, accepts, required, many, field.metadata.get(REQUIRES, ()))
    return found


def takes_access(cls: type[Needs]) -> bool:
    """Whether a kind holds a role that ``access:`` can extend."""
    return any(field.name == "access" for field in dataclasses.fields(cls))


Deletion = Literal["retain", "delete"]
