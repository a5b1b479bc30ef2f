"""Writes ``catalogue.json`` and ``blueprint.schema.json``: ``python -m mlinfra.commands._catalogue [--check]``.

Everything in them is read from the code: verbs from this folder, kinds from the registry, codes and schema from the
language.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from mlinfra.catalogue import FILE, SCHEMA, KindEntry, catalogue
from mlinfra.commands import _group
from mlinfra.components._registry import Kind, files, find


def documents(names: Iterable[str] | None = None) -> dict[Path, str]:
    """The text of each file that is made, with the kinds of these names; left out: all."""
    from mlinfra.blueprint.codes import CODES
    from mlinfra.blueprint.schema import schema

    wanted = sorted(files() if names is None else names)
    kinds = {name: dataclasses.asdict(kind_entry(find(name))) for name in wanted}
    for entry in kinds.values():
        del entry["name"]
    made = {
        "mlinfra_catalogue": 1,
        "verbs": {verb: _group.summary(verb) for verb in _group.files()},
        "codes": dict(sorted(CODES.items())),
        "kinds": kinds,
    }
    return {FILE: _json(made), SCHEMA: _json(schema(wanted))}


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
    """Write the files; with ``--check`` only say which are stale. 0 fine, 1 stale.

    A kind that is not in them yet makes nothing stale: until it is, it is imported where it is asked for.
    """
    check = "--check" in arguments
    made = documents(catalogue().kinds.keys() & files().keys() if check else None)
    stale = [path for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
    for path in stale:
        if not check:
            path.write_text(made[path], "utf-8")
        sys.stderr.write(f"{path.name} {'is stale; `make catalogue` renews it' if check else 'written'}\n")
    return 1 if check and stale else 0


def _json(document: object) -> str:
    return f"{json.dumps(document, indent=1, ensure_ascii=False)}\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
