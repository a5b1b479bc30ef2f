"""What ``import mlinfra`` offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mlinfra


def test_the_names_are_those_that_are_promised() -> None:
    assert mlinfra.__all__ == [
        "BlueprintError",
        "Deployment",
        "Diagnostic",
        "Drift",
        "EngineError",
        "Estimate",
        "Forecast",
        "GraphError",
        "MlinfraError",
        "Outcome",
        "Plan",
        "PriceError",
        "ProgramError",
        "RefusedError",
        "ResourceGraph",
        "ResourceNode",
        "UsageError",
        "compare",
        "environments",
        "estimate",
        "evaluate",
        "evaluate_directory",
        "load",
        "read_graph",
    ]


@pytest.mark.parametrize("name", mlinfra.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    found = getattr(mlinfra, name)
    assert callable(found)
    assert (found.__doc__ or "").strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module `mlinfra` has no attribute `nothing`"):
        _ = mlinfra.nothing


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys, mlinfra; print(sorted(m for m in sys.modules if m.startswith(('mlinfra.', 'pulumi', 'pydantic'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
