"""Laws over the JSON Schemas that ship: of the language, and of every document that a verb writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from commands.running import run
from jsonschema import Draft202012Validator, ValidationError
from written import MARK, check, check_document

from mlinfra.commands._schemas import ENDING, PACKAGE, files, names

LANGUAGE = {"blueprint"}
"""What is written by people: its schema is made from the models, and tests of its own hold it."""
DOCUMENTS = tuple(sorted(files().keys() - LANGUAGE))
OPEN = {"outputs", "deployment", "plan"}
"""Objects of which somebody else says what is in them: components, Pulumi, the schema of plans."""


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files()[name].read_text("utf-8"))
    return found


def parts(found: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema in a schema, the whole one first, each with its place."""
    if isinstance(found, list):
        for number, item in enumerate(found):
            yield from parts(item, f"{place}[{number}]")
    if not isinstance(found, dict):
        return
    yield place, found
    for key, value in found.items():
        if key in ("properties", "$defs"):
            for name, inner in value.items():
                yield from parts(inner, f"{place}.{name}")
        elif key in ("items", "additionalProperties", "propertyNames", "anyOf"):
            yield from parts(value, f"{place}.{key}")


def test_a_name_stands_for_one_file() -> None:
    assert sorted(files().values()) == sorted(PACKAGE.rglob(f"*{ENDING}"))


@pytest.mark.parametrize("name", names())
def test_the_verb_prints_a_schema_that_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "schema", name)
    found = json.loads(result.out)
    Draft202012Validator.check_schema(found)
    assert (result.code, result.err, found["$schema"]) == (0, "", Draft202012Validator.META_SCHEMA["$id"])
    assert found["title"].startswith("mlinfra ")
    if name in DOCUMENTS:
        assert result.out == files()[name].read_text("utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_says_what_it_is(name: str) -> None:
    found = schema(name)
    assert {key: value["const"] for key, value in found["properties"].items() if key.startswith(MARK)} == {
        f"{MARK}{name}": 1
    }
    assert f"{MARK}{name}" in found["required"]
    assert found["description"].endswith(".")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_in_a_document_that_its_schema_does_not_say(name: str) -> None:
    objects = [(place, part) for place, part in parts(schema(name)) if "properties" in part]
    assert [place for place, part in objects if part.get("additionalProperties") is not False] == []
    assert [place for place, part in objects if not set(part.get("required", ())) <= set(part["properties"])] == []
    unsaid = [
        place.removesuffix(".additionalProperties").rpartition(".")[2]
        for place, part in parts(schema(name))
        if part.get("type") == "object" and not part.keys() & {"properties", "additionalProperties"}
    ]
    assert set(unsaid) <= OPEN


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_says_what_null_means(name: str) -> None:
    found = schema(name)

    def silent(part: Mapping[str, Any]) -> bool:
        inner = [found["$defs"][part["$ref"].rpartition("/")[2]]] if "$ref" in part else part.get("anyOf", [])
        missing = "null" in part.get("type", ()) or None in part.get("enum", ())
        return "description" not in part and (missing or any(silent(one) for one in inner))

    properties = [(place, key, one) for place, part in parts(found) for key, one in part.get("properties", {}).items()]
    assert [f"{place}.{key}" for place, key, one in properties if silent(one)] == []


def test_what_has_the_same_name_in_two_schemas_is_the_same() -> None:
    """A schema is whole by itself, so that whoever has it needs no other; what two share must not drift apart."""
    said: dict[str, dict[str, list[str]]] = {}
    for name in DOCUMENTS:
        for definition, found in schema(name).get("$defs", {}).items():
            said.setdefault(definition, {}).setdefault(json.dumps(found, sort_keys=True), []).append(name)
    assert {name: list(forms.values()) for name, forms in said.items() if len(forms) > 1} == {}


def test_a_wrong_name_is_answered_with_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "schema", "pla")
    listed = ", ".join(f"`{name}`" for name in names())
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: there is no schema of `pla`\nhint: there are {listed}\n"
    assert ", ".join(names()) in " ".join(run(capsys, "schema", "--help").out.split())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "[\n  {}\n]",
        '{\n  "done": []\n}',
        '{"mlinfra_nothing": 1}',
        'so\n{\n  "mlinfra_nothing": 1\n}\nit is',
    ],
)
def test_a_document_without_a_schema_is_noticed(text: str) -> None:
    with pytest.raises(AssertionError):
        check(text)


@pytest.mark.parametrize("wrong", [{"files": 3}, {"more": 1}, {"mlinfra_eject": 2}])
def test_a_document_that_its_schema_does_not_describe_is_noticed(wrong: dict[str, Any]) -> None:
    right = {"mlinfra_eject": 1, "files": ["stacks/foundation/Pulumi.yaml"]}
    check(f"{json.dumps(right)}\n{json.dumps(right, indent=2)}\n")
    with pytest.raises(ValidationError):
        check(json.dumps(right | wrong, indent=2))
    with pytest.raises(ValidationError):
        check_document({"mlinfra_unlock": 1, "removed": [], "inner": right})


def test_what_reads_the_output_of_commands_notices_too(capsys: pytest.CaptureFixture[str]) -> None:
    print('{"mlinfra_nothing": 1}')  # noqa: T201
    with pytest.raises(AssertionError):
        capsys.readouterr()
    print("{plain} text\n" + str(Path("x")) + '\n["a", "b"]\n{"a": 1}')  # noqa: T201
    assert capsys.readouterr().out.splitlines()[0] == "{plain} text"
