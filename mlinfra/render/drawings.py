"""A resource graph as SVG, and as a page of HTML with the drawing and every resource; neither loads anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from mlinfra.graph.model import ResourceGraph
from mlinfra.render.layout import BOX_HEIGHT, Layout, Point, layout
from mlinfra.render.pictures import by_component, component_edges, component_kinds, resource_edges
from mlinfra.render.plan_lines import type_text
from mlinfra.render.terminal import columns

MARGIN = 24
HEAD = 34
CHARACTER = 7.3
"""Width of a character of the font below at 12 px."""
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
LAYERS = {"foundation": "#dbeafe", "cluster": "#ede9fe", "platform": "#dcfce7", "workloads": "#ffedd5"}
OTHER = "#f1f5f9"
OPEN = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" \
font-family="{font}" font-size="12">
<title>{title}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<defs><marker id="used" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0,0 L8,4 L0,8 z" fill="#64748b"/></marker></defs>"""
LINE = '<path d="{path}" fill="none" stroke="#94a3b8" stroke-width="1.2" marker-end="url(#used)"/>'
BOX = """\
<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="#64748b"/>
<text x="{middle}" y="{first}" text-anchor="middle" font-weight="bold" fill="#0f172a">{title}</text>
<text x="{middle}" y="{second}" text-anchor="middle" fill="#475569">{below}</text>"""
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #0f172a; background: #fff }}
svg {{ max-width: 100%; height: auto }}
code {{ font-family: {font} }}
summary {{ cursor: pointer }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>An arrow points at what is used.</p>
{drawing}
<h2>Resources</h2>
{resources}
</body>
</html>"""


def svg(graph: ResourceGraph, *, resources: bool = False) -> str:
    """Components in columns by layer, an arrow to each that is used; with ``resources`` every resource."""
    if resources:
        labels = {node.urn: (node.name, type_text(node.type)) for node in graph.resources}
        edges, part = resource_edges(graph), {node.urn: node.layer for node in graph.resources}
    else:
        labels = {name: (name, kind) for name, kind in component_kinds(graph).items()}
        edges = component_edges(graph)
        part = {node.component or node.name: node.layer for node in graph.resources}
    layers = {name: part.get(name) or "" for name in labels}
    order = list(LAYERS)
    plan = layout(
        {name: max(map(columns, texts)) * CHARACTER + 24 for name, texts in labels.items()},
        edges,
        {name: order.index(layer) if layer in LAYERS else 0 for name, layer in layers.items()},
    )
    width, height = plan.width + 2 * MARGIN, plan.height + 2 * MARGIN + HEAD
    return "\n".join(
        [
            OPEN.format(width=round(width), height=round(height), font=FONT, title=escape(_title(graph))),
            f'<g transform="translate({MARGIN},{MARGIN + HEAD})">',
            *(_heading(layer, plan, layers) for layer in LAYERS if layer in layers.values()),
            *(LINE.format(path=_curve(points)) for points in plan.lines.values()),
            *(_box(name, *labels[name], plan, LAYERS.get(layers[name], OTHER)) for name in labels),
            "</g>",
            "</svg>",
        ]
    )


def _heading(layer: str, plan: Layout, layers: Mapping[str, str]) -> str:
    inside = [plan.columns[plan.column_of[name]] for name in layers if layers[name] == layer]
    middle = (min(left for left, _ in inside) + max(right for _, right in inside)) / 2
    return f'<text x="{middle:.1f}" y="-16" text-anchor="middle" font-size="13" fill="#475569">{layer}</text>'


def _box(name: str, title: str, below: str, plan: Layout, fill: str) -> str:
    x, y, wide = plan.boxes[name]
    return BOX.format(
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        width=f"{wide:.1f}",
        height=BOX_HEIGHT,
        fill=fill,
        middle=f"{x + wide / 2:.1f}",
        first=f"{y + 19:.1f}",
        second=f"{y + 35:.1f}",
        title=escape(title),
        below=escape(below),
    )


def html(graph: ResourceGraph, *, resources: bool = False) -> str:
    """One file to send around: the drawing, and below it the resources of each component."""
    kinds = component_kinds(graph)
    parts = [
        f"<details><summary><b>{escape(name or 'without a component')}</b> {escape(kinds.get(name, ''))}, "
        f"{len(nodes)} resource{'' if len(nodes) == 1 else 's'}</summary>\n<ul>\n"
        + "\n".join(f"<li><code>{escape(node.name)}</code> {escape(type_text(node.type))}</li>" for node in nodes)
        + "\n</ul></details>"
        for name, nodes in by_component(graph).items()
    ]
    drawing = svg(graph, resources=resources)
    return PAGE.format(title=escape(_title(graph)), font=FONT, drawing=drawing, resources="\n".join(parts))


def _title(graph: ResourceGraph) -> str:
    return " · ".join(word for word in (graph.blueprint, graph.environment, graph.region) if word)


def _curve(points: Iterable[Point]) -> str:
    """Smooth between columns, straight inside of them: each piece leaves and arrives level."""
    (x, y), *rest = points
    path = f"M{x:.1f},{y:.1f}"
    for next_x, next_y in rest:
        if y == next_y:
            path += f" L{next_x:.1f},{next_y:.1f}"
        else:
            middle = (x + next_x) / 2
            path += f" C{middle:.1f},{y:.1f} {middle:.1f},{next_y:.1f} {next_x:.1f},{next_y:.1f}"
        x, y = next_x, next_y
    return path
