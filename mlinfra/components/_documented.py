"""The docstrings below the attributes of a class, read from its source when somebody asks: most commands never do."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import sys
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Documented(BaseModel):
    """A model whose JSON Schema describes each field by the docstring below it.

    pydantic's ``use_attribute_docstrings`` does the same, but parses the source of every model at import, which is a
    fifth of the time of ``validate``.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(schema)
        properties = handler.resolve_ref_schema(made).get("properties", {})
        for name, text in attribute_docs(cls).items():
            if name in cls.model_fields:
                properties[cls.model_fields[name].alias or name].setdefault("description", text)
        return made


def attribute_docs(cls: type) -> Mapping[str, str]:
    """The docstrings below a class's attributes by name, base classes included. Without source there are none."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        classes = _classes(base.__module__) if base.__module__ not in sys.stdlib_module_names else {}
        if base.__qualname__ in classes:
            found |= _texts(classes[base.__qualname__].body)
    return found


def _texts(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, after in itertools.pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
            if isinstance(text, str):
                yield statement.target.id, inspect.cleandoc(text)


@functools.cache
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError):
        return {}
    return dict(_named(tree, ""))


def _named(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """Every class below ``node`` by its ``__qualname__``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, child
            yield from _named(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _named(child, f"{prefix}{child.name}.<locals>.")
        else:
            yield from _named(child, prefix)
