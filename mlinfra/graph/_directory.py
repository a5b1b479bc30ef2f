"""Pulumi Python programs in a folder, as callables."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mlinfra.errors import UsageError


def directory_program(folder: Path) -> tuple[str, str, Callable[[], None], Mapping[str, str]]:
    """Project, stack, program and configuration of a Pulumi folder. Raises UsageError where it is not a Python one."""
    settings = _read(folder / "Pulumi.yaml")
    name, runtime = settings.get("name"), settings.get("runtime")
    language = runtime.get("name") if isinstance(runtime, dict) else runtime
    if not isinstance(name, str) or language != "python":
        raise UsageError(
            f"`{folder}` is not a Pulumi Python program", hint="Pulumi.yaml must have `name:` and `runtime: python`"
        )
    stacks = sorted(folder.glob("Pulumi.*.yaml"))
    stack = stacks[0].name.removeprefix("Pulumi.").removesuffix(".yaml") if stacks else "dev"
    config = _read(stacks[0]).get("config", {}) if stacks else {}
    main = folder / str(settings.get("main", "."))
    entry = main / "__main__.py" if main.is_dir() else main
    if not entry.is_file():
        raise UsageError(f"`{folder}` has no `__main__.py`")

    def program() -> None:
        before = list(sys.path)
        sys.path.insert(0, str(entry.parent))
        try:
            runpy.run_path(str(entry), run_name="__main__")
        finally:
            sys.path[:] = before

    qualified = {key if ":" in key else f"{name}:{key}": _text(value) for key, value in config.items()}
    return name, stack, program, qualified


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror}") from None
    except yaml.YAMLError:
        raise UsageError(f"`{path}` is not YAML") from None
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)
