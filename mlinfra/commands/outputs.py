"""``mlinfra outputs``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlinfra.commands import _options
from mlinfra.commands._deployed import blueprint_and_word, deployment_at
from mlinfra.commands._output import close_to, emit, emit_json, stdout
from mlinfra.errors import UsageError

if TYPE_CHECKING:
    from mlinfra.engine.outputs import Exported

EXAMPLE = "mlinfra outputs minimal.yaml -e dev --sandbox"


def run(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BLUEPRINT] [COMPONENT[.FIELD]]", help="Left out: all.", show_default=False),
    ] = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    sandbox: _options.Sandbox = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Decrypt secrets and show them.")] = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Show what the components of a deployment export.

    Read from the state, without the engine. A single value is printed bare, for use in a shell.
    """
    from mlinfra.engine.outputs import exported
    from mlinfra.engine.passphrase import find_passphrase

    blueprint, wanted = blueprint_and_word(words, "component")
    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    passphrase = find_passphrase(backend.url, os.environ) if show_secrets else None
    found = exported(deployment, backend, passphrase, reveal=show_secrets)
    if not found and wanted is None and output == "text":
        emit("nothing is deployed")
        return
    chosen, bare = (found, None) if wanted is None else _chosen(found, wanted)
    if output == "json":
        components: dict[str, dict[str, Any]] = {}
        for one in chosen:
            components.setdefault(one.component, {})[one.field] = one.value
        emit_json(
            {
                "mlinfra_outputs": 1,
                "blueprint": deployment.blueprint,
                "environment": deployment.environment,
                "outputs": components,
            }
        )
    elif bare is not None:
        emit(_text(bare[0]))
    else:
        from mlinfra.render.tables import table

        rows = [row for one in chosen for row in _rows(f"{one.component}.{one.field}", one.value)]
        emit(table(("OUTPUT", "VALUE"), rows, whole=(0, 1), terminal=stdout()))


def _rows(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A line for each value in a mapping, by the name that shows it alone."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _rows(f"{name}.{key}", inner)
    else:
        yield name, _text(value)


def _chosen(found: Sequence[Exported], wanted: str) -> tuple[tuple[Exported, ...], tuple[Any] | None]:
    """The outputs that a name stands for; in a tuple of its own the value of a single one."""
    component, _, path = wanted.partition(".")
    own = tuple(one for one in found if one.component == component)
    if not own:
        known = {one.component for one in found}
        hint = close_to(component, known) or ("`mlinfra apply` deploys it" if not known else _there_are(known))
        raise UsageError(f"nothing that is deployed exports as `{component}`", hint=hint)
    if not path:
        return own, None
    field, *keys = path.split(".")
    one = next((one for one in own if one.field == field), None)
    if one is None:
        names = {f"{component}.{other.field}" for other in own}
        raise UsageError(f"there is no output `{component}.{field}`", hint=close_to(wanted, names) or _there_are(names))
    value = one.value
    for key in keys:
        inner = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        entries = {str(name): item for name, item in inner.items()}
        if key not in entries:
            raise UsageError(f"`{component}.{field}` has no `{key}`", hint=_there_are(entries) if entries else None)
        value = entries[key]
    return (one,), (value,)


def _there_are(names: Sequence[str] | set[str] | dict[str, Any]) -> str:
    return f"there are {', '.join(f'`{name}`' for name in sorted(names))}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
