"""A law for every test that sees what a verb writes: each JSON document keeps to the schema that ships for it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from mlinfra.commands._schemas import files

BEGIN = re.compile(r'(?m)^(?:\{"mlinfra_|\{\}?$|\[\]?$)')
"""How documents begin. A bare value, as `mlinfra outputs` writes it, is all on one line and says nothing of mlinfra."""
MARK = "mlinfra_"


def check(text: str) -> None:
    """Hold every JSON document in a text against its schema; what else is in it is let be."""
    for document in documents(text):
        check_document(document)


def documents(text: str) -> Iterator[Any]:
    """The JSON documents in what commands wrote, one after the other."""
    place = 0
    while (found := BEGIN.search(text, place)) is not None:
        document, place = json.JSONDecoder().raw_decode(text, found.start())
        yield document


def check_document(document: Any) -> None:
    """Hold a document against the schema of its ``mlinfra_…``, and one inside of it against its own."""
    assert isinstance(document, dict), "a document is an object"
    if "$schema" in document:
        Draft202012Validator.check_schema(document)
        return
    (name,) = names(document) or ("",)
    assert name in files(), f"a document with {', '.join(document) or 'nothing'} in it has no schema"
    validator(name).validate(document)
    for inner in document.values():
        if isinstance(inner, dict) and names(inner):
            check_document(inner)


def names(document: Mapping[str, Any]) -> list[str]:
    """What a document says that it is."""
    return [key.removeprefix(MARK) for key in document if key.startswith(MARK)]


@functools.cache
def validator(name: str) -> Draft202012Validator:
    """What holds documents against the schema of a name."""
    return Draft202012Validator(json.loads(files()[name].read_text("utf-8")))
