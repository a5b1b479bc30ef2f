"""Code of other packages: found by name, checked, called."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, get_args, get_origin

import pulumi
from pydantic import ValidationError

from mlinfra.components._grammar import Component, Context, Outputs
from mlinfra.errors import UsageError

Code: TypeAlias = type[Component[Any, Any, Any]] | Callable[..., Any]


def load(named: str) -> Code:
    """The Component or function that ``package.module`` holds, or ``package.module:name``. Raises UsageError if there
    is not exactly one.
    """
    path, _, wanted = named.partition(":")
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise UsageError(f"`{path}` needs the module `{error.name}`, which is not installed") from error
        raise UsageError(
            f"there is no module `{path}`", hint="install the package that holds it beside mlinfra, or set PYTHONPATH"
        ) from error
    except Exception as error:  # the code is somebody else's, and whatever it raises is about the blueprint
        raise UsageError(f"module `{path}` cannot be imported: {type(error).__name__}: {error}") from error
    found: dict[str, Code] = {name: item for name, item in vars(module).items() if _is_code(item, module.__name__)}
    if wanted:
        if wanted not in found:
            raise UsageError(f"module `{path}` has no Component or function `{wanted}`", hint=_there_are(found))
        return found[wanted]
    public = {name: item for name, item in found.items() if not name.startswith("_")}
    components = {name: item for name, item in public.items() if inspect.isclass(item)}
    candidates = components or public
    if len(candidates) != 1:
        raise UsageError(
            f"module `{path}` holds {len(candidates)} Components or functions, and one is run",
            hint=f"say which: `module: {path}:name`; {_there_are(candidates)}",
        )
    (code,) = candidates.values()
    return code


def _is_code(item: Any, module: str) -> bool:
    if getattr(item, "__module__", None) != module:
        return False
    return inspect.isfunction(item) or (inspect.isclass(item) and issubclass(item, Component))


def _there_are(found: Mapping[str, Any]) -> str:
    return f"there are {', '.join(sorted(found))}" if found else "there are none"


def call(
    code: Code, name: str, arguments: Mapping[str, Any], *, context: Context, opts: pulumi.ResourceOptions
) -> Mapping[str, Any]:
    """Run it: a Component with its Spec made of ``arguments``, or ``function(name, context=…, opts=…, **arguments)``.

    Returns what it exports. Raises UsageError if the arguments do not fit, or a function returns something else than
    a mapping or None.
    """
    if isinstance(code, type):
        return _built(code, name, arguments, context, opts)
    signature = inspect.signature(code)
    try:
        bound = signature.bind(name, context=context, opts=opts, **arguments)
    except TypeError as error:
        raise UsageError(
            f"`{code.__name__}` cannot be called with these arguments: {error}",
            hint=f"it is `{code.__name__}{signature}`, and gets the name, `context` and `opts` besides `arguments`",
        ) from None
    made = code(*bound.args, **bound.kwargs)
    if isinstance(made, Outputs):
        return made.exports()
    if made is None or isinstance(made, Mapping):
        return made or {}
    raise UsageError(
        f"`{code.__name__}` returned {type(made).__name__}; a function returns a mapping of outputs, or None"
    )


def _built(
    code: type[Component[Any, Any, Any]],
    name: str,
    arguments: Mapping[str, Any],
    context: Context,
    opts: pulumi.ResourceOptions,
) -> Mapping[str, Any]:
    base = next((base for base in getattr(code, "__orig_bases__", ()) if get_origin(base) is Component), None)
    if base is None:
        raise UsageError(f"`{code.__name__}` does not name its types: `Component[Spec, Needs, Outputs]`")
    spec, needs, _ = get_args(base)
    required = [
        field.name
        for field in dataclasses.fields(needs)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if required:
        raise UsageError(
            f"`{code.__name__}` needs other components: {', '.join(required)}",
            hint="make it a kind of its own, by the entry-point group `mlinfra.components`; then needs are wired",
        )
    try:
        told = spec.model_validate(dict(arguments))
    except ValidationError as error:
        problems = "; ".join(f"`{'.'.join(map(str, e['loc']))}`: {e['msg']}" for e in error.errors(include_input=False))
        raise UsageError(f"`{code.__name__}` cannot take these arguments: {problems}") from None
    outputs: Outputs = code(name, told, needs(), context=context, opts=opts).outputs
    return outputs.exports()
