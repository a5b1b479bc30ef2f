"""Who may import whom, at the top of modules and inside of functions alike; and what must not be imported at the top at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "mlinfra"
LANGUAGE = {"blueprint", "components", "errors"}
ALLOWED = {
    "errors": set(),
    "catalogue": {"errors"},
    "components": {"errors"},
    "blueprint": {"components", "errors"},
    "program": LANGUAGE,
    "graph": {"program", *LANGUAGE},
    "plan": {"graph", "errors"},
    "cost": {"graph", "errors"},
    "engine": {"plan", "cost", "graph", "program", *LANGUAGE},
    "render": {"plan", "cost", "graph", "catalogue", *LANGUAGE},
    "commands": {"engine", "plan", "cost", "render", "graph", "program", "catalogue", *LANGUAGE},
}
"""Each room, and those that it may use beside itself. plan and cost see nothing but graphs: no kinds, no YAML."""

LAZY = {"boto3", "botocore", "rich", "typer", "pulumi", "pulumi_aws", "pulumi_kubernetes"}
"""What is slow to import."""
TOP_LEVEL = {
    "components": {"pulumi", "pulumi_aws", "pulumi_kubernetes"},
    "blueprint": {"pulumi"},
    "program": {"pulumi"},
    "graph": {"pulumi"},
    "engine": {"pulumi"},
    "commands": {"typer"},
}
"""Where it may be imported at the top all the same: modules that are only imported to be used with it."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in ALLOWED)
FIRST_TO_START = ("__init__", "__main__", "errors", "catalogue")


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports name their room in full"
            # `from mlinfra import graph` imports a room by its last word.
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "mlinfra" else [node.module]
            )
            yield from ((name or "", node.lineno) for name in names)


def top_level(tree: ast.Module) -> Iterator[str]:
    """Packages that importing the module imports: everything outside of functions and ``if TYPE_CHECKING``."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name.partition(".")[0] for name, _ in imports(ast.Module([node], [])))
        elif isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                pending += node.body
            pending += node.orelse
        elif isinstance(node, ast.Try | ast.With | ast.ClassDef):
            pending += node.body


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_room_is_in_the_table() -> None:
    assert {room(path) for path in MODULES} <= set(ALLOWED)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_room_imports_only_those_below(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    wrong = []
    for module, line in imports(tree):
        package, _, rest = module.partition(".")
        target = rest.partition(".")[0]
        if package == "mlinfra" and target not in {"", "__version__", room(path), *ALLOWED[room(path)]}:
            wrong.append(f"{name(path)}:{line} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_what_is_slow_is_imported_where_it_is_used(path: Path) -> None:
    found = set(top_level(ast.parse(path.read_text("utf-8")))) & LAZY
    assert found <= TOP_LEVEL.get(room(path), set())


@pytest.mark.parametrize("path", [PACKAGE / f"{stem}.py" for stem in FIRST_TO_START], ids=name)
def test_what_every_command_imports_is_light(path: Path) -> None:
    assert set(top_level(ast.parse(path.read_text("utf-8")))) & {*LAZY, "yaml", "pydantic"} == set()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_only_commands_write(path: Path) -> None:
    """``print`` and writing to standard streams; render returns text."""
    if room(path) == "commands":
        return
    tree = ast.parse(path.read_text("utf-8"))
    prints = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "print"]
    streams = [
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and ast.unparse(n) in ("sys.stdout", "sys.stderr")
    ]
    # Tools that are run with `python -m` write as commands do.
    if any(isinstance(n, ast.If) and "__main__" in ast.unparse(n.test) for n in tree.body):
        return
    assert (prints, streams) == ([], [])


@pytest.mark.parametrize("path", [p for p in MODULES if room(p) == "cost"], ids=name)
def test_no_float_in_cost(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    found = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    found += [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "float"]
    assert found == []
