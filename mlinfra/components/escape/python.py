"""A component written in Python, of a package that is installed beside mlinfra: for what no kind covers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Self

import pulumi
from pydantic import Field

from mlinfra.components._grammar import Component, Context, Layer, Needs, Outputs, RefusedError, Spec
from mlinfra.components._spec import LocalModule
from mlinfra.components.escape._python_code import call, load
from mlinfra.errors import UsageError


class PythonSpec(Spec):
    """What a blueprint may say about a component in Python."""

    module: Annotated[str, LocalModule()] = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$",
        examples=["my_pkg.my_component", "my_pkg.things:one"],
    )
    """Module that holds one Component or one function: `my_pkg.my_component`; with several, `my_pkg.things:one`."""
    arguments: Mapping[str, Any] = {}
    """Fields of the Component's Spec, or arguments of the function; `${component.output}` may stand anywhere inside.
    Left out: none."""

    def filled(self, context: Context) -> Self:
        """The same. Raises RefusedError unless there is such code beside mlinfra."""
        try:
            load(self.module)
        except UsageError as error:
            raise RefusedError(error.message, field="module", hint=error.hint) from error
        return super().filled(context)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PythonNeeds(Needs):
    """What it is given comes by references in `arguments`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PythonOutputs(Outputs):
    """What other components may use of it."""

    values: pulumi.Output[Mapping[str, Any]]
    """What the Component exports, or the mapping that the function returned."""


class Python(Component[PythonSpec, PythonNeeds, PythonOutputs]):
    """Runs the code, which makes its resources below this component."""

    layer = Layer.WORKLOADS

    def build(self, name: str, spec: PythonSpec, needs: PythonNeeds) -> PythonOutputs:
        made = call(load(spec.module), name, spec.arguments, context=self.context, opts=self.child())
        return PythonOutputs(values=pulumi.Output.from_input(dict(made)))
