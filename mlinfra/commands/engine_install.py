"""``mlinfra engine install``."""

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.commands._output import emit, note

EXAMPLE = "mlinfra engine install --dry-run"


def run(
    from_go: Annotated[bool, typer.Option("--from-go", help="Build the CLI with Go instead; no plugins.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be downloaded, and to where.")
    ] = False,
) -> None:
    """Install the Pulumi CLI and provider plugins that the installed SDKs need, checked against their published sums.

    What is here already stays. A download that broke off continues. The CLI goes to the cache folder of mlinfra, plugins to Pulumi's own.
    """
    from mlinfra.engine.install import install, install_from_go, missing
    from mlinfra.engine.releases import downloads

    if dry_run:
        lines = [
            f"{release.title}\n  archive  {release.url}\n  sums     {release.sums_url} (as {release.sums})\n"
            f"  becomes  {release.into}"
            for release in missing()
        ]
        emit(
            "\n".join(
                [*lines, f"archives and sums that are in {downloads()} are not downloaded"]
                if lines
                else ["nothing to install"]
            )
        )
        return
    parts = install_from_go(note) if from_go else install(note)
    emit("\n".join(f"{part.name} {part.found or ''}".rstrip() + f": {part.path}" for part in parts if part.fits))
