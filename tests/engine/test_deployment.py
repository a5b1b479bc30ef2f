"""`mlinfra.Deployment`: the life of a deployment from Python, on the real CLI over the simulated cloud."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import mlinfra
from mlinfra.engine.events import Event, LayerBegan, LayerEnded, ResourceEvent
from mlinfra.engine.sandbox import Cloud, Fault

BLUEPRINT = """\
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
  prod: {region: eu-west-1, protected: true}
components:
  key: {kind: encryption_key}
  lake: {kind: bucket, key: key, expire_days: 7, deletion: delete}
"""


@pytest.fixture
def shop(sandbox: Any) -> Path:
    path = Path("shop.yaml")
    path.write_text(BLUEPRINT)
    return path


def deployment(environment: str = "dev", *sets: str) -> mlinfra.Deployment:
    return mlinfra.Deployment("shop.yaml", environment, sets=sets, sandbox=True)


@pytest.mark.usefixtures("cli")
def test_the_whole_life(shop: Path, sandbox: Any) -> None:
    assert (deployment().status(), deployment().outputs()) == ((), {})
    expected = {step.urn for step in deployment().plan().plan.changes}
    heard: list[Event] = []
    outcome = deployment().apply(on_event=heard.append)
    assert (outcome.status, outcome.error) == ("succeeded", None)
    assert [type(heard[0]), type(heard[-1])] == [LayerBegan, LayerEnded]
    done = {event.urn for event in heard if isinstance(event, ResourceEvent) and event.phase == "done"}
    # The engine says nothing of components that it only registers.
    assert done == {urn for urn in expected if "mlinfra:" not in urn.split("::")[2].rpartition("$")[2]}
    assert deployment().plan().plan.changes == ()
    assert deployment().apply() == mlinfra.Outcome("succeeded", {}, 0.0)
    assert deployment().outputs()["lake"]["name"].startswith("shop-dev-lake-")
    assert [(one.layer.label, one.resources, one.pending, one.locks) for one in deployment().status()] == [
        ("foundation", len(done), (), ())
    ]
    assert deployment().drift().steps == ()
    assert Cloud(sandbox.folder / "cloud.db").change("lake", {"forceDestroy": False}) is not None
    assert [(step.operation, step.component) for step in deployment().drift().steps] == [("update", "lake")]
    assert deployment().apply(refresh=True).counts["foundation"]["update"] == 1
    assert deployment().drift().steps == ()
    changed = deployment("dev", "tags.team=ml")
    assert {step.operation for step in changed.plan().plan.changes} == {"update"}
    assert changed.apply().status == "succeeded"
    assert deployment().destroy().status == "succeeded"
    assert (deployment().destruction().works, Cloud(sandbox.folder / "cloud.db").resources()) == ((), ())


@pytest.mark.usefixtures("cli")
def test_a_protected_environment_is_guarded(shop: Path) -> None:
    assert deployment("prod").apply().status == "succeeded"
    with pytest.raises(mlinfra.RefusedError, match="environment `prod` is protected"):
        deployment("prod").destroy()
    shop.write_text(BLUEPRINT.replace("  lake:", "  pond:"))
    with pytest.raises(mlinfra.RefusedError, match="2 gates stop this plan") as stopped:
        deployment("prod").apply()
    assert stopped.value.hint == "`--allow delete:lake --allow widen:lake` lets them happen"
    outcome = deployment("prod").apply(allow=["delete:lake", "widen:lake"])
    assert (outcome.status, outcome.error) == ("succeeded", None)
    assert deployment("prod").destroy(allow=["destroy"]).status == "succeeded"


@pytest.mark.usefixtures("cli")
def test_a_failure_is_an_outcome_and_another_apply_continues(shop: Path, sandbox: Any) -> None:
    Cloud(sandbox.folder / "cloud.db").inject(
        Fault("fail", "*::lake", "create", "BucketAlreadyExists: the name is taken")
    )
    failed = deployment().apply()
    assert (failed.status, failed.layer, "BucketAlreadyExists" in (failed.error or "")) == (
        "failed",
        "foundation",
        True,
    )
    assert deployment().apply().status == "succeeded"


def test_what_is_wrong_with_a_call_is_raised(shop: Path) -> None:
    with pytest.raises(mlinfra.UsageError, match=r"`no\.yaml` cannot be read: no such file"):
        mlinfra.Deployment("no.yaml")
    with pytest.raises(mlinfra.UsageError, match="there is no environment `test`"):
        deployment("test")
    with pytest.raises(mlinfra.UsageError, match="there is no gate `replace:pond`"):
        deployment().plan(allow=["replace:pond"])
    without = mlinfra.Deployment(
        "shop.yaml", "dev", sandbox=True, environ={**os.environ, "PATH": "", "XDG_CACHE_HOME": "/nowhere"}
    )
    with pytest.raises(mlinfra.EngineError, match="there is no Pulumi CLI on this machine"):
        without.apply()


def test_a_plan_needs_no_cli(shop: Path) -> None:
    offline = mlinfra.Deployment("shop.yaml", "dev", environ={"HOME": str(Path.cwd())})
    found = offline.plan()
    assert {step.operation for step in found.plan.changes} == {"create"}
    assert mlinfra.estimate(found.graph).totals.expected > 1
    assert repr(offline) == "<Deployment shop dev>"
    assert repr(deployment()) == "<Deployment shop dev in the simulated cloud>"
