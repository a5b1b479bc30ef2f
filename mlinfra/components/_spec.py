"""What a blueprint may say about a component: typed, frozen fields, some of which accept references to other components."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self, TypeAlias, TypeVar, get_args, get_origin

import pulumi
from pydantic import ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import PydanticCustomError, core_schema

from mlinfra.components._documented import Documented
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.components._context import Context

T = TypeVar("T")


class OutputPath(NamedTuple):
    """``features.groups.transactions.name``: an output of a component."""

    component: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.component, *self.path))


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that other components give: one output, or text around several.

    ``parts`` holds text and output paths in order; a single path keeps the type of what it names, which is ``type`` where it is known.
    """

    parts: tuple[str | OutputPath, ...]
    type: Any = None

    @property
    def whole(self) -> OutputPath | None:
        """The path, if the value is nothing but one reference."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], OutputPath) else None

    @property
    def paths(self) -> tuple[OutputPath, ...]:
        """Every output that the value is made of."""
        return tuple(part for part in self.parts if isinstance(part, OutputPath))

    def __str__(self) -> str:
        return "".join(f"${{{part}}}" if isinstance(part, OutputPath) else part for part in self.parts)


class LocalFile:
    """Marks a field as the path of a file that is read, from where ``mlinfra`` runs."""


class LocalModule:
    """Marks a field as the name of a Python module that is imported: ``package.module``, or ``package.module:name``."""


class AcceptsReferences:
    """Marks a field as one that takes ``T``, a ``Reference`` after compile, or a ``pulumi.Output[T]`` in Python."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        literal = get_args(source)[0]
        inner = handler.generate_schema(literal)
        wanted = plain_type(literal)

        def check(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if isinstance(value, Reference):
                given = plain_type(value.type) if value.whole else str
                if given is not None and wanted is not None and given is not wanted:
                    raise PydanticCustomError(
                        "reference_type",
                        "`{reference}` gives {given}, and this field takes {wanted}",
                        {"reference": str(value), "given": NAMES.get(given, "?"), "wanted": NAMES.get(wanted, "?")},
                    )
                return value
            return value if isinstance(value, pulumi.Output) else validate(value)

        return core_schema.no_info_wrap_validator_function(check, inner)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"\$\{[^}]+\}"}]}


NAMES = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}
"""Types in the words of a message."""


def plain_type(annotation: Any) -> Any:
    """The JSON type behind an annotation (``Annotated[str, …]`` is ``str``, ``Sequence[str]`` is ``list``), or None if there is no one type."""
    while get_origin(annotation) is Annotated or get_origin(annotation) is pulumi.Output:
        annotation = get_args(annotation)[0]
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type):
        for base in (str, bool, int, float):
            if issubclass(origin, base):
                return base
        if issubclass(origin, Mapping):
            return dict
        if issubclass(origin, Sequence):
            return list
    return None


Ref: TypeAlias = Annotated[T | Reference | pulumi.Output[T], AcceptsReferences()]
"""``Ref[str]``: text, a reference in a blueprint, or an ``Output[str]`` in Python."""


class _NamesComponent:
    """Marks text that is the name of a component."""


ComponentName: TypeAlias = Annotated[str, _NamesComponent()]
"""A key of a mapping that names a component without needing it: the blueprint must have one."""


def keyed_by_component(annotation: Any) -> bool:
    """Whether an annotation is a mapping whose keys are ``ComponentName``."""
    key = next(iter(get_args(annotation)), None)
    return any(isinstance(mark, _NamesComponent) for mark in getattr(key, "__metadata__", ()))


class RefusedError(UsageError):
    """A Spec that cannot be built where it is; ``field`` (dotted) says which of its values is in the way."""

    def __init__(self, message: str, *, field: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class Spec(Documented):
    """What a blueprint may say about a component. Unknown fields are errors; instances never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_default=False)

    def filled(self, context: Context) -> Self:
        """The same, with every field that was left to the environment (``by_environment``) decided."""
        update: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            extra = field.json_schema_extra
            if value is None and isinstance(extra, dict) and PRESET in extra:
                preset = extra[PRESET]
                assert isinstance(preset, dict)  # noqa: S101 - written by by_environment
                update[name] = preset["protected" if context.protected else "otherwise"]
            else:
                new = _each_spec(value, lambda spec: spec.filled(context))
                if new is not value:
                    update[name] = new
        return self.model_copy(update=update) if update else self

    def resolved(self, lookup: Callable[[OutputPath], Any]) -> Self:
        """The same, with every Reference replaced by the output (or the text around outputs) that ``lookup`` gives."""
        update = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            new = _resolve(value, lookup)
            if new is not value:
                update[name] = new
        return self.model_copy(update=update) if update else self


PRESET = "x-mlinfra-by-environment"


def by_environment(*, protected: Any, otherwise: Any, **field: Any) -> Any:
    """A default that depends on the environment: one value where it is protected, another elsewhere. The field is None until ``filled``."""
    return Field(default=None, json_schema_extra={PRESET: {"protected": protected, "otherwise": otherwise}}, **field)


MOST = 10**15
"""The largest amount: beyond it stands a slip of the keyboard, and sums of money lose their meaning."""


class Range(Spec):
    """An amount that is not known exactly. A single number means: surely this."""

    min: Decimal = Field(ge=0, le=MOST)
    expected: Decimal = Field(ge=0, le=MOST)
    max: Decimal = Field(ge=0, le=MOST)

    @classmethod
    def of(cls, low: int | str, expected: int | str | None = None, high: int | str | None = None) -> Self:
        """``of(5)`` is surely 5; ``of(1, 5, 9)`` is probably 5, at least 1, at most 9."""
        middle = Decimal(low if expected is None else expected)
        return cls(min=Decimal(low), expected=middle, max=middle if high is None else Decimal(high))

    @model_validator(mode="before")
    @classmethod
    def _accept_a_number(cls, value: Any) -> Any:
        if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
            try:
                number = Decimal(str(value))
            except InvalidOperation:
                raise PydanticCustomError("amount", "an amount is a number or `{min, expected, max}`") from None
            return {"min": number, "expected": number, "max": number}
        if not isinstance(value, Mapping | Range):
            raise PydanticCustomError("amount", "an amount is a number or `{min, expected, max}`")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.expected <= self.max:
            raise PydanticCustomError(
                "amount_order",
                "min {low}, expected {expected}, max {high} must not decrease",
                {"low": str(self.min), "expected": str(self.expected), "high": str(self.max)},
            )
        return self


def _each_spec(value: Any, change: Callable[[Spec], Spec]) -> Any:
    """``value`` with ``change`` applied to each Spec in it; the same object when nothing changed."""
    if isinstance(value, Spec):
        return change(value)
    if isinstance(value, Mapping):
        mapped = {key: _each_spec(item, change) for key, item in value.items()}
        return mapped if any(mapped[key] is not value[key] for key in mapped) else value
    if isinstance(value, list | tuple):
        items = [_each_spec(item, change) for item in value]
        return type(value)(items) if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _resolve(value: Any, lookup: Callable[[OutputPath], Any]) -> Any:
    if isinstance(value, Reference):
        parts = [lookup(part) if isinstance(part, OutputPath) else part for part in value.parts]
        return parts[0] if value.whole else pulumi.Output.concat(*parts)
    if isinstance(value, Spec):
        return value.resolved(lookup)
    if isinstance(value, Mapping):
        mapped = {key: _resolve(item, lookup) for key, item in value.items()}
        return mapped if any(mapped[key] is not value[key] for key in mapped) else value
    if isinstance(value, list | tuple):
        items = [_resolve(item, lookup) for item in value]
        return type(value)(items) if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def marked(spec: Spec, mark: type) -> tuple[str, ...]:
    """The texts in the fields of a Spec, and of the Specs inside of it, that are marked with ``mark``."""
    found: list[str] = []
    for name, info in type(spec).model_fields.items():
        value = getattr(spec, name)
        notes = (*info.metadata, *(note for part in get_args(info.annotation) for note in get_args(part)))
        if isinstance(value, str) and any(isinstance(note, mark) for note in notes):
            found.append(value)
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else (value,)
        found += (text for item in inner if isinstance(item, Spec) for text in marked(item, mark))
    return tuple(found)
