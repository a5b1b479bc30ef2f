"""``mlinfra sandbox reset``."""

from __future__ import annotations

import os

from mlinfra.commands import _options
from mlinfra.commands._output import emit

EXAMPLE = "mlinfra sandbox reset --yes"


def run(*, yes: _options.Yes = False) -> None:
    """Forget the simulated cloud, its faults and the state of what was applied to it."""
    import shutil

    from mlinfra.commands._apply import confirmed
    from mlinfra.engine.places import sandbox_folder

    folder = sandbox_folder(os.environ)
    if not folder.exists():
        emit("there is no simulated cloud")
        return
    confirmed(f"forget all in `{folder}`", yes=yes, sandbox=False)
    for part in ("cloud.db", "cloud.db-journal"):
        (folder / part).unlink(missing_ok=True)
    for part in ("bin", "state"):
        shutil.rmtree(folder / part, ignore_errors=True)
    emit(f"forgot all in {folder}")
