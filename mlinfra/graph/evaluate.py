"""Run a Pulumi program in this process and record its graph: no CLI, no account, no network.

Outputs that only AWS knows are stood in for and traced back to references afterwards (``_standins``), so policies and other documents that are
built from them can be read in full.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import re
from collections.abc import Callable, Iterator, Mapping, Set
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import resource, settings
from pulumi.runtime.proto.source_pb2 import StackTrace
from pulumi.runtime.stack import run_in_stack

from mlinfra.components._context import partition
from mlinfra.components._grammar import Range, expectations
from mlinfra.errors import MlinfraError, ProgramError
from mlinfra.graph._monitor import (
    FEATURES,
    SECRET_SIGNATURE,
    SIGNATURE,
    STACK,
    UNKNOWN,
    QuietEngine,
    Recording,
    RecordingMonitor,
    Registration,
)
from mlinfra.graph._standins import StandIns, holds_unknown, urns_in
from mlinfra.graph.known import Known
from mlinfra.graph.model import UNKNOWN as UNKNOWN_VALUE
from mlinfra.graph.model import (
    Amount,
    Derived,
    LayerName,
    ResourceGraph,
    ResourceNode,
    Secret,
    Source,
    Unknown,
    Value,
)
from mlinfra.graph.sealed import sealed
from mlinfra.graph.urns import types_of

Program = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Layered:
    """One stack to evaluate: its project, its program, and where the components of its blueprint stand."""

    project: str
    program: Program
    layer: LayerName | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()


def evaluate(
    program: Program, *, project: str = "project", stack: str = "dev", account: str, region: str
) -> ResourceGraph:
    """The graph of one program. Raises ProgramError if the program fails."""
    stacks = [Layered(project=project, program=program)]
    return evaluate_stacks(stacks, blueprint=project, environment=stack, account=account, region=region)


def evaluate_stacks(
    stacks: list[Layered],
    *,
    blueprint: str,
    environment: str,
    account: str,
    region: str,
    known: Known | None = None,
) -> ResourceGraph:
    """The graph of several stacks, in order; stack references among them are answered with what the earlier ones export.

    Resources that ``known`` has show their real outputs, as the engine shows them in a preview.
    """
    standins = StandIns(account, region, partition(region))
    earlier: dict[str, Mapping[str, Any]] = {}
    nodes: list[ResourceNode] = []
    outputs: dict[str, dict[str, Value]] = {}
    with _collector_paused():
        for one in stacks:
            usage: dict[tuple[str, str], dict[str, Range]] = {}
            monitor = RecordingMonitor(one.project, environment, (account, region), standins, earlier, known)
            _run(one, environment, monitor, usage)
            recording = monitor.recording
            for name in (f"{one.project}/{environment}", f"organization/{one.project}/{environment}"):
                earlier[name] = recording.exports_handed_on
            nodes.extend(sorted(_nodes(recording, one, usage, standins), key=_order(one)))
            for name, value in recording.exports.items():
                component, _, output = name.rpartition(".")
                outputs.setdefault(component, {})[output] = standins.traced(plain(value))
    return ResourceGraph(tuple(nodes), blueprint, environment, account, region, outputs)


class _InlineLoop(asyncio.SelectorEventLoop):
    """An event loop that runs executor work at once: the monitor answers from memory, a thread would only cost time and order."""

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]  # same contract, wider type
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - handed on through the future, as an executor does
            future.set_exception(error)
        return future


def _run(one: Layered, stack: str, monitor: RecordingMonitor, usage: dict[tuple[str, str], dict[str, Range]]) -> None:
    engine = QuietEngine()

    def inside() -> None:
        made = settings.Settings(
            project=one.project, stack=stack, dry_run=True, parallel=64, organization="organization",
            root_directory=str(one.folder), monitor=monitor, engine=engine,
        )  # fmt: skip
        settings.configure(made)
        settings.ROOT.set(None)  # of whatever ran in this process before
        settings.SETTINGS.monitor_features = set(FEATURES)
        pulumi.runtime.set_all_config(dict(one.config))
        expectations.set(usage)
        loop = _InlineLoop()
        try:
            loop.run_until_complete(run_in_stack(one.program))
        finally:
            loop.close()

    with _fails_on_output_text(), _without_stack_traces():
        try:
            contextvars.copy_context().run(inside)
        except MlinfraError:
            raise
        except Exception as error:
            where = f" of layer {one.layer}" if one.layer else ""
            raise ProgramError(f"the program{where} failed: {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """The SDK makes millions of short-lived cycles; looking for them while they are made is most of the time of a run."""
    enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _fails_on_output_text() -> Iterator[None]:
    """An Output in an f-string is an error of the program, not text."""
    name = "PULUMI_ERROR_OUTPUT_STRING"
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _without_stack_traces() -> Iterator[None]:
    """The SDK sends the whole stack along with each resource: a fifth of the time of a run, for what nobody reads here.

    It has no option against that. An SDK without this function is only slower.
    """
    name = "_get_stack_trace"
    before = getattr(resource, name, StackTrace)
    setattr(resource, name, StackTrace)
    try:
        yield
    finally:
        setattr(resource, name, before)


def _nodes(
    recording: Recording, one: Layered, usage: Mapping[tuple[str, str], Mapping[str, Range]], standins: StandIns
) -> Iterator[ResourceNode]:
    component_of: dict[str, tuple[str, str]] = {}
    echoes = {entry.urn: _leaves(plain(entry.inputs)) for entry in recording.registrations}
    echoes |= {urn: _leaves(plain(dict(outputs))) for urn, outputs in recording.earlier.items()}
    for entry in recording.registrations:
        request = entry.request
        if request.type == STACK:
            continue
        if request.type.startswith("mlinfra:components:"):
            component_of[entry.urn] = (request.name, request.type.rpartition(":")[2])
        elif request.parent in component_of:
            component_of[entry.urn] = component_of[request.parent]
        component, kind = component_of.get(entry.urn, (None, None))
        if component is None:
            component = _late_grant_holder(request.name, one.sources)
        belongs = (component, kind)
        yield _node(
            entry, one, belongs, usage.get((request.type, request.name), {}), standins, echoes, recording.settled
        )


def _order(one: Layered) -> Callable[[ResourceNode], tuple[int, int, str]]:
    """Components as they are built, parents before children, then by URN: the order of registration may differ between processes."""
    index = {name: number for number, name in enumerate(one.sources)}
    return lambda node: (index.get(node.component or "", -1), node.urn.count("$"), node.urn)


def _late_grant_holder(name: str, sources: Mapping[str, Source]) -> str | None:
    holder, access, _ = name.partition("-access-")
    return holder if access and holder in sources else None


def _node(
    entry: Registration,
    one: Layered,
    belongs: tuple[str | None, str | None],
    usage: Mapping[str, Range],
    standins: StandIns,
    echoes: Mapping[str, frozenset[Any]],
    settled: Set[str],
) -> ResourceNode:
    request = entry.request
    component, kind = belongs
    depends = {
        key: tuple(sorted(set(value.urns))) for key, value in getattr(request, "propertyDependencies", {}).items()
    }
    inputs = {
        # What comes from real outputs is a literal.
        key: _with_origin(
            standins.traced(plain(value)), value, tuple(u for u in depends.get(key, ()) if u not in settled), echoes
        )
        for key, value in sorted(entry.inputs.items())
    }
    reading = not hasattr(request, "custom")
    return ResourceNode(
        urn=entry.urn,
        type=request.type,
        name=request.name,
        layer=one.layer,
        component=component,
        kind=kind,
        parent=request.parent if request.parent and f"::{STACK}::" not in request.parent else None,
        custom=True if reading else request.custom,
        provider=request.provider.rpartition("::")[0] or None,
        protect=False if reading else request.protect,
        retain_on_delete=False if reading else request.retainOnDelete,
        ignore_changes=() if reading else tuple(request.ignoreChanges),
        replace_on_changes=() if reading else tuple(request.replaceOnChanges),
        delete_before_replace=request.deleteBeforeReplace
        if not reading and request.deleteBeforeReplaceDefined
        else None,
        deleted_with=None if reading else request.deletedWith or None,
        aliases=() if reading else tuple(sorted({alias_urn(entry.urn, alias) for alias in request.aliases})),
        import_id=request.id if reading else request.importId or None,
        depends_on=tuple(sorted(set(request.dependencies))),
        property_dependencies={key: urns for key, urns in sorted(depends.items()) if urns},
        inputs=inputs,
        usage={key: Amount(value.min, value.expected, value.max) for key, value in sorted(usage.items())},
        source=one.sources.get(component or ""),
    )


def alias_urn(urn: str, alias: Any) -> str:
    """The URN that an alias stands for; what it leaves out is as in ``urn``."""
    if alias.urn:
        return str(alias.urn)
    spec = alias.spec
    place, project, types, name = urn.split("::", 3)
    chain, _, own = types.rpartition("$")
    if spec.parentUrn:
        chain = types_of(spec.parentUrn)
    elif spec.noParent:
        chain = ""
    stack = f"urn:pulumi:{spec.stack}" if spec.stack else place
    qualified = "$".join(part for part in (chain, spec.type or own) if part)
    return "::".join((stack, spec.project or project, qualified, spec.name or name))


def _with_origin(traced: Value, raw: Any, urns: tuple[str, ...], echoes: Mapping[str, frozenset[Any]]) -> Value:
    """``traced``, or Derived: a value that depends on resources, of which none can be seen in it, is not a literal."""
    if (
        not urns
        or isinstance(traced, Secret | Unknown | Derived)
        or holds_unknown(traced, Unknown)
        or holds_unknown(traced, Secret)
    ):
        return traced
    if urns_in(traced):
        return traced
    known = frozenset().union(*(echoes.get(urn, frozenset()) for urn in urns))
    leaves = _leaves(raw)
    # In a structure or a text one repeated input (the name of a namespace) explains the dependency; the rest of it is the program's own.
    if isinstance(raw, dict | list):
        explained = any(isinstance(leaf, str) and leaf in known for leaf in leaves)
    else:
        explained = leaves <= known or (isinstance(raw, str) and any(_repeats(raw, text) for text in known))
    return traced if explained else Derived(urns)


def _repeats(text: str, part: Any) -> bool:
    """Whether a text repeats an input, between other words. What is shorter than four letters could be there by chance."""
    return isinstance(part, str) and len(part) > 3 and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _leaves(value: Any) -> frozenset[Any]:
    if isinstance(value, dict):
        return frozenset().union(*(_leaves(item) for item in value.values())) if value else frozenset()
    if isinstance(value, list):
        return frozenset().union(*(_leaves(item) for item in value)) if value else frozenset()
    return frozenset((value,)) if isinstance(value, str | int | float | bool) else frozenset()


def plain(value: Any) -> Any:
    """Pulumi's wire values as the graph's: marks of unknowns and secrets become objects, assets their description."""
    if isinstance(value, str):
        return UNKNOWN_VALUE if value == UNKNOWN else value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        mark = value.get(SIGNATURE)
        if mark == SECRET_SIGNATURE:
            return sealed(value.get("value"))
        if mark is not None and "urn" in value:
            return value["urn"]
        return {key: plain(item) for key, item in value.items() if key != SIGNATURE}
    return value


def evaluate_directory(folder: Path, *, account: str, region: str) -> ResourceGraph:
    """The graph of any Pulumi Python program: a folder with Pulumi.yaml and ``__main__.py`` (or what ``main:`` names).

    The configuration is that of the only ``Pulumi.<stack>.yaml``, if there is one. Raises ProgramError.
    """
    from mlinfra.graph._directory import directory_program

    project, stack, program, config = directory_program(folder)
    stacks = [Layered(project=project, program=program, config=config, folder=folder)]
    return evaluate_stacks(
        stacks, blueprint=project, environment=stack, account=account, region=config.get("aws:region", region)
    )
