"""A resource graph as Mermaid or DOT: components as boxes, resources in them, references as arrows."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.render.plan_lines import type_text


def mermaid(graph: ResourceGraph, *, resources: bool = False) -> str:
    """A Mermaid flowchart of components; with ``resources``, of every resource in its component."""
    lines = ["flowchart LR"]
    if resources:
        ids = {node.urn: f"n{index}" for index, node in enumerate(graph.resources)}
        for index, (component, nodes) in enumerate(by_component(graph).items()):
            inside = [f'{ids[node.urn]}["{_label(f"{node.name}: {type_text(node.type)}")}"]' for node in nodes]
            lines += (
                [f'  subgraph c{index}["{_label(component)}"]', *(f"    {line}" for line in inside), "  end"]
                if component
                else [f"  {line}" for line in inside]
            )
        lines += [f"  {ids[source]} --> {ids[target]}" for source, target in resource_edges(graph)]
        return "\n".join(lines)
    names = {name: f"c{index}" for index, name in enumerate(component_kinds(graph))}
    lines += [
        f'  {names[name]}["{_label(f"{name}: {kind}" if kind else name)}"]'
        for name, kind in component_kinds(graph).items()
    ]
    lines += [f"  {names[source]} --> {names[target]}" for source, target in component_edges(graph)]
    return "\n".join(lines)


def dot(graph: ResourceGraph, *, resources: bool = False) -> str:
    """The same for Graphviz."""
    lines = [f"digraph {_quoted(graph.blueprint or 'graph')} {{", "  rankdir=LR;", "  node [shape=box];"]
    if resources:
        for index, (component, nodes) in enumerate(by_component(graph).items()):
            inside = [
                f"{_quoted(node.urn)} [label={_quoted(f'{node.name}: {type_text(node.type)}')}];" for node in nodes
            ]
            lines += (
                [
                    f"  subgraph cluster_{index} {{",
                    f"    label={_quoted(component)};",
                    *(f"    {line}" for line in inside),
                    "  }",
                ]
                if component
                else [f"  {line}" for line in inside]
            )
        lines += [f"  {_quoted(source)} -> {_quoted(target)};" for source, target in resource_edges(graph)]
    else:
        lines += [
            f"  {_quoted(name)} [label={_quoted(f'{name}: {kind}' if kind else name)}];"
            for name, kind in component_kinds(graph).items()
        ]
        lines += [f"  {_quoted(source)} -> {_quoted(target)};" for source, target in component_edges(graph)]
    return "\n".join([*lines, "}"])


def component_kinds(graph: ResourceGraph) -> dict[str, str]:
    """Components and their kinds, in the order of the graph; resources where a program has no components."""
    found = {node.component: node.kind or "" for node in graph.nodes if node.component is not None}
    return found or {node.name: type_text(node.type) for node in graph.resources}


def component_edges(graph: ResourceGraph) -> list[tuple[str, str]]:
    """Which component uses which, each pair once, in the order of the graph.

    What is made by a provider also uses what configures it: objects inside of a cluster use the cluster.
    """
    part = {node.urn: node.component for node in graph.nodes}
    if not any(part.values()):
        part = {node.urn: node.name for node in graph.resources}
    pairs = [(part.get(source), part.get(target)) for source, target in resource_edges(graph)]
    configured = {node.urn: [part.get(reference.urn) for reference in node.references()] for node in graph.nodes}
    for node in graph.resources:
        pairs += [(part.get(node.urn), target) for target in configured.get(node.provider or "", ())]
    return list(dict.fromkeys((a, b) for a, b in pairs if a is not None and b is not None and a != b))


def resource_edges(graph: ResourceGraph) -> list[tuple[str, str]]:
    """Which resource uses which, by URN, each pair once, in the order of the graph."""
    known = {node.urn for node in graph.resources}
    edges: dict[tuple[str, str], None] = {}
    for node in graph.resources:
        for target in _targets(node):
            if target in known and target != node.urn:
                edges[node.urn, target] = None
    return list(edges)


def _targets(node: ResourceNode) -> Iterator[str]:
    yield from (reference.urn for reference in node.references())
    for urns in node.property_dependencies.values():
        yield from urns
    yield from node.depends_on


def by_component(graph: ResourceGraph) -> dict[str, list[ResourceNode]]:
    """The resources of each component, in the order of the graph; those of none below the empty name."""
    found: dict[str, list[ResourceNode]] = {}
    for node in graph.resources:
        found.setdefault(node.component or "", []).append(node)
    return found


def _label(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
