"""``mlinfra sandbox``."""

from __future__ import annotations

import os
from collections import Counter

from mlinfra.commands import _options
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra sandbox"


def run(
    output: _options.TextOrJson = "text",
) -> None:
    """Show what exists in the simulated cloud, and the faults that wait in it.

    `--sandbox` on apply, plan, drift, outputs and destroy uses it. `MLINFRA_SANDBOX` names another folder for it.
    """
    from mlinfra.engine.places import sandbox_folder
    from mlinfra.engine.sandbox import Cloud
    from mlinfra.render.plan_lines import type_text
    from mlinfra.render.tables import table

    folder = sandbox_folder(os.environ)
    cloud = Cloud(folder / "cloud.db")
    held = cloud.resources() if cloud.file.exists() else ()
    faults = cloud.faults() if cloud.file.exists() else ()
    if output == "json":
        emit_json(
            {
                "mlinfra_sandbox": 1,
                "folder": str(folder),
                "resources": [{"type": one.type, "id": one.id, "urn": one.urn} for one in held],
                "faults": [
                    {
                        "kind": one.kind,
                        "resource": one.resource,
                        "operation": one.operation,
                        "argument": one.argument,
                        "remaining": one.remaining,
                    }
                    for one in faults
                ],
            }
        )
        return
    lines = [f"simulated cloud in {folder}: {len(held)} resources"]
    if held:
        counts = Counter(type_text(one.type) for one in held)
        rows = [(type_, str(count)) for type_, count in sorted(counts.items())]
        lines += ["", table(("TYPE", "COUNT"), rows, right=(1,), terminal=stdout())]
    lines += [
        f"waiting: {one.operation} of {one.resource}: {one.kind} {one.argument}, {one.remaining} times"
        for one in faults
    ]
    emit("\n".join(lines))
