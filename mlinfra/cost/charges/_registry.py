"""Charge functions by resource type."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from mlinfra.cost.charges._lines import Free, Item, Unpriced
from mlinfra.cost.charges._reading import Reading
from mlinfra.graph.model import ResourceNode

ChargeFunction = Callable[[ResourceNode, Reading], Iterator[Item]]

RUNS_ON_NODES = "runs on nodes that are priced themselves"
ELSEWHERE = frozenset(
    {"random", "tls", "time", "null", "command", "local", "std", "archive", "pulumi-python", "pulumi-nodejs"}
)
"""Packages whose resources live in state or on the caller's machine."""

_functions: dict[str, ChargeFunction] = {}
_usage: dict[str, Mapping[str, str]] = {}
_free: dict[str, str] = {}


def charges_for(*types: str, usage: Mapping[str, str] | None = None) -> Callable[[ChargeFunction], ChargeFunction]:
    """Declare what resources of these types cost. ``usage`` tells the keys that matter, with meaning and unit."""

    def register(function: ChargeFunction) -> ChargeFunction:
        for name in types:
            _refuse_twice(name)
            _functions[name] = function
            _usage[name] = MappingProxyType(dict(usage or {}))
        return function

    return register


def free(reason: str, *types: str) -> None:
    """Declare types that cost nothing, and why."""
    for name in types:
        _refuse_twice(name)
        _free[name] = reason


def find(name: str) -> ChargeFunction:
    """What resources of a type cost; for an unknown type a function that says that it is unknown."""
    _discover()
    return _functions.get(name) or _otherwise(name)


def usage_keys(name: str) -> Mapping[str, str]:
    """The usage keys that matter for a type, with meaning and unit; empty where none does."""
    _discover()
    return _usage.get(name, MappingProxyType({}))


def coverage(types: Iterable[str]) -> tuple[str, ...]:
    """Those of the types for which no charge is known, sorted. Components, providers and stacks are left out."""
    _discover()
    return tuple(
        sorted({name for name in types if not _skipped(name) and _reason_free(name) is None and name not in _functions})
    )


def _skipped(name: str) -> bool:
    return name.startswith(("pulumi:", "mlinfra:"))


@cache
def _otherwise(name: str) -> ChargeFunction:
    reason = _reason_free(name)
    item: Item = Unpriced("all charges", f"no charge is known for type `{name}`") if reason is None else Free(reason)
    items = (item,)
    return lambda _node, _look: iter(items)


def _reason_free(name: str) -> str | None:
    """Why a type costs nothing, or None when that is not known."""
    declared = _free.get(name)
    if declared is not None:
        return declared
    package, _, rest = name.partition(":")
    if package == "kubernetes" and ".services.k8s.aws/" not in rest and ".crossplane.io/" not in rest:
        return RUNS_ON_NODES
    return "makes nothing that anybody bills" if package in ELSEWHERE else None


def _refuse_twice(name: str) -> None:
    if name in _functions or name in _free:
        raise ValueError(f"what `{name}` costs is declared twice")


@cache
def _discover() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            import_module(f"{__package__}.{module.name}")
