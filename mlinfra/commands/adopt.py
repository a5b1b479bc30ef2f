"""``mlinfra adopt``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file
from mlinfra.commands._output import emit, emit_json
from mlinfra.errors import UsageError

EXAMPLE = "mlinfra adopt minimal.yaml -e dev --sandbox"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    ids: Annotated[
        str | None,
        typer.Option("--ids", help="YAML or JSON: COMPONENT.CHILD to id. Left out: list the names.", metavar="FILE"),
    ] = None,
    only_plan: Annotated[bool, typer.Option("--plan", help="Show the plan and change nothing.")] = False,
    yes: _options.Yes = False,
    allow: _options.Allow = None,
    sandbox: _options.Sandbox = False,
    log: _options.Log = None,
    output: _options.TextOrJson = "text",
) -> None:
    """Take many resources that exist over at once: `mlinfra import` with a file.

    Without `--ids`, list what the next apply would create, as a file to fill in; what is left empty is created.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._adoption import taken_over
    from mlinfra.commands._apply import in_place
    from mlinfra.engine.adoption import adoptable
    from mlinfra.engine.backend import backend_of
    from mlinfra.engine.forecast import forecast

    deployment = load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ()))
    if ids is not None:
        wanted = _read(Path(ids))
        if not only_plan:
            deployment = in_place(deployment, sandbox=sandbox)
        taken_over(
            deployment,
            wanted,
            "adopt",
            only_plan=only_plan,
            yes=yes,
            allow=allow,
            sandbox=sandbox,
            log=log,
            output=output,
        )
        return
    import os

    from mlinfra.engine.passphrase import find_passphrase

    backend = backend_of(deployment, os.environ, sandbox=sandbox)
    found = forecast(deployment, backend, find_passphrase(backend.url, os.environ))
    names = {f"{node.component}.{node.name}": node.type for node in adoptable(found)}
    if output == "json":
        emit_json({"mlinfra_adopt": 1, "names": [{"name": name, "type": type_} for name, type_ in names.items()]})
    else:
        lines = [f'{name}: ""  # {type_}' for name, type_ in names.items()]
        emit("\n".join(lines) or "# everything is managed already")


def _read(path: Path) -> Mapping[str, str]:
    """The ids in a file; those left empty are not taken over."""
    import yaml

    try:
        found = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - texts, lists and mappings alone
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"`{path}` cannot be read: {reason}") from None
    except yaml.YAMLError:
        raise UsageError(f"`{path}` is not YAML") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError(f"`{path}` is not a mapping of names to ids", hint='each line is `COMPONENT.CHILD: "ID"`')
    given = {name: value for name, value in found.items() if value}
    if not given:
        raise UsageError(f"`{path}` names no id")
    return given
