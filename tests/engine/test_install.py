"""The engine is downloaded whole or not at all; the server is this process."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from engine.archives import Published, packed, published, sha256

from mlinfra.engine import install as installing
from mlinfra.engine.download import get, published_sums
from mlinfra.engine.install import Part, go_version, install, install_from_go, missing, status
from mlinfra.engine.installed import candidates
from mlinfra.engine.releases import Release, cli_release, downloads, plugin_release
from mlinfra.errors import EngineError

PROGRAM = b"#!/bin/sh\necho v3.272.0\n"


@pytest.fixture
def server() -> Iterator[Published]:
    with published() as state:
        yield state


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing."""
    return {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}


@pytest.fixture
def release(server: Published, tmp_path: Path) -> Release:
    """A CLI in an archive of its own."""
    return Release(
        title="Pulumi CLI 3.272.0",
        version="3.272.0",
        archive="pulumi.tar.gz",
        url=f"{server.url}/pulumi.tar.gz",
        sums="sums.txt",
        sums_url=f"{server.url}/sums.txt",
        into=tmp_path / "engine" / "3.272.0",
        room=tmp_path / "engine" / "downloads",
        inner="pulumi",
        under="bin",
        from_go=True,
    )


def publish(server: Published, content: bytes) -> None:
    server.files = {"pulumi.tar.gz": content, "sums.txt": f"{sha256(content)}  pulumi.tar.gz\n".encode()}


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(release: Release, folder: Path) -> EngineError:
    with pytest.raises(EngineError) as caught:
        get(release, folder, lambda _: None)
    assert not release.into.exists()
    assert list(release.room.glob(".installing-*")) == []
    return caught.value


def test_a_release_is_unpacked_to_its_place(server: Published, release: Release, tmp_path: Path) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM, "pulumi/readme.md": b"read", "other/x": b"x"}))
    said: list[str] = []
    get(release, release.room, said.append)
    assert tree(tmp_path / "engine") == {"3.272.0/bin/pulumi": PROGRAM, "3.272.0/bin/readme.md": b"read"}
    assert stat.S_IMODE((release.into / "bin" / "pulumi").stat().st_mode) == 0o755
    assert stat.S_IMODE((release.into / "bin" / "readme.md").stat().st_mode) == 0o644
    assert said == [f"downloading {release.sums_url}", f"downloading {release.url}"]
    get(release, release.room, said.append)
    assert (len(said), len(server.asked)) == (2, 2)


def test_another_file_than_the_published_one_is_thrown_away(server: Published, release: Release) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM}))
    server.files["pulumi.tar.gz"] = forged = packed({"pulumi/pulumi": b"forged"})
    error = refused(release, release.room)
    assert error.message.startswith(f"`pulumi.tar.gz` is not the published file: its SHA-256 is {sha256(forged)}, and ")
    assert tree(release.room) == {}


def test_a_file_without_a_published_sum_is_not_installed(server: Published, release: Release) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM}))
    server.files["sums.txt"] = b"da39a3ee5e6b4b0d3255bfef95601890afd80709  ./pulumi.tar.gz\n"
    assert refused(release, release.room).message == "`sums.txt` has no SHA-256 of `pulumi.tar.gz`"


def test_a_download_that_breaks_off_is_continued(server: Published, release: Release) -> None:
    content = packed({"pulumi/pulumi": os.urandom(3000)})
    publish(server, content)
    server.cut = {"pulumi.tar.gz": 1000}
    get(release, release.room, lambda _: None)
    assert (release.into / "bin" / "pulumi").exists()
    assert [wanted for path, wanted in server.asked if path == "pulumi.tar.gz"] == [
        None,
        "bytes=1000-",
        "bytes=2000-",
        "bytes=3000-",
    ]


def test_the_next_run_continues_where_the_last_was_killed(server: Published, release: Release) -> None:
    content = packed({"pulumi/pulumi": os.urandom(3000)})
    publish(server, content)
    release.room.mkdir(parents=True)
    (release.room / "pulumi.tar.gz.part").write_bytes(content[:1234])
    get(release, release.room, lambda _: None)
    assert ("pulumi.tar.gz", "bytes=1234-") in server.asked
    assert tree(release.room) == {}


def test_a_server_that_cannot_continue_starts_again(server: Published, release: Release) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM}))
    server.ranges = False
    release.room.mkdir(parents=True)
    (release.room / "pulumi.tar.gz.part").write_bytes(b"junk")
    get(release, release.room, lambda _: None)
    assert (release.into / "bin" / "pulumi").read_bytes() == PROGRAM


def test_what_is_longer_than_the_file_is_dropped(server: Published, release: Release) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM}))
    release.room.mkdir(parents=True)
    (release.room / "pulumi.tar.gz.part").write_bytes(b"x" * 100_000)
    get(release, release.room, lambda _: None)
    assert (release.into / "bin" / "pulumi").read_bytes() == PROGRAM


def test_a_download_that_gets_no_further_says_what_to_do(server: Published, release: Release) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM}))
    server.cut = {"pulumi.tar.gz": 0}
    error = refused(release, release.room)
    assert error.message == f"{release.url} cannot be downloaded: it broke off"
    assert error.hint is not None
    assert f"put both files into `{release.room}`" in error.hint
    assert "`mlinfra engine install --from-go`" in error.hint


def test_a_release_that_is_not_there(server: Published, release: Release) -> None:
    assert refused(release, release.room).message == f"{release.sums_url} cannot be downloaded: the server answers 404"


def test_a_server_that_is_not_reachable(release: Release) -> None:
    closed = dataclasses.replace(release, sums_url="http://127.0.0.1:1/sums.txt")
    error = refused(closed, closed.room)
    assert error.message.startswith("http://127.0.0.1:1/sums.txt cannot be downloaded: ")
    assert "refused" in error.message


def test_files_that_were_put_there_by_hand_need_no_network(release: Release) -> None:
    content = packed({"pulumi/pulumi": PROGRAM})
    release.room.mkdir(parents=True)
    (release.room / "pulumi.tar.gz").write_bytes(content)
    (release.room / "sums.txt").write_text(f"{sha256(content)}  pulumi.tar.gz\n")
    get(
        dataclasses.replace(release, url="http://127.0.0.1:1/", sums_url="http://127.0.0.1:1/"),
        release.room,
        lambda _: None,
    )
    assert (release.into / "bin" / "pulumi").read_bytes() == PROGRAM


@pytest.mark.parametrize("name", ["../evil", "pulumi/../../evil", "/evil", "pulumi\\..\\evil"])
def test_a_member_that_leads_elsewhere_is_refused(
    name: str, server: Published, release: Release, tmp_path: Path
) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM, name: b"evil"}))
    assert refused(release, release.room).message == f"`pulumi.tar.gz` holds `{name}`, which does not belong into it"
    assert list(tmp_path.rglob("evil")) == []


def test_a_link_is_refused(server: Published, release: Release) -> None:
    publish(server, packed({"pulumi/pulumi": PROGRAM}, link=("pulumi/link", "/etc/passwd")))
    assert "`pulumi/link`" in refused(release, release.room).message


def test_an_archive_that_is_none(server: Published, release: Release) -> None:
    publish(server, b"<html>")
    assert refused(release, release.room).message.startswith("`pulumi.tar.gz` cannot be unpacked: ")


def test_an_archive_without_the_program(server: Published, release: Release) -> None:
    publish(server, packed({"other/pulumi": PROGRAM}))
    assert refused(release, release.room).message == "`pulumi.tar.gz` holds nothing of Pulumi CLI 3.272.0"


def test_sums_are_read_from_files_and_from_what_github_says() -> None:
    digest = "a" * 64
    text = f"{digest}  ./one.tar.gz\n{digest.upper()} *two.tar.gz\n{'b' * 40}  three.tar.gz\n\nnot a line of it\n"
    assert published_sums(text) == {"one.tar.gz": digest, "two.tar.gz": digest}
    document = {"assets": [{"name": "x", "digest": f"sha256:{digest}"}, {"name": "y", "digest": None}]}
    assert published_sums(json.dumps(document)) == {"x": digest}
    assert published_sums("{") == {}


def test_a_bare_machine_needs_all_of_it(environ: dict[str, str], tmp_path: Path) -> None:
    pulumi, aws, kubernetes = version("pulumi"), version("pulumi-aws"), version("pulumi-kubernetes")
    assert status(environ) == (Part("pulumi", pulumi), Part("aws", aws), Part("kubernetes", kubernetes))
    home = tmp_path / "home"
    assert [release.into for release in missing(environ)] == [
        home / ".cache" / "mlinfra" / "engine" / pulumi,
        home / ".pulumi" / "plugins" / f"resource-aws-v{aws}",
        home / ".pulumi" / "plugins" / f"resource-kubernetes-v{kubernetes}",
    ]


def test_releases_are_pulumis_own(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    number, aws = version("pulumi"), version("pulumi-aws")
    cli, plugin = cli_release(environ), plugin_release("aws", environ)
    assert (cli.url, cli.sums_url) == (
        f"https://get.pulumi.com/releases/sdk/pulumi-v{number}-linux-x64.tar.gz",
        f"https://get.pulumi.com/releases/sdk/pulumi-{number}-checksums.txt",
    )
    assert (plugin.url, plugin.sums_url) == (
        f"https://github.com/pulumi/pulumi-aws/releases/download/v{aws}/pulumi-resource-aws-v{aws}-linux-amd64.tar.gz",
        f"https://api.github.com/repos/pulumi/pulumi-aws/releases/tags/v{aws}",
    )
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(EngineError, match="nothing for `Linux` on `riscv64`"):
        cli_release(environ)


def test_install_gets_what_is_missing_and_says_so(
    environ: dict[str, str], server: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(release: Release, inner: str) -> Release:
        program = "pulumi" if inner else f"pulumi-resource-{release.into.name.split('-')[1]}"
        content = packed({f"{inner}/{program}".lstrip("/"): PROGRAM})
        server.files |= {
            release.archive: content,
            release.sums: json.dumps(
                {"assets": [{"name": release.archive, "digest": f"sha256:{sha256(content)}"}]}
            ).encode(),
        }
        return dataclasses.replace(
            release, url=f"{server.url}/{release.archive}", sums_url=f"{server.url}/{release.sums}"
        )

    monkeypatch.setattr(installing, "cli_release", lambda given: here(cli_release(given), "pulumi"))
    monkeypatch.setattr(installing, "plugin_release", lambda name, given: here(plugin_release(name, given), ""))
    said: list[str] = []
    parts = install(said.append, environ)
    assert [(part.name, part.found, part.fits) for part in parts] == [
        ("pulumi", "3.272.0", True),
        ("aws", version("pulumi-aws"), True),
        ("kubernetes", version("pulumi-kubernetes"), True),
    ]
    assert parts[0].path == next(iter(candidates(environ))).path
    assert len(said) == 9
    assert install(said.append, environ) == parts
    assert len(said) == 9


def test_a_plugin_whose_download_was_cut_off_is_missing(environ: dict[str, str]) -> None:
    folder = plugin_release("aws", environ).into
    folder.mkdir(parents=True)
    (folder / "pulumi-resource-aws").write_bytes(PROGRAM)
    (folder / "pulumi-resource-aws").chmod(0o755)
    assert status(environ)[1].fits
    folder.with_name(f"{folder.name}.partial").touch()
    assert not status(environ)[1].fits


def test_two_at_once(environ: dict[str, str]) -> None:
    with installing._alone(environ):
        with pytest.raises(EngineError, match="another `mlinfra engine install` is running"):
            install(lambda _: None, environ)


def test_a_folder_that_cannot_be_written(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(EngineError, match="the engine cannot be installed: "):
        install(lambda _: None, environ)


def fake_go(environ: dict[str, str], script: str) -> None:
    go = Path(environ["PATH"]) / "go"
    go.parent.mkdir()
    go.write_text(f"#!/bin/sh\n{script}\n")
    go.chmod(0o755)


def test_without_go_nothing_is_built(environ: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="there is no Go on this machine"):
        install_from_go(lambda _: None, environ)


def test_go_builds_the_pinned_version(environ: dict[str, str], tmp_path: Path) -> None:
    arguments = tmp_path / "arguments"
    fake_go(
        environ,
        f'echo "$CGO_ENABLED $@" > {arguments}\n'
        'while [ "$1" != -o ]; do shift; done\n'
        f'/bin/mkdir -p "$(/usr/bin/dirname "$2")"; printf "#!/bin/sh\\necho v{go_version()}\\n" > "$2"; /bin/chmod 755 "$2"',
    )
    said: list[str] = []
    part = install_from_go(said.append, environ)[0]
    folder = downloads(environ).parent / go_version()
    assert (part.found, part.path, part.fits) == (go_version(), str(folder / "bin" / "pulumi"), True)
    built = arguments.read_text()
    assert re.sub(r"-o \S+", "-o FILE", built) == (
        "0 build -trimpath -tags osusergo,grpcnotrace -ldflags -s -w -X "
        f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{go_version()} -o FILE "
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi\n"
    )
    assert install_from_go(said.append, environ)[0] == part
    assert len(said) == 2
    assert [path.name for path in downloads(environ).iterdir()] == [".lock"]


def test_what_go_says_when_it_fails(environ: dict[str, str]) -> None:
    fake_go(environ, "echo one >&2; echo 'go: no module proxy' >&2; exit 1")
    with pytest.raises(EngineError, match="Go could not build the Pulumi CLI:\none\ngo: no module proxy"):
        install_from_go(lambda _: None, environ)
    assert not (downloads(environ).parent / go_version()).exists()


def test_every_module_of_the_build_is_pinned() -> None:
    folder = Path(installing.__file__).parent / "go"
    wanted = re.findall(r"(\S+) (v\d\S+)$", (folder / "go.mod").read_text(), re.MULTILINE)
    sums = (folder / "go.sum").read_text()
    assert len(wanted) == 3
    assert [f"{name} {number} h1:" in sums for name, number in wanted] == [True, True, True]
