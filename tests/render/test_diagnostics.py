"""Errors with their place, in the exact form that users see."""

from __future__ import annotations

from mlinfra.errors import BlueprintError, Diagnostic, UsageError
from mlinfra.render.diagnostics import diagnostic_documents, diagnostics_text, error_text
from mlinfra.render.terminal import PLAIN, Terminal, columns

LINE = "    instnace_type: ml.g5.xlarge"
WRONG = Diagnostic(
    code="unknown-field",
    message="`instnace_type` is not a field of kind `endpoint`",
    hint="did you mean `instance_type`?",
    file="fraud.yaml",
    line=34,
    column=5,
    length=13,
    path="components.endpoint.instnace_type",
)


def shown(one: Diagnostic, line: str, terminal: Terminal = PLAIN) -> list[str]:
    lines = [""] * ((one.line or 1) - 1) + [line]
    return diagnostics_text([one], terminal, lines=lambda file: lines).splitlines()


def test_the_form_of_an_error() -> None:
    assert shown(WRONG, LINE) == [
        "error: `instnace_type` is not a field of kind `endpoint`",
        "  --> fraud.yaml:34:5   components.endpoint.instnace_type",
        "   |",
        "34 |     instnace_type: ml.g5.xlarge",
        "   |     ^^^^^^^^^^^^^",
        "hint: did you mean `instance_type`?",
    ]


def test_without_a_line_only_the_place_is_named() -> None:
    one = Diagnostic("missing-field", "`name` is missing", file="a.yaml", path="name")
    assert shown(one, "") == ["error: `name` is missing", " --> a.yaml name"]


def test_a_place_outside_of_the_file_shows_no_line() -> None:
    assert shown(Diagnostic("syntax", "cut short", file="a.yaml", line=9, column=1), "")[1] == " --> a.yaml:9:1"
    text = diagnostics_text([Diagnostic("syntax", "cut short", file="a.yaml", line=9, column=1)], lines=lambda file: ())
    assert text == "error: cut short\n --> a.yaml:9:1"


def test_wide_characters_and_tabs_keep_the_caret_in_place() -> None:
    one = Diagnostic("x", "wrong", file="a.yaml", line=1, column=7, length=1)
    line, caret = shown(one, "名前: \t!x")[3:5]
    assert columns(line[: line.index("x")]) == caret.index("^")


def test_long_lines_are_cut_around_the_place() -> None:
    one = Diagnostic("x", "wrong", file="a.yaml", line=1, column=5001, length=3)
    lines = shown(one, "a" * 5000 + "BAD" + "c" * 5000)
    assert "BAD" in lines[3]
    assert lines[3].index("BAD") == lines[4].index("^^^")
    assert max(map(len, lines)) <= 80


def test_a_line_with_a_credential_is_not_shown() -> None:
    key = "AKIA" + "QWERTYUIOPASDFGH"
    one = Diagnostic("credential", "looks like a credential", file="a.yaml", line=1, column=3, length=20)
    assert shown(one, f"  key: {key}") == ["error: looks like a credential", " --> a.yaml:1:3"]


def test_control_characters_cannot_steer_the_terminal() -> None:
    one = Diagnostic("x", "wrong \x1b[2J", file="a.yaml", line=1, column=1)
    assert "\x1b" not in "\n".join(shown(one, "\x1b]0;title\x07"))


def test_several_errors_are_counted() -> None:
    text = error_text(BlueprintError([WRONG, Diagnostic("a", "other", file="a.yaml")]))
    assert text.splitlines()[-1] == "2 errors"


def test_a_plain_error() -> None:
    assert error_text(UsageError("there is no verb `plann`", hint="did you mean `plan`?")) == (
        "error: there is no verb `plann`\nhint: did you mean `plan`?"
    )


def test_colour() -> None:
    assert error_text(UsageError("no"), Terminal(80, colour=True)) == "\x1b[31;1merror\x1b[0m: no"


def test_json_form() -> None:
    note = Diagnostic("inferred", "wired", severity="note")
    entry = {
        "code": "unknown-field",
        "message": "`instnace_type` is not a field of kind `endpoint`",
        "hint": "did you mean `instance_type`?",
        "file": "fraud.yaml",
        "line": 34,
        "column": 5,
        "path": "components.endpoint.instnace_type",
        "severity": "error",
    }
    other = {
        "code": "inferred",
        "message": "wired",
        "hint": None,
        "file": None,
        "line": None,
        "column": None,
        "path": "",
    }
    assert diagnostic_documents([WRONG, note]) == {
        "mlinfra_diagnostics": 1,
        "errors": [entry],
        "warnings": [{**other, "severity": "note"}],
    }
