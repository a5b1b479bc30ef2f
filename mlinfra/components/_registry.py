"""Which kinds there are: found by walking the folders and the entry points, imported only when asked for."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_args, get_origin

from mlinfra.components._grammar import Component, Layer, Needs, Outputs, Spec
from mlinfra.components._outputs import NeedField, need_fields, takes_access
from mlinfra.errors import UsageError

GROUP = "mlinfra.components"
THIRD_PARTY = "third-party"
"""Stands for the folder of kinds that other packages bring."""
RESERVED = frozenset({"kind", "description", "existing", "expected", "access", "tags", "overrides", "layer"})
"""Component keys that mean the same for every kind."""


@dataclass(frozen=True)
class Kind:
    """A kind, imported: its class and the three types of its sentence."""

    name: str
    folder: str
    component: type[Component[Any, Any, Any]]
    spec: type[Spec]
    needs: type[Needs]
    outputs: type[Outputs]

    @property
    def need_fields(self) -> Mapping[str, NeedField]:
        """The fields that name other components."""
        return need_fields(self.needs)

    @property
    def takes_access(self) -> bool:
        """Whether ``access:`` may be said of it."""
        return takes_access(self.needs)

    @property
    def summary(self) -> str:
        """The first line of the file's docstring."""
        module = inspect.getmodule(self.component)
        return (inspect.getdoc(module) or "").partition("\n")[0]

    def layer_of(self, spec: Spec) -> Layer:
        """The layer that this spec puts a component into."""
        return self.component.layer_of(spec)


@functools.cache
def files() -> Mapping[str, Path]:
    """The shipped kinds and their files, by name, sorted; nothing is imported."""
    here = Path(__file__).parent
    found = {path.stem: path for path in here.glob("*/*.py") if not path.stem.startswith("_")}
    return dict(sorted(found.items()))


@functools.cache
def third_party() -> Mapping[str, EntryPoint]:
    """Kinds of other packages, by the entry-point group ``mlinfra.components``. A shipped kind cannot be replaced."""
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in files()}


def names() -> tuple[str, ...]:
    """All kinds, shipped and third-party, sorted."""
    return tuple(sorted({*files(), *third_party()}))


@functools.cache
def find(name: str) -> Kind:
    """The kind called ``name``. Raises UsageError if there is none or its file breaks the grammar."""
    if name in files():
        folder = files()[name].parent.name
        return describe(name, importlib.import_module(f"mlinfra.components.{folder}.{name}"), folder)
    if name in third_party():
        loaded = third_party()[name].load()
        module = inspect.getmodule(loaded) if inspect.isclass(loaded) else loaded
        return describe(name, module, THIRD_PARTY, loaded if inspect.isclass(loaded) else None)
    raise UsageError(f"there is no kind `{name}`", hint="`mlinfra kinds` lists them")


def describe(name: str, module: Any, folder: str, component: type[Any] | None = None) -> Kind:
    """Read the sentence of a kind from its module. Raises UsageError if it is malformed."""
    classes = (
        [component]
        if component
        else [
            item
            for item in vars(module).values()
            if inspect.isclass(item) and issubclass(item, Component) and item.__module__ == module.__name__
        ]
    )
    if len(classes) != 1:
        raise UsageError(f"kind `{name}`: {module.__name__} must hold exactly one Component, not {len(classes)}")
    (cls,) = classes
    base = next((b for b in getattr(cls, "__orig_bases__", ()) if get_origin(b) is Component), None)
    if base is None:
        raise UsageError(f"kind `{name}`: {cls.__name__} must name its types: `Component[Spec, Needs, Outputs]`")
    spec, needs, outputs = get_args(base)
    if clash := (set(spec.model_fields) & set(need_fields(needs))) | (
        ((set(spec.model_fields) - {"expected"}) | set(need_fields(needs))) & RESERVED
    ):
        raise UsageError(f"kind `{name}`: fields that cannot be told apart or are reserved: {', '.join(sorted(clash))}")
    if folder == THIRD_PARTY and cls.kind() != name:
        # A class of its own: what somebody registers under another name keeps its own name for everybody else.
        cls = type(cls.__name__, (cls,), {"registered": name, "__module__": cls.__module__, "__doc__": cls.__doc__})
    return Kind(name, folder, cls, spec, needs, outputs)
