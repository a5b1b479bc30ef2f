"""What the shell completes: blueprints, environments, components, kinds, documents. What is wrong completes to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from mlinfra.commands._inputs import blueprints_in

MOST_BYTES = 1024 * 1024


def blueprints(incomplete: str) -> list[str]:
    """Blueprints in the folder that is being typed."""
    folder, _, _ = incomplete.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    try:
        found = [f"{prefix}{path.name}" for path in blueprints_in(Path(prefix or "."))]
        found += [f"{prefix}{path.name}/" for path in Path(prefix or ".").iterdir() if path.is_dir()]
    except OSError:
        return []
    return sorted(name for name in found if name.startswith(incomplete) and not Path(name).name.startswith("."))


def environments(ctx: typer.Context, incomplete: str) -> list[str]:
    """Environments of the blueprint that was typed before, or of the only one here."""
    path, document = _blueprint(ctx)
    names = _names(document.get("environments"))
    if path is not None:
        names += [file.stem for file in sorted((path.parent / "environments").glob("*.yaml"))]
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]


def components(ctx: typer.Context, incomplete: str) -> list[str]:
    """Components of the only blueprint here."""
    _, document = _blueprint(ctx)
    return [name for name in _names(document.get("components")) if name.startswith(incomplete)]


def topics(incomplete: str) -> list[str]:
    """Kinds, their fields once a dot was typed, and pages."""
    from mlinfra.catalogue import catalogue
    from mlinfra.commands._kinds import names
    from mlinfra.commands._pages import topics as pages

    kinds = catalogue().kinds
    kind, dot, _ = incomplete.partition(".")
    if dot and kind in kinds:
        return [name for field in kinds[kind].fields if (name := f"{kind}.{field.path}").startswith(incomplete)]
    return [name for name in (*names(), *pages()) if name.startswith(incomplete)]


def templates(incomplete: str) -> list[str]:
    """Shipped blueprints."""
    from mlinfra.commands._templates import templates as shipped

    return [name for name in shipped() if name.startswith(incomplete)]


def documents(incomplete: str) -> list[str]:
    """What `mlinfra schema` describes."""
    from mlinfra.commands._schemas import names

    return [name for name in names() if name.startswith(incomplete)]


def _blueprint(ctx: typer.Context) -> tuple[Path | None, Mapping[str, Any]]:
    import yaml

    given = ctx.params.get("blueprint")
    try:
        path = Path(given) if given else next(iter(blueprints_in(Path())), None)
        if path is None or path.stat().st_size > MOST_BYTES:
            return None, {}
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None, {}
    return path, document if isinstance(document, dict) else {}


def _names(value: object) -> list[str]:
    return [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []
