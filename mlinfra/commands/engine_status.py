"""``mlinfra engine status``."""

from __future__ import annotations

from mlinfra.commands import _options
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra engine status"


def run(
    output: _options.TextOrJson = "text",
) -> None:
    """Show which Pulumi CLI and provider plugins are here, and which the installed SDKs need. Offline."""
    import dataclasses

    from mlinfra.engine.install import status
    from mlinfra.render.tables import table

    parts = status()
    if output == "json":
        emit_json({"mlinfra_engine": 1, "parts": [dataclasses.asdict(part) for part in parts]})
        return
    rows = [
        (
            "ok" if part.fits else "missing" if part.path is None else "too old",
            part.name,
            part.needed,
            part.found or ("on PATH" if part.path else "none"),
            part.path or "`mlinfra engine install` gets it",
        )
        for part in parts
    ]
    emit(table(("", "WHAT", "SDK", "FOUND", "WHERE"), rows, whole=(0, 1, 2, 3), terminal=stdout()))
