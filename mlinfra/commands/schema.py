"""``mlinfra schema``."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.commands._completion import documents
from mlinfra.commands._output import emit
from mlinfra.commands._schemas import names, schema_text

EXAMPLE = "mlinfra schema blueprint"


def run(
    document: Annotated[
        str,
        typer.Argument(metavar="DOCUMENT", help=f"One of {', '.join(names())}.", autocompletion=documents),
    ] = "blueprint",
) -> None:
    """Write the JSON Schema of blueprints, for editors; or of a document that mlinfra writes.

    What says `mlinfra_outcome` is described by `mlinfra schema outcome`, and so on.
    """
    emit(schema_text(document))
