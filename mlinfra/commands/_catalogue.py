"""Writes ``catalogue.json`` and ``blueprint.schema.json``: ``python -m mlinfra.commands._catalogue [--check]``.

Everything in them is read from the code: verbs from this folder, kinds from the registry, codes and schema from the
language.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mlinfra.catalogue import FILE, SCHEMA, KindEntry
from mlinfra.commands import _group
from mlinfra.components._registry import Kind, files, find


def documents() -> dict[Path, str]:
    """The text of each file that is made."""
    from mlinfra.blueprint.codes import CODES
    from mlinfra.blueprint.schema import schema

    kinds = {name: dataclasses.asdict(kind_entry(find(name))) for name in files()}
    for entry in kinds.values():
        del entry["name"]
    made = {
        "mlinfra_catalogue": 1,
        "verbs": {verb: _group.summary(verb) for verb in _group.files()},
        "codes": dict(sorted(CODES.items())),
        "kinds": kinds,
    }
    return {FILE: _json(made), SCHEMA: _json(schema(files()))}


def kind_entry(kind: Kind) -> KindEntry:
    """What the documentation shows of a kind."""
    from mlinfra.commands._kind_fields import layers, needs, outputs, spec_fields

    return KindEntry(
        name=kind.name,
        folder=kind.folder,
        layer=layers(kind),
        summary=kind.summary,
        makes=(kind.component.__doc__ or "").partition("\n\n")[0].strip(),
        fields=(*spec_fields(kind.spec), *needs(kind)),
        outputs=tuple(outputs(kind)),
        levels=kind.outputs.levels(),
        takes_access=kind.takes_access,
    )


def main(arguments: Sequence[str]) -> int:
    """Write the files; with ``--check`` only say which are stale. 0 fine, 1 stale."""
    stale = [path for path, text in documents().items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.name} is stale; `make catalogue` renews it\n")
        return 1 if stale else 0
    made = documents()
    for path in stale:
        path.write_text(made[path], "utf-8")
        sys.stderr.write(f"{path.name} written\n")
    return 0


def _json(document: object) -> str:
    return f"{json.dumps(document, indent=1, ensure_ascii=False)}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
