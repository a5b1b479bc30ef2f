"""Resource graphs from what the Pulumi CLI writes: previews and state files. Anything else that is JSON is refused.

- preview: ``pulumi preview --json --show-sames``; without the flag the CLI leaves out what does not change.
- state: a checkpoint of a bucket or folder backend (also compressed with gzip), or ``pulumi stack export``;
  the states of all layers in one file, from ``mlinfra state export``.

Both hold what a provider added to the inputs (generated names, defaults). A graph holds what a program registered, so
that part is left out again. Facts: the deployment format, version 3, of the Pulumi CLI 3.272.
"""

from __future__ import annotations

import dataclasses
import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlinfra.errors import GraphError, UsageError
from mlinfra.graph import checks
from mlinfra.graph._resources import Place, Registered, graph_of
from mlinfra.graph.checks import Json
from mlinfra.graph.document import from_document
from mlinfra.graph.model import ResourceGraph

MAX_BYTES = 512 * 1024 * 1024
"""The largest document that is read, after decompression. The state of 10,000 resources takes about 60 MB."""

STATE_VERSION = 3
GZIP_MAGIC = b"\x1f\x8b"
ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"

GONE = ("delete", "pendingReplacement", "external")
"""Flags of a resource in a state that is not, or no longer, one of the stack's own."""


def read(path: str | Path) -> ResourceGraph:
    """The graph in a file: a graph document, a preview or a state, told apart by content, compressed with gzip or not.

    Raises UsageError when the file cannot be opened and GraphError, naming the file, when it holds something else.
    """
    document = load(path)
    try:
        return _read_any(document)
    except GraphError as error:
        raise GraphError(f"`{path}`: {error.message}", hint=error.hint) from None


def load(path: str | Path) -> Json:
    """The JSON in a file, compressed with gzip or not. Raises as ``read`` does."""
    file = Path(path)
    try:
        return checks.parse(_content(file))
    except GraphError as error:
        raise GraphError(f"`{file}`: {error.message}", hint=error.hint) from None


def read_preview(document: Json) -> ResourceGraph:
    """The graph of all that a previewed program registers.

    What only the deployment will know is Unknown, also where it is a stand-in inside of a text. Raises GraphError for a
    preview that leaves out unchanged resources: its graph would be priced and compared as if they did not exist.
    """
    top = checks.mapping(document, "the preview")
    steps = [checks.mapping(s, f"steps[{i}]") for i, s in enumerate(checks.items(top.get("steps"), "steps"))]
    left_out = _unchanged(top) - sum(1 for step in steps if step.get("op") == "same")
    if left_out > 0:
        raise GraphError(
            f"the preview leaves out {left_out} unchanged resource{'' if left_out == 1 else 's'}",
            hint="write it with `pulumi preview --json --show-sames`",
        )
    return graph_of(_planned(steps), Place())


def read_state(document: Json) -> ResourceGraph:
    """The graph of a stack's last known state. Outputs of other resources stand in it as the literals they became.

    Resources that wait for their deletion, and those that the stack only reads, are not in it.
    """
    top = checks.mapping(document, "the state")
    version = top.get("version")
    if version != STATE_VERSION:
        raise GraphError(
            f"the state has another version than `{STATE_VERSION}`, which is the one that this mlinfra reads",
            hint="write it again with `pulumi stack export` of a current Pulumi CLI",
        )
    if "checkpoint" in top:
        checkpoint = checks.mapping(top["checkpoint"], "checkpoint")
        return graph_of(_stored(checkpoint.get("latest"), "checkpoint.latest"), _place(checkpoint.get("stack")))
    return graph_of(_stored(top.get("deployment"), "deployment"), Place())


def _read_any(document: Json) -> ResourceGraph:
    top = checks.mapping(document, "the document")
    if "mlinfra_graph" in top:
        return from_document(top)
    if "steps" in top:
        return read_preview(top)
    if "checkpoint" in top or "deployment" in top:
        return read_state(top)
    if "mlinfra_state" in top:
        return _read_layers(top)
    raise GraphError(
        "the document is neither a graph, nor a preview, nor a state",
        hint=(
            "these are written by `mlinfra graph --format json`, `pulumi preview --json --show-sames` and"
            " `pulumi stack export` or `mlinfra state export`"
        ),
    )


def _read_layers(top: Mapping[str, Json]) -> ResourceGraph:
    """The states of all layers in one file, as ``mlinfra state export`` writes them."""
    layers = checks.mapping(top.get("layers"), "layers")
    graphs = [read_state(state) for state in layers.values()]
    if not graphs:
        raise GraphError("the file holds the state of no layer: nothing was deployed when it was written")
    return dataclasses.replace(
        graphs[0],
        nodes=tuple(node for graph in graphs for node in graph.nodes),
        outputs={name: values for graph in graphs for name, values in graph.outputs.items()},
    )


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as plain:
            magic = plain.read(4)
            plain.seek(0)
            if magic == ZSTANDARD_MAGIC:
                raise GraphError("the file is compressed with Zstandard", hint="decompress it with `zstd -d` first")
            if magic.startswith(GZIP_MAGIC):
                with gzip.open(plain) as packed:
                    content = packed.read(MAX_BYTES + 1)
            else:
                content = plain.read(MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise GraphError("the file looks compressed with gzip but is damaged or cut short") from None
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror}", hint="check the path") from None
    if len(content) > MAX_BYTES:
        raise GraphError(f"the document is larger than {MAX_BYTES // 1024**2} MiB")
    return content


def _unchanged(preview: Mapping[str, Json]) -> int:
    summary = checks.optional(preview.get("changeSummary"), "changeSummary", checks.mapping) or {}
    count = summary.get("same", 0)
    if not isinstance(count, int):
        raise checks.wrong(count, "changeSummary.same", "a whole number")
    return count


def _planned(steps: list[dict[str, Json]]) -> Iterator[Registered]:
    for index, step in enumerate(steps):
        # A deletion has no new state. Of the steps of a replacement all have the same one, and the first is kept.
        if step.get("newState") is not None:
            place = f"steps[{index}].newState"
            state = checks.mapping(step["newState"], place)
            if state.get("external") is not True:
                yield Registered(state, place)


def _stored(deployment: Json, place: str) -> Iterator[Registered]:
    # A stack that was made and never updated has no deployment; one that was destroyed has no resources.
    latest = checks.optional(deployment, place, checks.mapping) or {}
    resources = checks.optional(latest.get("resources"), f"{place}.resources", checks.items) or []
    for index, item in enumerate(resources):
        where = f"{place}.resources[{index}]"
        state = checks.mapping(item, where)
        if not any(state.get(flag) is True for flag in GONE):
            yield Registered(state, where)


def _place(stack: Json) -> Place:
    """From ``organization/<project>/<stack>``, or only ``<stack>`` in files of older CLIs."""
    parts = stack.split("/") if isinstance(stack, str) else []
    return Place(project=parts[-2] if len(parts) > 1 else "", stack=parts[-1] if parts else "")
