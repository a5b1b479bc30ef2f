"""Download a release, check it against its published sum, and unpack it in one step.

A download that broke off is continued, a file that is not the published one is thrown away, and a folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mlinfra.engine.releases import Release
from mlinfra.errors import EngineError

Tell = Callable[[str], None]
CHUNK = 1 << 20
TRIES = 5
"""How often a download that breaks off is taken up again, as long as it gets further."""
SECONDS = 60
"""How long a server may be silent."""


def get(release: Release, folder: Path, tell: Tell) -> None:
    """Install one release. ``folder`` keeps what is downloaded until it is unpacked.

    Raises EngineError where it cannot be reached, where the archive is not the published one, or holds what it must not hold.
    """
    if release.into.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    sums, archive = folder / release.sums, folder / release.archive
    for url, path in ((release.sums_url, sums), (release.url, archive)):
        if not path.exists():
            tell(f"downloading {url}")
            _download(url, path, release, folder)
    _check(release, sums, archive)
    unpack(archive, release)
    archive.unlink(missing_ok=True)
    sums.unlink(missing_ok=True)


def unpack(archive: Path, release: Release) -> None:
    """Unpack an archive beside where it belongs, and put it there by renaming. Raises EngineError for members that lead elsewhere."""
    release.room.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".installing-", dir=release.room, ignore_cleanup_errors=True) as temporary:
        made = Path(temporary) / "whole"
        try:
            with tarfile.open(archive, "r:gz") as packed:
                for member in packed:
                    _member(packed, member, made / release.under, release)
        except (tarfile.TarError, EOFError) as error:
            raise EngineError(f"`{archive.name}` cannot be unpacked: {error}", hint=_again(archive)) from None
        if not made.exists():
            raise EngineError(f"`{archive.name}` holds nothing of {release.title}", hint=_again(archive))
        put(made, release.into)


def put(made: Path, into: Path) -> None:
    """Rename a finished folder to its place. Where somebody else was faster, theirs stays."""
    into.parent.mkdir(parents=True, exist_ok=True)
    try:
        made.rename(into)
    except OSError:
        if not into.is_dir():
            raise
    # What the CLI leaves beside a plugin whose download was cut off: it would not use the folder.
    into.with_name(f"{into.name}.partial").unlink(missing_ok=True)


def _member(packed: tarfile.TarFile, member: tarfile.TarInfo, into: Path, release: Release) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in member.name or not (member.isfile() or member.isdir()):
        raise EngineError(
            f"`{release.archive}` holds `{member.name}`, which does not belong into it",
            hint="nothing of it was installed; do not use this file",
        )
    source = packed.extractfile(member) if path.is_relative_to(release.inner) else None
    if source is None:  # a folder, or beside what counts
        return
    target = into / path.relative_to(release.inner)
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("xb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)


def _check(release: Release, sums: Path, archive: Path) -> None:
    published = published_sums(sums.read_text("utf-8", errors="replace")).get(release.archive)
    if published is None:
        sums.unlink(missing_ok=True)
        raise EngineError(
            f"`{release.sums}` has no SHA-256 of `{release.archive}`", hint=f"compare it with {release.sums_url}"
        )
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != published:
        archive.unlink(missing_ok=True)
        sums.unlink(missing_ok=True)
        raise EngineError(
            f"`{release.archive}` is not the published file: its SHA-256 is {found}, and {published} was published",
            hint="it was deleted, and nothing was installed; run the command again",
        )


def published_sums(text: str) -> Mapping[str, str]:
    """SHA-256 by file: of a checksum file, or of a release as GitHub describes it. Other kinds of sums are left out."""
    if text.lstrip().startswith("{"):
        try:
            assets = json.loads(text).get("assets", ())
        except ValueError:
            return {}
        pairs = [(str(asset.get("name")), str(asset.get("digest")).removeprefix("sha256:")) for asset in assets]
    else:
        pairs = [
            (parts[1].lstrip("*").removeprefix("./"), parts[0])
            for line in text.splitlines()
            if len(parts := line.split()) == 2
        ]
    return {name: digest.lower() for name, digest in pairs if re.fullmatch(r"[0-9a-fA-F]{64}", digest)}


def _download(url: str, path: Path, release: Release, folder: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    reason = "it broke off"
    for _ in range(TRIES):
        before = part.stat().st_size if part.exists() else 0
        try:
            if _pull(url, part):
                part.rename(path)
                return
        except HTTPError as error:
            if error.code == 416 and before:  # what is there is longer than the file: it is of something else
                part.unlink(missing_ok=True)
                continue
            reason = f"the server answers {error.code}"
            break
        except (OSError, HTTPException) as error:
            cause = getattr(error, "reason", error)
            reason = str(getattr(cause, "strerror", None) or cause) or type(error).__name__
        if (part.stat().st_size if part.exists() else 0) <= before:
            break
    kept = "what there is of it is kept, and the same command continues; " if part.exists() else ""
    build = "; where Go is installed, `mlinfra engine install --from-go` builds the CLI" if release.from_go else ""
    raise EngineError(
        f"{url} cannot be downloaded: {reason}",
        hint=f"{kept}on a machine that reaches it, download {release.url} and {release.sums_url} (as `{release.sums}`), "
        f"put both files into `{folder}` and run the command again; "
        f"`mlinfra engine install --dry-run` lists all that is missing{build}",
    )


def _pull(url: str, part: Path) -> bool:
    """Append what is missing of a file; whether it is whole now."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "mlinfra", **({"Range": f"bytes={have}-"} if have else {})}
    with urlopen(Request(url, headers=headers), timeout=SECONDS) as answer:  # noqa: S310 - the addresses are of releases.py
        continued = answer.status == 206
        said = answer.headers.get("Content-Length")
        with part.open("ab" if continued else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
    return said is None or part.stat().st_size == int(said) + (have if continued else 0)


def _again(archive: Path) -> str:
    return f"delete `{archive}` and run the command again"
