"""Kinds as text: the list of them, and the page of one with its tables of fields and outputs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from mlinfra.catalogue import Field, KindEntry, Output
from mlinfra.render import markdown
from mlinfra.render.tables import table
from mlinfra.render.terminal import PLAIN, Terminal

FIELDS, OUTPUTS = "<!-- fields -->", "<!-- outputs -->"
"""Lines of a page that the tables take the place of."""


def kinds_text(kinds: Iterable[KindEntry], *, terminal: Terminal = PLAIN) -> str:
    """A table of kinds, with their layer and what each is."""
    rows = [(kind.name, kind.layer, kind.summary.rstrip(".")) for kind in kinds]
    return table(("KIND", "LAYER", "WHAT"), rows, whole=(0, 1), terminal=terminal)


def kind_documents(kinds: Iterable[KindEntry]) -> dict[str, object]:
    """``{"mlinfra_kinds": 1, "kinds": […]}`` with fields and outputs."""
    import dataclasses

    return {"mlinfra_kinds": 1, "kinds": [dataclasses.asdict(kind) for kind in kinds]}


def page(kind: KindEntry, text: str | None) -> str:
    """The page of a kind, its marker lines replaced by tables; without a page, what the code itself says."""
    if text is None:
        text = f"# {kind.name}\n\n{kind.summary}\n\n{kind.makes}\n\n## Fields\n\n{FIELDS}\n\n## Outputs\n\n{OUTPUTS}\n"
    fields, outputs = "\n".join(fields_table(kind)), "\n".join(outputs_table(kind))
    return text.replace(FIELDS, fields).replace(OUTPUTS, outputs).rstrip()


def fields_table(kind: KindEntry) -> Iterator[str]:
    """Fields and needs as Markdown."""
    if not kind.fields:
        yield "It has no fields of its own."
        return
    rows = [(markdown.code(f.path), f.type, _default(f), f.text) for f in kind.fields]
    yield from markdown.table(("Field", "Takes", "Default", "What it says"), rows)
    if kind.takes_access:
        yield ""
        yield "`access: {component: level}` gives its role access to other components."


def outputs_table(kind: KindEntry) -> Iterator[str]:
    """Outputs as Markdown, and the levels of access."""
    if not kind.outputs:
        yield "It gives nothing to others."
        return
    rows = [(markdown.code(o.path), o.type + (", can be missing" if o.optional else ""), o.text) for o in kind.outputs]
    yield from markdown.table(("Output", "Type", "What it is"), rows)
    if kind.levels:
        yield ""
        yield f"Levels of `access` to it: {', '.join(markdown.code(level) for level in kind.levels)}."


def field_text(kind: KindEntry, field: Field, *, terminal: Terminal = PLAIN) -> str:
    """One field: what it takes, its default, what it says."""
    lines = [f"{kind.name}.{field.path}", "", f"takes    {field.type}", f"default  {_default(field)}"]
    return "\n".join([*lines, "", *textwrap.wrap(field.text, terminal.width)])


def output_text(kind: KindEntry, output: Output, *, terminal: Terminal = PLAIN) -> str:
    """One output: its type and what it is."""
    lines = [f"{kind.name}.{output.path}", "", f"gives    {output.type}{', can be missing' if output.optional else ''}"]
    return "\n".join([*lines, *(["", *textwrap.wrap(output.text, terminal.width)] if output.text else [])])


def _default(field: Field) -> str:
    return "required" if field.required else field.default or "none"
