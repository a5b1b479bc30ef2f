"""The passphrase that encrypts secrets in the state: given, or made once and kept beside a local state."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlinfra.engine.places import made
from mlinfra.engine.stores import FolderStore, store_of
from mlinfra.errors import EngineError, UsageError

VARIABLE = "PULUMI_CONFIG_PASSPHRASE"
FILE_VARIABLE = "PULUMI_CONFIG_PASSPHRASE_FILE"
FILE = "mlinfra-passphrase"


@dataclass(frozen=True)
class Passphrase:
    """A passphrase and where it comes from; its text is in no representation."""

    source: str
    made: bool
    _text: str

    def __repr__(self) -> str:
        return f"Passphrase(source={self.source!r})"

    def reveal(self) -> str:
        """The text, for the engine alone."""
        return self._text


def find_passphrase(backend: str, environ: Mapping[str, str], *, make: bool = False) -> Passphrase | None:
    """The passphrase for a backend: from the variable, the file that a variable names, or the file beside a local state.

    With ``make`` a random one is written beside a local state that has none, readable by its owner alone. None where there is none.
    Raises UsageError where a file that was named cannot be read, EngineError where there has to be one and it cannot be made.
    """
    if VARIABLE in environ:
        return Passphrase(VARIABLE, False, environ[VARIABLE])
    if named := environ.get(FILE_VARIABLE):
        return Passphrase(named, False, _read(Path(named)))
    store = store_of(backend)
    if not isinstance(store, FolderStore):
        if make:
            raise EngineError(
                "the state is shared, and nothing says how its secrets are encrypted",
                hint=f"set `secrets: awskms://…` in the environment, or `{VARIABLE}`",
            )
        return None
    file = store.folder / FILE
    if file.is_file():
        return Passphrase(str(file), False, _read(file))
    if not make:
        return None
    text = secrets.token_urlsafe(32)
    made(store.folder)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # somebody else was faster
        return Passphrase(str(file), False, _read(file))
    except OSError as error:
        raise EngineError(f"`{file}` cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(f"{text}\n")
    return Passphrase(str(file), True, text)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"the passphrase file `{file}` cannot be read: {reason}") from None
