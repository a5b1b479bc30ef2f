"""``python -m bench.applying [RESOURCES…]``: what ``apply`` takes over bare Automation API ups of the same programs, side by side.

Both run in the simulated cloud with the Pulumi CLI that is found, each from an empty state and in a process of its own; the figure is wall
clock, because most of the time is the CLI's. Beside `make bench`: it takes minutes and needs the CLI.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (10, 100, 500)
PER_BUCKET = 7
"""Resources of one component of kind `bucket`."""
BARE, WHOLE = "bare", "apply"


def main(sizes: list[int]) -> int:
    """Measure each size; the smaller of two runs of each way counts."""
    print(f"{'resources':>10}{'bare':>9}{'apply':>9}{'more':>8}")
    for size in sizes:
        best = {way: min(_measured(way, size) for _ in range(2)) for way in (BARE, WHOLE)}
        bare, whole = best[BARE], best[WHOLE]
        print(f"{size:>10}{bare:>8.1f}s{whole:>8.1f}s{whole - bare:>+7.1f}s", flush=True)
    return 0


def _measured(way: str, size: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "MLINFRA_SANDBOX": f"{folder}/sandbox", "XDG_DATA_HOME": f"{folder}/data"}
        command = [sys.executable, "-m", "bench.applying", way, str(size), folder]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def _blueprint(size: int, folder: Path) -> Path:
    buckets = "".join(f"  b{number}: {{kind: bucket}}\n" for number in range(max(size // PER_BUCKET, 1)))
    file = folder / "many.yaml"
    file.write_text(f"mlinfra: 1\nname: many\nenvironments: {{dev: {{region: eu-west-1}}}}\ncomponents:\n{buckets}")
    return file


def _one(way: str, size: int, folder: Path) -> None:
    from pulumi import automation

    from mlinfra.engine.deployment import Deployment
    from mlinfra.engine.session import Options, Session
    from mlinfra.program import layer_program, project_name

    file = _blueprint(size, folder)
    began = time.monotonic()
    deployment = Deployment(file, sandbox=True)
    if way == WHOLE:
        outcome = deployment.apply()
        if outcome.status != "succeeded":
            raise SystemExit(outcome.error)
    else:
        made = deployment.blueprint
        with Session(made, Options(sandbox=True)) as session:
            options = automation.LocalWorkspaceOptions(pulumi_command=session.cli)
            for layer in made.layers:
                stack = automation.create_or_select_stack(
                    made.environment,
                    project_name=project_name(made.blueprint, layer),
                    program=layer_program(made, layer),
                    opts=options,
                )
                stack.up(on_event=lambda _event: None, show_secrets=False)
    print(json.dumps({"seconds": time.monotonic() - began}))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in (BARE, WHOLE):
        _one(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(main([int(word) for word in sys.argv[1:]] or list(SIZES)))
