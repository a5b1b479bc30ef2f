"""``mlinfra schema``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands._output import emit, emit_json

EXAMPLE = "mlinfra schema blueprint"
Document = Literal["blueprint", "environment", "graph", "plan", "cost"]


def run(
    document: Annotated[Document, typer.Argument(metavar="DOCUMENT", help="Of which document.")] = "blueprint",
) -> None:
    """Write the JSON Schema of blueprints, for editors; or of a document that mlinfra writes.

    DOCUMENT is one of blueprint (left out), environment, graph, plan, cost.
    """
    if document == "environment":
        from mlinfra.blueprint.schema import environment_schema

        emit_json(environment_schema())
        return
    from mlinfra.catalogue import SCHEMA
    from mlinfra.commands._kinds import blueprint_schema_text

    if document == "blueprint":
        emit(blueprint_schema_text())
        return
    emit((SCHEMA.parent / document / f"{document}.schema.json").read_text("utf-8"))
