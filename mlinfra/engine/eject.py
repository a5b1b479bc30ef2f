"""A deployment as ordinary Pulumi projects, one folder per layer: whoever wants to leave takes everything along.

The projects, stacks and names are the same, so that plain ``pulumi`` goes on with the state that there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlinfra.blueprint.documents import FOLDER
from mlinfra.blueprint.model import Deployment
from mlinfra.blueprint.variables import PREFIX
from mlinfra.components._context import Layer
from mlinfra.engine.backend import Backend
from mlinfra.engine.record import local_files
from mlinfra.engine.session import encryption_of
from mlinfra.errors import EngineError, UsageError
from mlinfra.program import project_name

PACKAGE = Path(__file__).parent.parent


def eject(folder: Path, deployment: Deployment, backend: Backend, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Write the projects and the blueprint's files below ``folder``; the files that were written.

    Raises UsageError, before anything is written, where a file exists or the deployment does not come from a file; EngineError where one
    cannot be written.
    """
    texts = _texts(deployment, backend, environ)
    if there := [folder / path for path in texts if (folder / path).exists()]:
        raise UsageError(f"`{there[0]}` exists, and nothing is overwritten", hint="choose an empty folder")
    for path, text in texts.items():
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as opened:
                opened.write(text)
        except OSError as error:
            raise EngineError(f"`{target}` cannot be written: {error.strerror}") from None
    return tuple(folder / path for path in texts)


def _texts(deployment: Deployment, backend: Backend, environ: Mapping[str, str]) -> dict[Path, str]:
    if deployment.file is None:
        raise UsageError("there is no file of this blueprint that could be copied")
    blueprint = Path(deployment.file)
    texts = {Path(blueprint.name): _read(blueprint)}
    for name in deployment.files:
        if name != deployment.file:
            texts[Path(FOLDER) / Path(name).name] = _read(Path(name))
    main = _read(_template() / "__main__.py")
    beside = {path: _read(path) for path in sorted(local_files(deployment)) if not path.is_absolute()}
    if outside := [path for path in beside if ".." in path.parts]:
        raise UsageError(
            f"`{outside[0]}` is not below this folder, and cannot be copied", hint="run this in a folder above of it"
        )
    for layer in deployment.layers:
        place = Path(layer.label)
        project = {
            "name": project_name(deployment.blueprint, layer),
            "runtime": "python",
            "description": f"The {layer.label} layer of the blueprint {deployment.blueprint}.",
            "backend": {"url": backend.url},
        }
        texts[place / "Pulumi.yaml"] = _yaml(project)
        settings = _settings(deployment, backend, layer, environ)
        texts[place / f"Pulumi.{deployment.environment}.yaml"] = _yaml(settings)
        texts[place / "__main__.py"] = main
        texts |= {place / path: text for path, text in beside.items()}
    return texts


def _settings(deployment: Deployment, backend: Backend, layer: Layer, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The stack's file: what encrypts its secrets, as its state says, and the configuration that the program reads."""
    project = project_name(deployment.blueprint, layer)
    state = backend.state(project, deployment.environment)
    encryption: Mapping[str, str] = encryption_of(state)[1] if state else {}
    if state is None and deployment.secrets and deployment.secrets != "passphrase":
        encryption = {"secretsprovider": deployment.secrets}
    config: dict[str, Any] = {
        f"{project}:layer": layer.label,
        f"{project}:blueprint": f"../{Path(deployment.file or '').name}",
    }
    if sets := _sets(deployment, environ):
        config[f"{project}:sets"] = sets
    return {**encryption, "config": config}


def _sets(deployment: Deployment, environ: Mapping[str, str]) -> list[str]:
    """What is laid over the blueprint: the command line's, the variables of this process, and the account that was found out."""
    given = {name.removeprefix(PREFIX).lower() for name in environ if name.startswith(PREFIX)}
    already = {text.partition("=")[0].strip() for text in deployment.sets}
    variables = [
        f"variables.{name}={json.dumps(value)}"
        for name, value in deployment.variables.items()
        if name in given and f"variables.{name}" not in already
    ]
    # Physical names depend on the account, and another one would replace everything.
    account = [] if deployment.account_is_stand_in or "account" in already else [f'account="{deployment.account}"']
    return [*deployment.sets, *variables, *account]


def _template() -> Path:
    """The shipped project of a layer: in a wheel inside of the package, in a checkout beside it."""
    inside = PACKAGE / "templates" / "stacks" / "blueprint"
    return inside if inside.is_dir() else PACKAGE.parent / "stacks" / "blueprint"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"`{path}` cannot be read: {reason}") from None


def _yaml(document: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=1000)
    return text
