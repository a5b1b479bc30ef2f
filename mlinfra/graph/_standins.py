"""Stand-ins: realistic values for outputs that only AWS knows, each traced back to the output that it stands for.

A stand-in carries a token of 17 hexadecimal digits, the tail of an EC2 id, which no other value in a program has. Policies, user data and Helm
values that are built from stand-ins can be read in full; afterwards every token becomes a reference ``${{URN#output}}`` again.
"""

from __future__ import annotations

import base64
import binascii
import functools
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files
from typing import Any

from mlinfra.graph.model import Derived, Reference, Value, references_in

TOKEN_DIGITS = 17
TOKEN = re.compile(rf"(?=([0-9a-f]{{{TOKEN_DIGITS}}}))")  # overlapping: other digits may stand before a token
BASE64 = re.compile(r"^[A-Za-z0-9+/\s]{24,}={0,2}$")


@functools.cache
def shapes() -> Mapping[str, Mapping[str, Any]]:
    """Outputs by type and their shapes: text with ``{token}``, ``{account}``, ``{region}``, ``{partition}``, or lists and mappings of it.

    ``aws:*`` holds for every AWS type; an empty shape says that a type lacks the output. A name with ``?`` at its end is
    an output that a program may say itself, and then is what it said.
    """
    text = files("mlinfra.graph").joinpath("data/standins.json").read_text("utf-8")
    table: Mapping[str, Mapping[str, Any]] = json.loads(text)["types"]
    return table


class StandIns:
    """Makes stand-ins and finds them again."""

    def __init__(self, account: str, region: str, partition: str) -> None:
        self._place = {"account": account, "region": region, "partition": partition}
        self._made: dict[str, tuple[str, Reference]] = {}

    def outputs_of(self, type_: str, urn: str, given: Collection[str]) -> dict[str, Any]:
        """The outputs of a resource that the tables know; ``given`` are the names that the program says itself."""
        package, _, rest = type_.partition(":")
        table = {**shapes().get(f"{package}:*", {}), **shapes().get(type_, {})}
        service = rest.partition("/")[0]
        wanted = {
            name.removesuffix("?"): shape
            for name, shape in table.items()
            if shape and not (name.endswith("?") and name.removesuffix("?") in given)
        }
        return {name: self._shaped(urn, name, shape, service) for name, shape in wanted.items()}

    def _shaped(self, urn: str, output: str, shape: Any, service: str) -> Any:
        if isinstance(shape, dict):
            return {key: self._shaped(urn, f"{output}.{key}", inner, service) for key, inner in shape.items()}
        if isinstance(shape, list):
            return [self._shaped(urn, f"{output}[{index}]", inner, service) for index, inner in enumerate(shape)]
        return self.make(urn, output, shape, service)

    def make(self, urn: str, output: str, shape: str, service: str = "") -> str:
        """One stand-in; the same for the same output, in every process."""
        token = hashlib.sha256(f"{urn}#{output}".encode()).hexdigest()[:TOKEN_DIGITS]
        text = shape.format(token=token, service=service, **self._place)
        self._made[token] = (text, Reference(urn, output))
        return text

    def traced(self, value: Value) -> Value:
        """``value`` with each stand-in replaced by its reference; text that holds a part of one is Derived."""
        if isinstance(value, str):
            return self._traced_text(value)
        if isinstance(value, list):
            return [self.traced(item) for item in value]
        if isinstance(value, dict):
            return {_as_key(self._traced_text(key), key): self.traced(item) for key, item in value.items()}
        return value

    def _traced_text(self, text: str) -> str | Derived:
        text = text.replace("${{", "$${{") if "${{" in text else text
        found = self._tokens(text)
        if not found:
            inside = self._encoded(text)
            return Derived(tuple(sorted(inside))) if inside else text
        for token in found:
            whole, reference = self._made[token]
            text = text.replace(whole, f"\0{token}\0")
            if re.search(rf"(?<!\0){token}(?!\0)", text):  # only a part of the stand-in is left
                return Derived(tuple(sorted({self._made[t][1].urn for t in found})))
            text = text.replace(f"\0{token}\0", f"\0{reference}\0")
        return text.replace("\0", "")

    def _tokens(self, text: str) -> list[str]:
        if len(text) < TOKEN_DIGITS:
            return []
        return list(dict.fromkeys(token for token in TOKEN.findall(text) if token in self._made))

    def _encoded(self, text: str) -> set[str]:
        """URNs whose stand-ins are inside base64 (and gzip) text."""
        if len(text) < 24 or not BASE64.match(text):
            return set()
        try:
            raw = base64.b64decode(text, validate=False)
            raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        except (binascii.Error, OSError, EOFError, zlib.error):
            return set()
        return {self._made[token][1].urn for token in self._tokens(raw.decode("utf-8", "replace"))}


def _as_key(traced: str | Derived, key: str) -> str:
    return traced if isinstance(traced, str) else key


def urns_in(value: Value) -> set[str]:
    """The resources that a traced value visibly comes from."""
    return {reference.urn for reference in references_in(value)} | set(_derived_from(value))


def _derived_from(value: Value) -> Iterable[str]:
    if isinstance(value, Derived):
        yield from value.urns
    elif isinstance(value, list):
        for item in value:
            yield from _derived_from(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _derived_from(item)


def holds_unknown(value: Any, unknown: type) -> bool:
    """Whether an instance of ``unknown`` is somewhere in the value."""
    if isinstance(value, unknown):
        return True
    if isinstance(value, list):
        return any(holds_unknown(item, unknown) for item in value)
    return isinstance(value, dict) and any(holds_unknown(item, unknown) for item in value.values())
