"""A deployment as text: how its components are wired, and where each of its values comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from mlinfra.render.tables import table
from mlinfra.render.terminal import PLAIN, Terminal, columns, padded, printable

if TYPE_CHECKING:
    from mlinfra.blueprint.model import DeployedComponent, Deployment
    from mlinfra.blueprint.source import Span

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
COMMENT_COLUMN = 56
"""Comments stand below each other up to this column; longer lines push theirs aside."""


def title(deployment: Deployment) -> str:
    """``fraud-detection · dev · eu-west-1``."""
    return " · ".join((deployment.blueprint, deployment.environment, deployment.region))


def wiring_text(deployment: Deployment, *, terminal: Terminal = PLAIN) -> str:
    """Each component in the order in which it is built: layer, what it is given, by whom that was decided."""
    rows = [row for component in deployment for row in _wiring(component)]
    headings = ("LAYER", "COMPONENT", "KIND", "IS GIVEN", "HOW")
    return f"{terminal.paint(title(deployment), 'bold')}\n\n{table(headings, rows, whole=(0, 1, 2), terminal=terminal)}"


def merged_text(deployment: Deployment, *, terminal: Terminal = PLAIN) -> str:
    """The components after overlays as YAML; a comment behind each value says where it comes from."""
    lines = [("components:", "")]
    for component in deployment:
        lines.append((f"  {component.name}:", ""))
        lines += _lines(component.values, (), component.origins)
    width = max((columns(line) for line, origin in lines if origin and columns(line) <= COMMENT_COLUMN), default=0)
    body = [
        f"{padded(line, width)}  {terminal.paint(f'# {origin}', 'dim')}" if origin else line for line, origin in lines
    ]
    return "\n".join([f"# {title(deployment)}", *body])


def _wiring(component: DeployedComponent) -> Iterator[tuple[str, str, str, str, str]]:
    given: list[tuple[str, str]] = []
    for field, names in component.bindings.items():
        how = "inferred" if field in component.inferred else "written"
        given.append((f"{field}: {', '.join(names)}", how))
    given += [(f"access: {target} ({level})", "written") for target, level in component.access.items()]
    given += [(f"access: {target} ({level})", "late grant") for target, level in component.late_access.items()]
    given += [(f"${{{path}}}", "reference") for path in component.references]
    if component.existing is not None:
        given.append(("existing", "brought along"))
    first, *rest = given or [("", "")]
    yield (component.layer.label, component.name, component.kind.name, *first)
    for more in rest:
        yield ("", "", "", *more)


def _lines(
    values: Mapping[str, Any], path: tuple[str, ...], origins: Mapping[tuple[str, ...], Span]
) -> Iterator[tuple[str, str]]:
    """Lines of YAML, each with the origin of the value on it."""
    indent = "  " * (len(path) + 2)
    for key, value in values.items():
        name = key if PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}:", ""
            yield from _lines(value, (*path, key), origins)
        else:
            # JSON is YAML, and says what is text and what is not.
            shown = json.dumps(value, ensure_ascii=False, default=str)
            yield printable(f"{indent}{name}: {shown}"), _origin(_nearest(origins, (*path, key)))


def _nearest(origins: Mapping[tuple[str, ...], Span], path: tuple[str, ...]) -> Span | None:
    """The origin of a value, or of the closest thing around it that has one."""
    return next((origins[path[:length]] for length in range(len(path), -1, -1) if path[:length] in origins), None)


def _origin(span: Span | None) -> str:
    """``minimal.yaml:26``, ``minimal.yaml:26, environment dev``, ``environments/dev.yaml:3`` or ``--set``."""
    if span is None:
        return ""
    if span.file and span.line and PurePath(span.file).match(span.origin):
        return printable(f"{span.origin}:{span.line}")
    place = f"{PurePath(span.file).name}:{span.line}" if span.file and span.line else ""
    whose = "" if span.origin == "blueprint" and place else span.origin
    return printable(", ".join(part for part in (place, whose) if part))
