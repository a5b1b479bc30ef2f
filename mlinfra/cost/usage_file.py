"""Reads usage files: ``mlinfra_usage: 1`` and ``resources:``, which maps addresses to usage keys.

An address is a URN, ``type::name``, a glob over names, or a type. A usage key has a number or {min, expected, max}.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml

from mlinfra.cost.usage import Overrides
from mlinfra.errors import PriceError
from mlinfra.graph.model import Amount


def load(path: Path) -> Overrides:
    """Read a usage file. Raises PriceError with file and line for what is wrong."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise PriceError(f"{path}: the usage file cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PriceError(f"{path}:{line}: not YAML: {error.problem}") from error
    reader = _Reader(path)
    top = reader.mapping(root, "the usage file")
    if set(top) != {"mlinfra_usage", "resources"} or reader.text(top["mlinfra_usage"]) != "1":
        raise PriceError(
            f"{path}:1: a usage file has `mlinfra_usage: 1` and `resources:`; "
            f"this one has {', '.join(sorted(top)) or 'nothing'}",
            hint="under `resources:` goes a URN, `type::name`, a name glob or a type, with usage keys below it",
        )
    return {
        address: {key: reader.amount(value, key) for key, value in reader.mapping(keys, address).items()}
        for address, keys in reader.mapping(top["resources"], "`resources`").items()
    }


class _Reader:
    """Reads YAML nodes, so that errors know their line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mapping(self, node: object, what: str) -> dict[str, object]:
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"{what} is not a mapping")
        found: dict[str, object] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in found:
                raise self.error(key, f"`{name}` is given twice")
            found[name] = value
        return found

    def text(self, node: object) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(node, "a name or number is expected here")
        return str(node.value)

    def amount(self, node: object, key: str) -> Amount:
        if isinstance(node, yaml.ScalarNode):
            value = self.number(node, key)
            return Amount(value, value, value)
        parts = self.mapping(node, f"`{key}`")
        if set(parts) != {"min", "expected", "max"}:
            raise self.error(
                node, f"`{key}` has {', '.join(sorted(parts))}; allowed: a number, or min, expected and max"
            )
        amount = Amount(*(self.number(parts[name], key) for name in ("min", "expected", "max")))
        if not amount.min <= amount.expected <= amount.max:
            raise self.error(
                node, f"`{key}`: {amount.min}, {amount.expected}, {amount.max} do not ascend from min to max"
            )
        return amount

    def number(self, node: object, key: str) -> Decimal:
        text = self.text(node).replace("_", "")
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise self.error(node, f"`{key}` is `{text}`; allowed: a number, zero or more") from None
        if not value.is_finite() or value < 0:
            raise self.error(node, f"`{key}` is `{text}`; allowed: a number, zero or more")
        return value

    def error(self, node: object, message: str) -> PriceError:
        mark = getattr(node, "start_mark", None)
        return PriceError(f"{self.path}:{mark.line + 1 if mark else 1}: {message}")
