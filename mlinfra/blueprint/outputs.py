"""Output paths against the Outputs of their component: is there such an output, and of which type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args, get_origin

import pulumi

from mlinfra.blueprint.existing import is_mapping
from mlinfra.blueprint.expressions import WRONG
from mlinfra.blueprint.problems import Problems, close_to, listed
from mlinfra.blueprint.source import Path, Span
from mlinfra.components._outputs import KEYS_OF, Outputs, output_types
from mlinfra.components._registry import Kind
from mlinfra.components._spec import OutputPath, plain_type


class UsedKey(NamedTuple):
    """A key of a mapped output that a reference names; whether there is one is known once the target is checked."""

    target: str
    field: str
    outputs_field: str
    key: str
    at: Span
    path: Path


class UsedOutput(NamedTuple):
    """An output that a reference names: what is brought along must have it."""

    target: str
    field: str
    at: Span
    path: Path


class OutputTypes:
    """Checks output paths by the kinds of their components and remembers what has to be checked later."""

    def __init__(self, kinds: Mapping[str, Kind | None], problems: Problems) -> None:
        self.kinds = kinds
        self.problems = problems
        self.keys: list[UsedKey] = []
        self.used: list[UsedOutput] = []

    def __call__(self, output: OutputPath, at: Span, path: Path) -> Any:
        """The type of the output; None if its component's kind is unknown,
        ``WRONG`` after reporting that there is no such output.
        """
        kind = self.kinds.get(output.component)
        if kind is None:
            return None
        subject = f"`{output.component}` (kind `{kind.name}`)"
        if not output.path:
            return self._wrong(output, at, path, f"say which output of {subject}", kind.outputs)
        self.used.append(UsedOutput(output.component, output.path[0], at, path))
        return self._step(kind.outputs, output, 0, subject, at, path)

    def _step(self, outputs: type[Outputs], output: OutputPath, index: int, subject: str, at: Span, path: Path) -> Any:
        name = output.path[index]
        found = output_types(outputs)
        if name not in found:
            return self._wrong(output, at, path, f"{subject} has no output `{name}`", outputs, name)
        field = next(item for item in dataclasses.fields(outputs) if item.name == name)
        inside, index = found[name], index + 1
        if KEYS_OF in field.metadata or is_mapping(outputs, name):
            if index == len(output.path):
                return self._wrong(output, at, path, f"`{name}` has one entry per key: say which")
            if KEYS_OF in field.metadata and index == 1:
                self.keys.append(UsedKey(output.component, field.metadata[KEYS_OF], name, output.path[index], at, path))
            index += 1
        if isinstance(inside, type) and issubclass(inside, Outputs):
            if index == len(output.path):
                return self._wrong(output, at, path, f"`{output.path[-1]}` holds several outputs: say which", inside)
            return self._step(
                inside, output, index, f"`{'.'.join((output.component, *output.path[:index]))}`", at, path
            )
        if get_origin(inside) is pulumi.Output:
            inside = get_args(inside)[0]
        rest = output.path[index:]
        if not rest:
            return inside
        if len(rest) == 1 and plain_type(inside) is dict:
            return get_args(inside)[1] if len(get_args(inside)) == 2 else None
        return self._wrong(
            output, at, path, f"`{'.'.join(output.path[:index])}` is a single value, and nothing is below it"
        )

    def _wrong(
        self, output: OutputPath, at: Span, path: Path, message: str, has: type[Outputs] | None = None, name: str = ""
    ) -> Any:
        names = list(output_types(has)) if has else []
        hint = (close_to(name, names) or f"outputs: {listed(names)}") if has else None
        self.problems.error("unknown-output", f"`${{{output}}}`: {message}", at, path, hint)
        return WRONG
