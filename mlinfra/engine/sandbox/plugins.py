"""The plugins of the simulated cloud, as executables that the Pulumi CLI finds on PATH."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from mlinfra.engine.places import made, unwritable

PACKAGES = ("aws", "kubernetes")
"""The packages that kinds use."""


def install(folder: Path, account: str) -> Path:
    """Write ``pulumi-resource-<package>`` for each package into ``folder/bin`` and return that folder.

    The cloud is ``folder/cloud.db``. Whoever puts the folder on PATH uses it, plain ``pulumi`` included. Raises EngineError where nothing
    can be written there.
    """
    bin_ = made(folder / "bin")
    for package in PACKAGES:
        words = (sys.executable, "-m", "mlinfra.engine.sandbox.serve", package, str(folder / "cloud.db"), account)
        file = bin_ / f"pulumi-resource-{package}"
        try:
            file.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
            file.chmod(0o755)
        except OSError as error:
            raise unwritable(file, error) from None
    return bin_
