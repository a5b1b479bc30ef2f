"""A deployment as plain Pulumi projects: the same URNs, and nothing overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from engine.stored_states import state, write

from mlinfra.blueprint import load
from mlinfra.commands import main
from mlinfra.engine.backend import Backend
from mlinfra.engine.eject import eject
from mlinfra.errors import UsageError
from mlinfra.graph._directory import directory_program
from mlinfra.graph.evaluate import Layered, evaluate_directory, evaluate_stacks
from mlinfra.graph.of_blueprint import deployment_graph

ROOT = Path(__file__).parent.parent.parent
BLUEPRINTS = sorted((ROOT / "blueprints").glob("*.yaml"))


@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda path: path.stem)
def test_the_projects_make_the_same_resources(blueprint: Path, sandbox: object, tmp_path: Path) -> None:
    shutil.copy(blueprint, blueprint.name)
    deployment = load(blueprint.name, environment="dev")
    eject(Path("out"), deployment, Backend(f"file://{tmp_path}/none"), {})
    place = {"account": deployment.account, "region": deployment.region}
    stacks = []
    for layer in deployment.layers:
        project, stack, program, config = directory_program(folder := Path("out") / layer.label)
        assert stack == "dev"
        stacks.append(Layered(project=project, program=program, config=config, folder=folder))
    graph = evaluate_stacks(stacks, blueprint=deployment.blueprint, environment="dev", **place)
    expected = {node.urn: node.inputs for node in deployment_graph(deployment).nodes}
    assert {node.urn: node.inputs for node in graph.nodes} == expected
    # The first layer needs no other, and is a program like any.
    first = evaluate_directory(Path("out") / next(iter(deployment.layers)).label, **place)
    assert {node.urn for node in first.nodes} == {urn for urn in expected if f"::{stacks[0].project}::" in urn}


def test_settings_come_from_the_state_and_the_command_line(sandbox: object, tmp_path: Path) -> None:
    shutil.copy(ROOT / "blueprints" / "minimal.yaml", "minimal.yaml")
    folder = tmp_path / "state"
    write(folder, "stacks/minimal-foundation/dev.json", state({}).replace("shop-foundation", "minimal-foundation"))
    sets = ('account="111111111111"', "components.spending.monthly_usd=9")
    deployment = load("minimal.yaml", environment="dev", sets=sets, environ={"MLINFRA_VAR_model_version": "4"})
    backend = Backend(f"file://{folder}")
    written = eject(Path("out"), deployment, backend, {"MLINFRA_VAR_model_version": "4"})
    assert [str(path) for path in written[:4]] == [
        "out/minimal.yaml",
        "out/foundation/Pulumi.yaml",
        "out/foundation/Pulumi.dev.yaml",
        "out/foundation/__main__.py",
    ]
    found = backend.state("minimal-foundation", "dev")
    assert found is not None
    assert found.secrets_provider is not None
    assert yaml.safe_load(Path("out/foundation/Pulumi.dev.yaml").read_text()) == {
        "encryptionsalt": found.secrets_provider["state"]["salt"],
        "config": {
            "minimal-foundation:layer": "foundation",
            "minimal-foundation:blueprint": "../minimal.yaml",
            "minimal-foundation:sets": [*sets, 'variables.model_version="4"'],
        },
    }
    assert yaml.safe_load(Path("out/workloads/Pulumi.yaml").read_text()) == {
        "name": "minimal-workloads",
        "runtime": "python",
        "description": "The workloads layer of the blueprint minimal.",
        "backend": {"url": f"file://{folder}"},
    }
    template = ROOT / "stacks" / "blueprint" / "__main__.py"
    assert Path("out/workloads/__main__.py").read_text() == template.read_text()


def test_nothing_is_overwritten_and_nothing_half_written(
    sandbox: object, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "blueprints" / "minimal.yaml", "minimal.yaml")
    Path("out/workloads").mkdir(parents=True)
    Path("out/workloads/__main__.py").write_text("mine")
    with pytest.raises(UsageError, match=r"`out/workloads/__main__\.py` exists, and nothing is overwritten"):
        eject(Path("out"), load("minimal.yaml", environment="dev"), Backend(f"file://{tmp_path}/none"), {})
    assert [path for path in Path("out").rglob("*") if path.is_file()] == [Path("out/workloads/__main__.py")]
    assert main(["eject", "other", "-e", "dev", "--sandbox"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 7
