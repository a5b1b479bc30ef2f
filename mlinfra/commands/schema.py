"""``mlinfra schema``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.commands._output import emit, emit_json
from mlinfra.errors import UsageError

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
    from pathlib import Path

    from mlinfra.catalogue import SCHEMA, catalogue
    from mlinfra.commands._kinds import names

    if document == "blueprint" and set(names()) - set(catalogue().kinds):
        from mlinfra.blueprint.schema import schema

        emit_json(schema())  # the shipped file knows only the shipped kinds
        return

    package = SCHEMA.parent
    file: Path = SCHEMA if document == "blueprint" else package / document / f"{document}.schema.json"
    if not file.is_file():
        raise UsageError(
            f"this installation has no schema of {document}", hint="in a checkout `make catalogue` writes it"
        )
    emit(file.read_text("utf-8"))
