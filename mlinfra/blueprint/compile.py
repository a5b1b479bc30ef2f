"""The passes, top to bottom: read, check the structure, overlay, find kinds, substitute, validate, wire, grant, order.

Each pass reports what it finds and goes on with what is still sound, so that all errors come at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path as FilePath

from mlinfra.blueprint.assemble import assemble
from mlinfra.blueprint.checking import check
from mlinfra.blueprint.documents import Documents, choose, documents, read
from mlinfra.blueprint.drafts import Draft, Kinds, Registry, decide, found, validate
from mlinfra.blueprint.expressions import WRONG, Scope, substitute
from mlinfra.blueprint.fitting import fit
from mlinfra.blueprint.model import POLICY_ARN, STAND_IN_ACCOUNT, Blueprint, Deployment, Environment, Variable
from mlinfra.blueprint.ordering import arrange
from mlinfra.blueprint.outputs import OutputTypes
from mlinfra.blueprint.overlay import merge, settings
from mlinfra.blueprint.problems import Problems, close_to, shown
from mlinfra.blueprint.source import Node, Path, Span
from mlinfra.blueprint.variables import resolve
from mlinfra.blueprint.wiring import wire
from mlinfra.components._context import Context
from mlinfra.components._regions import regions
from mlinfra.components._registry import Kind
from mlinfra.errors import BlueprintError, UsageError


def load(
    path: FilePath | str,
    *,
    environment: str | None = None,
    sets: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    kinds: Kinds | None = None,
) -> Deployment:
    """The deployment that a blueprint comes to in one environment.

    ``sets`` are the ``path=value`` of the command line, ``environ`` the environment variables of the process. Raises
    BlueprintError with all
    that is wrong, UsageError if there is no such file or environment.
    """
    problems = Problems()
    return _compile(
        read(path, problems), environment, tuple(sets), os.environ if environ is None else environ, kinds, problems
    )


def load_text(
    text: str,
    *,
    environment: str | None = None,
    sets: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    kinds: Kinds | None = None,
    file: str | None = None,
    environment_files: Mapping[str, str] | None = None,
) -> Deployment:
    """The same from text; ``environment_files`` are the texts of ``environments/<name>.yaml`` by file name.

    Nothing is read but ``environ``.
    """
    problems = Problems()
    return _compile(
        documents(text, file, environment_files or {}, problems),
        environment,
        tuple(sets),
        environ or {},
        kinds,
        problems,
    )


def environments(path: FilePath | str) -> tuple[str, ...]:
    """The environments of a blueprint, in the order of the file."""
    return read(path, Problems()).names


def _compile(
    files: Documents,
    wanted: str | None,
    sets: tuple[str, ...],
    environ: Mapping[str, str],
    kinds: Kinds | None,
    problems: Problems,
) -> Deployment:
    kinds = kinds or Registry()
    root = files.blueprint
    if not isinstance(root.value, dict):
        problems.error(
            "wrong-type",
            f"a blueprint is a mapping, not {shown(root.plain())}",
            root.span,
            (),
            "it starts with `mlinfra: 1`",
        )
        raise BlueprintError(problems.found)
    name = _chosen(files, wanted, environ, problems)
    root = _only_in_components(root, (), problems)
    blueprint = check(Blueprint, _without(root, name), (), problems, subject="a blueprint")
    place, over = _environment(root, files, name, sets, problems)
    components = _components(root, over, problems)
    variables = _variables(root, over, environ, problems)

    drafts = found(components, kinds, problems)
    account = place.account if place else None
    scope = Scope(
        variables,
        {"name": name, "account": account or STAND_IN_ACCOUNT, "region": (place.region if place else None) or ""},
        {"name": str(root.items["name"].value) if "name" in root.items else ""},
        frozenset(drafts),
        typing := OutputTypes({draft.name: draft.kind for draft in drafts.values()}, problems),
    )
    for draft in drafts.values():
        draft.node = substitute(draft.node, scope, problems, draft.path)
        validate(draft, problems)
    _check_used(typing, drafts, problems)
    used: dict[str, Kind] = {draft.kind.name: draft.kind for draft in drafts.values() if draft.kind}
    wire(drafts, used, problems, protected=bool(place and place.protected))
    for draft in drafts.values():
        fit(draft, drafts, problems)
    if place is not None:
        here = Context(
            blueprint="",
            environment=name,
            account=place.account or STAND_IN_ACCOUNT,
            region=place.region or "",
            protected=place.protected,
        )
        for draft in drafts.values():
            decide(draft, here, problems)
    _check_waivers(place, over, drafts, problems)
    boundary = _boundary(place, over, drafts, problems)
    order, late = arrange(drafts, boundary, problems)
    problems.raise_if_any()
    if blueprint is None or place is None:
        raise BlueprintError(problems.found)
    made = assemble(files, blueprint, name, place, drafts, order, late, boundary, variables, problems)
    return replace(made, sets=sets)


def _chosen(files: Documents, wanted: str | None, environ: Mapping[str, str], problems: Problems) -> str:
    """The environment to work on. Where there is none, a mistake in the file may be why, and is said first."""
    try:
        return choose(files.names, wanted, environ)
    except UsageError as error:
        check(Blueprint, files.blueprint, (), problems, subject="a blueprint")
        problems.raise_if_any()
        if not files.names:
            root = files.blueprint
            at = root.items["environments"].at if "environments" in root.items else root.span
            problems.error("missing-field", error.message, at, ("environments",), error.hint)
        problems.raise_if_any()
        raise


def _without(root: Node, environment: str) -> Node:
    """The blueprint with one environment left empty: it is checked by itself, with what is laid over it."""
    places = root.items.get("environments")
    if places is None or environment not in places.items:
        return root
    empty = replace(places.items[environment], value=None)
    return replace(
        root, value={**root.items, "environments": replace(places, value={**places.items, environment: empty})}
    )


def _only_in_components(node: Node, path: Path, problems: Problems) -> Node:
    """Expressions stand in components and nowhere else.

    Gives the tree with those that are elsewhere marked as reported.
    """
    if path[:1] == ("components",) or (path[:1] == ("environments",) and path[2:3] == ("components",)):
        return node
    if isinstance(node.value, dict):
        return replace(node, value={k: _only_in_components(v, (*path, k), problems) for k, v in node.value.items()})
    if isinstance(node.value, list):
        items = [_only_in_components(item, (*path, str(index)), problems) for index, item in enumerate(node.value)]
        return replace(node, value=items)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    name = next((word for word in reversed(path) if not word.isdecimal()), "the file")
    problems.error(
        "expression-not-here",
        f"`{name}` takes a value, not an expression",
        node.span,
        path,
        "expressions stand in `components`",
    )
    return replace(node, value=WRONG)


def _environment(
    root: Node, files: Documents, name: str, sets: Iterable[str], problems: Problems
) -> tuple[Environment | None, Node]:
    """The environment with its file and the command line on top: as a model, None where it is wrong, and as a tree."""
    inside = root.items.get("environments")
    base = inside.items.get(name) if inside else None
    own = (
        base.from_origin(f"environment {name}")
        if base and isinstance(base.value, dict)
        else Node({}, base.span if base else root.span, base.key if base else None)
    )
    path: Path = ("environments", name)
    if name in files.environments:
        beside = files.environments[name]
        if not isinstance(beside.value, dict):
            problems.error("wrong-type", f"an environment is a mapping, not {shown(beside.plain())}", beside.span, path)
        else:
            own = merge(own, beside)
    merged = _only_in_components(merge(own, settings(sets, Environment.model_fields, problems)), path, problems)
    place = check(Environment, merged, path, problems, subject="an environment")
    region = merged.items.get("region")
    if region is None:
        problems.error(
            "missing-field",
            f"environment `{name}` needs `region`",
            merged.named,
            (*path, "region"),
            "for example `region: eu-west-1`",
        )
    elif isinstance(region.value, str) and region.value not in regions():
        problems.error(
            "unknown-region",
            f"there is no region {shown(region.value)}",
            region.span,
            (*path, "region"),
            close_to(region.value, regions()),
        )
    return place, merged


def _mapping(node: Node | None) -> Node:
    return node if node is not None and isinstance(node.value, dict) else Node({}, node.span if node else Span())


def _components(root: Node, environment: Node, problems: Problems) -> Node:
    """The components of the blueprint with those of the environment on top."""
    base = _mapping(root.items.get("components"))
    return merge(base, _mapping(environment.items.get("components")), problems, ("components",))


def _variables(root: Node, environment: Node, environ: Mapping[str, str], problems: Problems) -> dict[str, Node | None]:
    """The value of each variable; those whose declaration is wrong have none."""
    declarations = _mapping(root.items.get("variables"))
    silent = Problems()  # what is wrong with a declaration is already reported with the structure
    declared = {
        name: variable
        for name, node in declarations.items.items()
        if (variable := check(Variable, node, ("variables", name), silent)) is not None
    }
    given = _mapping(environment.items.get("variables"))
    wrong = declarations.items.keys() - declared.keys()
    known = Node({name: node for name, node in given.items.items() if name not in wrong}, given.span)
    return {**dict.fromkeys(wrong), **resolve(declared, declarations, known, environ, problems)}


def _check_used(typing: OutputTypes, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """What references name must be there: keys of mapped outputs, and optional outputs of what is brought along."""
    for use in typing.keys:
        target = drafts[use.target]
        if target.existing is not None:
            keys = set(getattr(target.existing, use.outputs_field, None) or {})
        elif target.spec is not None:
            keys = _keys(getattr(target.spec, use.field, None))
        else:
            continue
        if use.key not in keys:
            there = ", ".join(f"`{key}`" for key in sorted(keys)) or "no entries"
            hint = close_to(use.key, keys) or f"`{use.field}` of `{use.target}` has {there}"
            problems.error(
                "unknown-output", f"`{use.target}` has no `{use.key}` in `{use.field}`", use.at, use.path, hint
            )
    for output in typing.used:
        existing = drafts[output.target].existing
        if existing is not None and getattr(existing, output.field, None) is None:
            problems.error(
                "existing-lacks",
                f"`existing` of `{output.target}` does not say `{output.field}`",
                output.at,
                output.path,
                f"add `{output.field}` to `existing`",
            )


def _keys(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return {str(key) for key in value}
    if isinstance(value, list | tuple):
        return {str(getattr(item, "name", item)) for item in value}
    return set()


def _check_waivers(place: Environment | None, tree: Node, drafts: Mapping[str, Draft], problems: Problems) -> None:
    """A finding can only be accepted for a component that there is."""
    for index, waiver in enumerate(place.waivers if place else ()):
        if waiver.component is not None and waiver.component not in drafts:
            path: Path = ("waivers", str(index), "component")
            message = f"there is no component {shown(waiver.component)}"
            hint = close_to(waiver.component, drafts)
            problems.error("unknown-component", message, tree.nearest(path).span, path, hint)


def _boundary(place: Environment | None, tree: Node, drafts: Mapping[str, Draft], problems: Problems) -> str | None:
    """The component that bounds every role, if ``permissions_boundary`` names one."""
    said = place.permissions_boundary if place else None
    if said is None or re.fullmatch(POLICY_ARN, said):
        return None
    node = tree.items["permissions_boundary"]
    path: Path = ("permissions_boundary",)
    if said not in drafts:
        hint = (
            close_to(said, drafts) or "the ARN of a policy, or the name of a component of kind `permissions_boundary`"
        )
        problems.error(
            "unknown-component", f"{shown(said)} is neither the ARN of a policy nor a component", node.span, path, hint
        )
        return None
    kind = drafts[said].kind
    if kind is not None and kind.name != "permissions_boundary":
        problems.error(
            "wrong-component", f"`{said}` is of kind `{kind.name}`, not `permissions_boundary`", node.span, path
        )
        return None
    return said
