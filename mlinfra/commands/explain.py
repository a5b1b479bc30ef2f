"""``mlinfra explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.commands._completion import topics as complete
from mlinfra.commands._output import close_to, emit, stdout
from mlinfra.errors import UsageError

EXAMPLE = "mlinfra explain bucket.expire_days"


def run(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="TOPIC",
            help="A kind, KIND.FIELD, `codes`, or a page.",
            autocompletion=complete,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the documentation of a kind, a field, the message codes, or a page.

    Without TOPIC: what there is.
    """
    emit(_text(topic))


def _text(topic: str | None) -> str:
    from mlinfra.catalogue import catalogue
    from mlinfra.commands import _kinds, _pages
    from mlinfra.render.kinds import page
    from mlinfra.render.pages import page_text
    from mlinfra.render.tables import table

    pages = _pages.topics()
    if topic is None:
        rows = [("kinds", ", ".join(_kinds.names())), ("pages", ", ".join(pages)), ("messages", "codes")]
        return table(("TOPICS", ""), rows, terminal=stdout())
    if topic == "codes":
        return table(("CODE", "MEANS"), sorted(catalogue().codes.items()), terminal=stdout())
    if topic in pages:
        return page_text(pages[topic].read_text("utf-8").rstrip(), stdout())
    if topic in catalogue().codes:
        return f"{topic}: {catalogue().codes[topic]}"
    name, dot, path = topic.partition(".")
    if name not in _kinds.names():
        hint = close_to(topic, [*_kinds.names(), *pages, "codes"]) or "`mlinfra explain` lists what there is"
        raise UsageError(f"there is nothing called `{name}` to explain", hint=hint)
    found = _kinds.kind(name)
    return _part(name, path) if dot else page_text(page(found, _pages.kind_page(name)), stdout())


def _part(kind: str, path: str) -> str:
    """A field, everything below a field, or an output."""
    from mlinfra.commands._kinds import kind as find
    from mlinfra.render.kinds import field_text, output_text

    entry = find(kind)
    fields = [field for field in entry.fields if field.path == path or field.path.startswith((f"{path}.", f"{path}["))]
    outputs = [output for output in entry.outputs if output.path == path]
    if not fields and not outputs:
        known = [*(field.path for field in entry.fields), *(output.path for output in entry.outputs)]
        hint = close_to(path, known) or f"`mlinfra explain {kind}` lists its fields and outputs"
        raise UsageError(f"kind `{kind}` has no field or output `{path}`", hint=hint)
    found = [field_text(entry, one, terminal=stdout()) for one in fields]
    found += [output_text(entry, one, terminal=stdout()) for one in outputs]
    return "\n\n".join(found)
