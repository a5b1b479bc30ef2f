from __future__ import annotations

import pytest

from mlinfra.blueprint.source import parse, scalar
from mlinfra.errors import BlueprintError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("yes", "yes"), ("on", "on"), ("off", "off"), ("n", "n"),
        ("0", 0), ("-7", -7), ("+7", 7), ("007", "007"), ("0o17", "0o17"), ("0x1f", "0x1f"), ("12:30", "12:30"),
        ("1_000", "1_000"), ("9" * 19, "9" * 19), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), (".", "."), ("-", "-"), ("e5", "e5"),
        (".inf", ".inf"), (".nan", ".nan"), ("2027-01-31", "2027-01-31"), ("1.2.3", "1.2.3"), ("00.5", "00.5"), ("=", "="),
    ],
)  # fmt: skip
def test_plain_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = scalar(text)

    assert (found, type(found)) == (value, type(value))


def test_quoted_words_are_text_and_places_are_kept() -> None:
    tree = parse("a: \"1\"\nb:\n  - x\n  - {ü: 'yes'}\n", "f.yaml")

    assert tree.plain() == {"a": "1", "b": ["x", {"ü": "yes"}]}
    node = tree.get(("b", "1", "ü"))
    assert node is not None
    assert node.key is not None
    assert (node.span.file, node.span.line, node.span.column, node.span.length) == ("f.yaml", 4, 9, 5)
    assert (node.key.line, node.key.column, node.key.length) == (4, 6, 1)


def test_an_alias_keeps_its_own_key() -> None:
    tree = parse("a: &x {k: 1}\nb: *x\n")

    assert tree.plain() == {"a": {"k": 1}, "b": {"k": 1}}
    assert tree.items["b"].key is not None
    assert tree.items["b"].key.line == 2


def test_a_deep_file_does_not_reach_the_depth_of_python() -> None:
    with pytest.raises(BlueprintError) as caught:
        parse("[" * 100_000)

    assert caught.value.diagnostics[0].code == "too-deep"


def test_a_large_text_is_refused() -> None:
    with pytest.raises(BlueprintError) as caught:
        parse("#" * (1024 * 1024 + 1))

    assert caught.value.diagnostics[0].code == "file-too-large"
