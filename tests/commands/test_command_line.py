"""The command line as a whole: verbs found by folder, help, exit codes, streams, speed of start."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands.running import ROOT, SMALL, process, run

from mlinfra.catalogue import catalogue
from mlinfra.commands import _catalogue, _group, main
from mlinfra.commands._internal_error import details, without_values
from mlinfra.commands._kinds import shipped

VERBS = tuple(_group.files())


def test_the_catalogue_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert _catalogue.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_catalogue_is_noticed_and_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "catalogue.json"
    monkeypatch.setattr(_catalogue, "documents", lambda names: {file: "new"})
    assert (_catalogue.main(["--check"]), file.exists()) == (1, False)
    assert (_catalogue.main([]), file.read_text()) == (0, "new")
    assert _catalogue.main(["--check"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "catalogue.json is stale; `make catalogue` renews it",
        "catalogue.json written",
    ]


def test_help_lists_every_verb_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "--help")
    assert (result.code, result.err) == (0, "")
    listed = [line[2:].split("  ")[0] for line in result.out.partition("Verbs:\n")[2].splitlines() if line[2:3].strip()]
    assert listed[: len(VERBS)] == sorted(VERBS)
    assert max(map(len, result.out.splitlines())) <= 80


def test_without_a_verb_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys) == run(capsys, "-h")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    from mlinfra import __version__

    assert run(capsys, "--version").out == f"mlinfra {__version__}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_ends_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, *verb.split(), "--help")
    assert result.code == 0
    assert " ".join(result.out.split()).endswith(f"Example: {_group.example(verb)}")


WITHOUT_CLI = "error: there is no Pulumi CLI on this machine\n"
NOTHING_THERE = "error: the simulated cloud has no "


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_of_a_verb_works(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder with the smallest blueprint, which is applied to the simulated cloud for an example that needs that."""
    program, *arguments = shlex.split(_group.example(verb))
    assert program == "mlinfra"
    assert " ".join(arguments).startswith(verb)
    shutil.copy(ROOT / "blueprints" / "minimal.yaml", "minimal.yaml")
    result = run(capsys, *arguments)
    if result.err.startswith(NOTHING_THERE):
        result = run(capsys, *shlex.split(_group.example("apply"))[1:])
        result = run(capsys, *arguments) if result.code == 0 else result
    if WITHOUT_CLI in result.err:
        pytest.skip("there is no Pulumi CLI; `mlinfra engine install` gets one")
    assert (result.code, bool(result.out)) == (0, True), result.err


def test_help_imports_neither_verbs_nor_anything_heavy() -> None:
    code = (
        "import sys; from mlinfra.commands import main; main(['--help']); "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'pulumi', 'pulumi_aws', 'pydantic', 'rich', 'yaml', 'boto3'}),"
        " [m for m in sys.modules if m.startswith('mlinfra.commands.') and '._' not in m], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[] []\n"


@pytest.mark.parametrize("arguments", [("kinds",), ("explain", "bucket"), ("schema",), ("explain", "codes")])
@pytest.mark.skipif(set(shipped()) != set(catalogue().kinds), reason="a kind is not in the catalogue yet")
def test_documentation_needs_no_kind_and_no_pulumi(arguments: tuple[str, ...]) -> None:
    code = (
        f"import sys; from mlinfra.commands import main; main({list(arguments)!r}); "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'pulumi', 'pulumi_aws', 'rich', 'boto3'}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_the_help_of_a_first_word_lists_its_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "engine", "--help")
    assert (result.code, result.err) == (0, "")
    words = [" ".join(line.split()[:3]) for line in result.out.splitlines() if not line.startswith("     ")]
    assert words == ["Usage: mlinfra engine", "", "Verbs:", "engine install Install", "engine status Show"]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["plann"], "there is no verb `plann`", "did you mean `plan`?"),
        (["xyz"], "there is no verb `xyz`", "`mlinfra --help` lists the verbs"),
        (["engine"], "`engine` alone is no verb", "there are `engine install`, `engine status`"),
        (["ci"], "missing argument `PLATFORM`. Choose from: github, gitlab", "`mlinfra ci --help` shows what it takes"),
        (["plan", "no.yaml"], "there is no file `no.yaml`", "`mlinfra init` starts one"),
        (["plan"], "there is no blueprint in this folder", "`mlinfra init` starts one; or name a file"),
        (["explain", "bukcet"], "there is nothing called `bukcet` to explain", "did you mean `bucket`?"),
        (["explain", "bucket.expire"], "kind `bucket` has no field or output `expire`", "did you mean `expire_days`?"),
        (["init", "minimla"], "there is no template `minimla`", "did you mean `minimal`?"),
    ],
)
def test_wrong_usage_is_explained_on_stderr(
    arguments: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(capsys, *arguments)
    assert (result.code, result.out, result.err) == (2, "", f"error: {message}\nhint: {hint}\n")


def test_an_unknown_flag_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "plan", "--bogus")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: no such option: --bogus")
    assert result.err.endswith("hint: `mlinfra plan --help` shows what it takes\n")


def test_an_internal_error_never_shows_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("mlinfra.commands._kinds.all_kinds", fail)
    result = run(capsys, "kinds")
    assert (result.code, result.out) == (4, "")
    (file,) = tmp_path.glob("mlinfra-error-*.txt")
    assert result.err == (
        "error: internal error: ZeroDivisionError; this is a fault of mlinfra, not of the blueprint\n"
        f"hint: attach `{file}` and the blueprint to a report; read both before, and take out what is confidential\n"
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert "ZeroDivisionError: deep inside" in file.read_text()


def test_the_report_holds_no_values_of_flags() -> None:
    assert without_values(["plan", "--set", "variables.password=hunter2"]) == ["plan", "--set", "variables.password=…"]
    assert "hunter2" not in details(ValueError("x"), ["--set=a=hunter2"])


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mlinfra.commands._kinds.all_kinds", interrupt)
    assert main(["kinds"]) == 130


def test_a_closed_pipe_is_silent() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, str(ROOT / "cli.py"), "schema"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_the_terminal_cannot_encode_is_replaced() -> None:
    result = process("kinds", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (result.code, result.err) == (0, "")


def test_no_colour_in_a_pipe_and_none_with_no_color() -> None:
    Path("shop.yaml").write_text(SMALL)
    assert "\x1b" not in process("plan", "-e", "dev", cwd=Path.cwd(), NO_COLOR="").out
    assert "\x1b" not in process("plan", "-e", "dev", cwd=Path.cwd(), FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b" in process("plan", "-e", "dev", cwd=Path.cwd(), FORCE_COLOR="1", NO_COLOR="").out


@pytest.mark.parametrize(
    ("words", "complete"),
    [
        ("mlinfra va", ["validate"]),
        ("mlinfra plan s", ["shop.yaml"]),
        ("mlinfra plan shop.yaml -e p", ["prod"]),
        ("mlinfra cost explain l", ["lake"]),
        ("mlinfra explain bucket.exp", ["bucket.expire_days", "bucket.expected"]),
        ("mlinfra init mini", ["minimal"]),
        ("mlinfra schema out", ["outcome", "outputs"]),
    ],
)
def test_completion(words: str, complete: list[str]) -> None:
    Path("shop.yaml").write_text(SMALL)
    count = str(len(words.split()) - 1)
    found = process(cwd=Path.cwd(), _MLINFRA_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=count)
    assert (found.err, set(complete) - set(found.out.split())) == ("", set())


@pytest.mark.parametrize(
    ("words", "complete"),
    [
        ("mlinfra plan s", ["shop.yaml"]),
        ("mlinfra plan shop.yaml -e ", ["dev", "prod"]),
        ("mlinfra cost explain ", ["lake"]),
    ],
)
def test_completion_of_zsh_and_fish(words: str, complete: list[str]) -> None:
    Path("shop.yaml").write_text(SMALL)
    zsh = process(cwd=Path.cwd(), _MLINFRA_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=words)
    fish = process(
        cwd=Path.cwd(),
        _MLINFRA_COMPLETE="complete_fish",
        _TYPER_COMPLETE_ARGS=words,
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )
    quoted = "\n".join(f'"{word}"' for word in complete)
    assert (zsh.out.strip(), zsh.err) == (f"_arguments '*: :(({quoted}))'", "")
    assert (fish.out.split(), fish.err) == (complete, "")


@pytest.mark.parametrize(("arguments", "enabled"), [("", False), ("['--version']", True)])
def test_only_a_process_of_its_own_never_looks_for_garbage(arguments: str, enabled: bool) -> None:
    code = f"import gc, sys; from mlinfra.commands import main; sys.argv[1:] = ['--version']; main({arguments})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(gc.isenabled())"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1:] == [str(enabled)]


def test_every_kind_of_the_catalogue_has_its_layer_and_summary() -> None:
    assert [name for name, kind in catalogue().kinds.items() if not (kind.layer and kind.summary and kind.makes)] == []
