"""What a deployment was made from, kept with each update: the blueprint's files and what was laid over them, never a secret.

It is a value of the stack's configuration, so that Pulumi's own history holds it; text, packed with gzip and base64.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from mlinfra.blueprint.credentials import credential_in
from mlinfra.blueprint.model import Deployment
from mlinfra.blueprint.variables import PREFIX
from mlinfra.components._spec import LocalFile, LocalModule, marked
from mlinfra.errors import EngineError

KEY = "mlinfra:blueprint"
"""The key in the stack's configuration."""
FORM = 1
LARGEST = 64 * 1024
"""Bytes of a file beside the blueprint that is kept; of a larger one only the digest is."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The blueprint by its file's name, the environment's own file, and what came from the command line and the process.

    ``files`` are those that components read, by their path from where ``mlinfra`` ran; ``digests`` are of those that are not kept: too large,
    no text, elsewhere, or with something like a credential inside.
    """

    file: str
    text: str
    environment: str
    environment_files: Mapping[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, deployment: Deployment, environ: Mapping[str, str]) -> Self | None:
        """The record of a deployment, None for one that does not come from a file, or that cannot be kept without a credential."""
        if deployment.file is None:
            return None
        names = {PREFIX + name for name in deployment.variables}
        names |= {name.upper() for name in names}
        variables = {name: text for name, text in sorted(environ.items()) if name in names}
        try:
            text = Path(deployment.file).read_text("utf-8-sig")
            beside = {name: Path(name).read_text("utf-8-sig") for name in deployment.files if name != deployment.file}
        except (OSError, UnicodeDecodeError):
            return None
        if any(credential_in(one) for one in (text, *beside.values(), *deployment.sets, *variables.values())):
            return None
        files: dict[str, str] = {}
        digests: dict[str, str] = {}
        for path in sorted(local_files(deployment)):
            content = _kept(path)
            if content is None:
                digests[str(path)] = digest_of(path) or ""
            else:
                files[str(path)] = content
        return cls(
            file=Path(deployment.file).name,
            text=text,
            environment=deployment.environment,
            environment_files={Path(name).name: content for name, content in beside.items()},
            sets=deployment.sets,
            variables=variables,
            files=files,
            digests=digests,
        )

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self | None:
        """The record in the configuration of an update, None where there is none. Raises EngineError for one that cannot be read."""
        held = config.get(KEY)
        text = held.get("value") if isinstance(held, Mapping) else held
        if not isinstance(text, str):
            return None
        try:
            found = json.loads(gzip.decompress(base64.b64decode(text, validate=True)))
            form = found.pop("form")
            if form != FORM:
                raise EngineError(
                    f"the blueprint that is kept is of form {form}, and this version reads {FORM}",
                    hint="use the version of mlinfra that wrote it; `mlinfra history --format json` names it",
                )
            return cls(**{**found, "sets": tuple(found["sets"])})
        except (ValueError, OSError, EOFError, zlib.error, TypeError, KeyError, AttributeError):
            raise EngineError("the blueprint that is kept with the update is damaged") from None

    def packed(self) -> str:
        """The value of the configuration. The same record gives the same text."""
        text = json.dumps({"form": FORM, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def local_files(deployment: Deployment) -> frozenset[Path]:
    """The files beside the blueprint that components read: paths as they are written, and Python modules below this folder."""
    specs = [component.spec for component in deployment if component.spec is not None]
    named = {Path(text) for spec in specs for text in marked(spec, LocalFile)}
    modules = {text.partition(":")[0] for spec in specs for text in marked(spec, LocalModule)}
    return frozenset({*named, *(path for module in modules for path in _sources(module))})


def digest_of(path: Path) -> str | None:
    """SHA-256 of a file, None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _sources(module: str) -> Iterator[Path]:
    """The Python files of the package that holds a module, if it lies below this folder; installed packages do not."""
    here = Path.cwd()
    spec = importlib.util.find_spec(module.partition(".")[0])
    origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    if origin is None or not origin.is_relative_to(here) or "site-packages" in origin.parts:
        return
    whole = origin.parent.rglob("*.py") if origin.name == "__init__.py" else (origin,)
    yield from (path.relative_to(here) for path in whole)


def _kept(path: Path) -> str | None:
    """The text of a file that is kept."""
    if path.is_absolute() or ".." in path.parts:
        return None
    try:
        content = path.read_bytes()
        text = content.decode()
    except (OSError, UnicodeDecodeError):
        return None
    return None if len(content) > LARGEST or credential_in(text) else text
