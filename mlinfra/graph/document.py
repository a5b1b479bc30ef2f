"""The exchange format of a resource graph: ``mlinfra_graph: 1``, described by ``graph.schema.json`` beside this file.

JSON has no word for what only the deployment knows, so three mappings of one key stand for it: ``{"$unknown": true}``,
``{"$secret": true}`` and ``{"$derived": [urn, …]}``. A mapping of a program that happens to have such a key is
wrapped in ``{"$literal": {…}}``. Amounts are decimal strings. The same graph always gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import TypeVar, cast

from mlinfra.errors import GraphError
from mlinfra.graph import checks
from mlinfra.graph.checks import Json
from mlinfra.graph.model import (
    LAYERS,
    SECRET,
    UNKNOWN,
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

VERSION = 1

MARKERS = frozenset({"$unknown", "$secret", "$derived", "$literal"})
GRAPH_FIELDS = frozenset({"mlinfra_graph", "blueprint", "environment", "account", "region", "nodes", "outputs"})
NODE_FIELDS = frozenset(field.name for field in fields(ResourceNode))

_T = TypeVar("_T")


def dumps(graph: ResourceGraph) -> str:
    """The document as text with one node a line, so that ordinary tools can compare two graphs. Ends in a newline."""
    document = to_document(graph)
    nodes = cast("list[Json]", document.pop("nodes"))
    outputs = document.pop("outputs")
    head = _line(document)[:-1]
    body = ",\n".join(map(_line, nodes))
    listed = f"[\n{body}\n]" if nodes else "[]"
    return f'{head},\n"nodes": {listed},\n"outputs": {_line(outputs)}}}\n'


def loads(text: str | bytes) -> ResourceGraph:
    """The graph in a text that ``dumps`` wrote."""
    return from_document(checks.parse(text))


def to_document(graph: ResourceGraph) -> dict[str, Json]:
    """The graph as JSON values, fields in the order of the format, keys inside ``inputs`` sorted."""
    return {
        "mlinfra_graph": VERSION,
        "blueprint": graph.blueprint,
        "environment": graph.environment,
        "account": graph.account,
        "region": graph.region,
        "nodes": [_node_to_document(node) for node in graph.nodes],
        "outputs": {name: _encoded_mapping(graph.outputs[name]) for name in sorted(graph.outputs)},
    }


def from_document(document: Json) -> ResourceGraph:
    """The graph that a document describes.

    Raises GraphError with the place (``nodes[3].usage``) when the document is of another version or malformed.
    """
    top = checks.mapping(document, "the document")
    version = top.get("mlinfra_graph")
    if version != VERSION or isinstance(version, bool):
        found = f"`{version}`" if isinstance(version, int) else "none"
        raise GraphError(
            f"the document has version {found} in `mlinfra_graph`; this mlinfra reads `{VERSION}`",
            hint="write it again with `mlinfra graph --format json`",
        )
    checks.refuse_unknown_fields(top, GRAPH_FIELDS, "the document")
    outputs = checks.mapping(top.get("outputs", {}), "outputs")
    nodes = tuple(
        _node_from_document(item, f"nodes[{index}]")
        for index, item in enumerate(checks.items(top.get("nodes"), "nodes"))
    )
    _refuse_duplicates(nodes)
    return ResourceGraph(
        nodes=nodes,
        blueprint=checks.text(top.get("blueprint"), "blueprint"),
        environment=checks.text(top.get("environment"), "environment"),
        account=checks.optional(top.get("account"), "account", checks.text),
        region=checks.optional(top.get("region"), "region", checks.text),
        outputs={
            name: _decoded_mapping(checks.mapping(given, f"outputs.{name}"), f"outputs.{name}")
            for name, given in outputs.items()
        },
    )


def encode(value: Value) -> Json:
    """A value of a graph as JSON, with markers for what JSON cannot say."""
    if isinstance(value, dict):
        encoded: dict[str, Json] = _encoded_mapping(value)
        return encoded if MARKERS.isdisjoint(value) else {"$literal": encoded}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, Unknown):
        return {"$unknown": True}
    if isinstance(value, Secret):
        return {"$secret": True}
    if isinstance(value, Derived):
        return {"$derived": list(value.urns)}
    return value


def decode(value: Json, place: str) -> Value:
    """The opposite of ``encode``. ``place`` is named when a marker is malformed; the value itself never is."""
    if isinstance(value, list):
        return [decode(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    found = MARKERS.intersection(value)
    return _marked(min(found), value, place) if found else _decoded_mapping(value, place)


def _marked(marker: str, value: dict[str, Json], place: str) -> Value:
    content = value[marker]
    if len(value) == 1:
        if marker == "$literal":
            return _decoded_mapping(checks.mapping(content, f"{place}.$literal"), place)
        if marker == "$derived":
            return Derived(checks.texts(content, f"{place}.$derived"))
        if content is True:
            return UNKNOWN if marker == "$unknown" else SECRET
    raise GraphError(
        f"`{place}` holds `{marker}` in a way that the format does not know",
        hint='allowed are `{"$unknown": true}`, `{"$secret": true}`, `{"$derived": [urn, …]}` and `{"$literal": {…}}`',
    )


def _node_to_document(node: ResourceNode) -> dict[str, Json]:
    return {
        "urn": node.urn,
        "type": node.type,
        "name": node.name,
        "layer": node.layer,
        "component": node.component,
        "kind": node.kind,
        "parent": node.parent,
        "custom": node.custom,
        "provider": node.provider,
        "protect": node.protect,
        "retain_on_delete": node.retain_on_delete,
        "ignore_changes": list(node.ignore_changes),
        "replace_on_changes": list(node.replace_on_changes),
        "delete_before_replace": node.delete_before_replace,
        "deleted_with": node.deleted_with,
        "aliases": list(node.aliases),
        "import_id": node.import_id,
        "depends_on": list(node.depends_on),
        "property_dependencies": {
            key: list(node.property_dependencies[key]) for key in sorted(node.property_dependencies)
        },
        "inputs": _encoded_mapping(node.inputs),
        "usage": {key: _amount_to_document(node.usage[key]) for key in sorted(node.usage)},
        "source": None if node.source is None else {"file": node.source.file, "line": node.source.line},
    }


def _node_from_document(value: Json, place: str) -> ResourceNode:
    given = checks.mapping(value, place)
    checks.refuse_unknown_fields(given, NODE_FIELDS, place)

    def field(name: str, read: Callable[[Json, str], _T]) -> _T:
        return read(given.get(name), f"{place}.{name}")

    def optional(name: str, read: Callable[[Json, str], _T]) -> _T | None:
        return checks.optional(given.get(name), f"{place}.{name}", read)

    dependencies = optional("property_dependencies", checks.mapping) or {}
    usage = optional("usage", checks.mapping) or {}
    return ResourceNode(
        urn=field("urn", checks.text),
        type=field("type", checks.text),
        name=field("name", checks.text),
        layer=optional("layer", _layer),
        component=optional("component", checks.text),
        kind=optional("kind", checks.text),
        parent=optional("parent", checks.text),
        custom=field("custom", checks.flag),
        provider=optional("provider", checks.text),
        protect=optional("protect", checks.flag) or False,
        retain_on_delete=optional("retain_on_delete", checks.flag) or False,
        ignore_changes=optional("ignore_changes", checks.texts) or (),
        replace_on_changes=optional("replace_on_changes", checks.texts) or (),
        delete_before_replace=optional("delete_before_replace", checks.flag),
        deleted_with=optional("deleted_with", checks.text),
        aliases=optional("aliases", checks.texts) or (),
        import_id=optional("import_id", checks.text),
        depends_on=optional("depends_on", checks.texts) or (),
        property_dependencies={
            key: checks.texts(urns, f"{place}.property_dependencies.{key}") for key, urns in dependencies.items()
        },
        inputs=_decoded_mapping(field("inputs", checks.mapping), f"{place}.inputs"),
        usage={key: _amount(amount, f"{place}.usage.{key}") for key, amount in usage.items()},
        source=optional("source", _source),
    )


def _line(value: Json | Mapping[str, Json]) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise GraphError("a value of the graph is NaN or infinite; the format holds only finite numbers") from None


def _refuse_duplicates(nodes: Iterable[ResourceNode]) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.urn in seen:
            raise GraphError(f"two nodes have the URN `{node.urn}`; a URN names one resource")
        seen.add(node.urn)


def _layer(value: Json, place: str) -> LayerName:
    for layer in LAYERS:
        if value == layer:
            return layer
    raise checks.wrong(value, place, f"one of {', '.join(f'`{layer}`' for layer in LAYERS)}")


def _source(value: Json, place: str) -> Source:
    given = checks.mapping(value, place)
    checks.refuse_unknown_fields(given, Source._fields, place)
    line = given.get("line")
    if not isinstance(line, int) or isinstance(line, bool):
        raise checks.wrong(line, f"{place}.line", "a whole number")
    return Source(checks.text(given.get("file"), f"{place}.file"), line)


def _amount_to_document(amount: Amount) -> dict[str, Json]:
    return {name: format(number, "f") for name, number in zip(Amount._fields, amount, strict=True)}


def _amount(value: Json, place: str) -> Amount:
    given = checks.mapping(value, place)
    checks.refuse_unknown_fields(given, Amount._fields, place)
    return Amount(*_decimals(given, place))


def _decimals(given: Mapping[str, Json], place: str) -> Iterator[Decimal]:
    for name in Amount._fields:
        text = checks.text(given.get(name), f"{place}.{name}")
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise GraphError(f'`{place}.{name}` is not an amount; it must be a decimal in quotes such as `"12.5"`')
        yield number


def _decoded_mapping(given: Mapping[str, Json], place: str) -> dict[str, Value]:
    return {key: decode(item, f"{place}.{key}") for key, item in given.items()}


def _encoded_mapping(given: Mapping[str, Value]) -> dict[str, Json]:
    # Not escaped: where this stands at the top (inputs, outputs) only a mapping can stand, so no marker is looked for.
    return {key: encode(given[key]) for key in sorted(given)}
