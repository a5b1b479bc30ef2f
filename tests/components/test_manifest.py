"""manifest: any Kubernetes objects, checked before a cluster sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from building import DEV, made, recorded
from pydantic import ValidationError

from mlinfra.components._grammar import Reference
from mlinfra.components._spec import OutputPath
from mlinfra.components.compute.eks_cluster import EksClusterOutputs
from mlinfra.components.escape._manifest_objects import object_name, read_objects
from mlinfra.components.escape.manifest import Manifest, ManifestNeeds, ManifestSpec

FULL_BLUEPRINT = """
mlinfra: 1
name: shop
environments:
  dev: {region: eu-west-1}
components:
  main: {kind: network}
  eks: {kind: eks_cluster}
  lake: {kind: bucket}
  demo:
    kind: manifest
    layer: workloads
    cluster: eks
    objects:
      - {apiVersion: v1, kind: Namespace, metadata: {name: demo}}
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: demo, labels: {team: fraud}}
        data: {bucket: "${lake.name}"}
"""

CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "demo"},
    "data": {"a": "b"},
}
SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo", "labels": {"team": "fraud"}}}
POOL = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "gpu"}, "spec": {"weight": 1}}


def build(**told: Any) -> Manifest:
    cluster = EksClusterOutputs.of(
        name="eks",
        endpoint="https://eks",
        certificate_authority="",
        version="1.34",
        security_group_id="sg-1",
        node_role_arn="arn:aws:iam::111111111111:role/node",
        node_role_name="node",
        vpc_id="vpc-1",
        private_subnet_ids=[],
        region="eu-west-1",
    )
    return Manifest("extra", ManifestSpec.model_validate(told), ManifestNeeds(cluster=cluster), context=DEV)


def test_creates_exactly_the_objects_with_a_label() -> None:
    recorder = recorded(lambda: build(objects=[CONFIG, POOL, SPACE]))
    ours = {"app.kubernetes.io/managed-by": "mlinfra"}
    assert recorder.inputs == {
        "extra-configmap-demo-settings": {
            **CONFIG,
            "metadata": {"name": "settings", "namespace": "demo", "labels": ours},
        },
        "extra-nodepool-gpu": {**POOL, "metadata": {"name": "gpu", "labels": ours}},
        "extra-namespace-demo": {**SPACE, "metadata": {"name": "demo", "labels": {**ours, "team": "fraud"}}},
    }
    assert recorder.types == {
        "extra-configmap-demo-settings": "kubernetes:core/v1:ConfigMap",
        "extra-nodepool-gpu": "kubernetes:karpenter.sh/v1:NodePool",
        "extra-namespace-demo": "kubernetes:core/v1:Namespace",
    }


def test_namespaces_come_first() -> None:
    assert next(iter(made(lambda: build(objects=[CONFIG, SPACE])))) == "extra-namespace-demo"


def test_a_file_of_several_documents(tmp_path: Path) -> None:
    file = tmp_path / "extra.yaml"
    file.write_text(
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n---\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
    )
    assert set(made(lambda: build(file=str(file)))) == {"extra-namespace-demo", "extra-configmap-settings"}


def test_a_name_does_not_wait_for_what_it_refers_to() -> None:
    reference = Reference((OutputPath("lake", ("name",)),))
    item = {**CONFIG, "metadata": {"name": "settings", "namespace": reference}}
    assert object_name("extra", item) == "extra-configmap-settings"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "neither is given"),
        ({"objects": [CONFIG], "file": "x.yaml"}, "both are given"),
        ({"objects": []}, "there is no object in it"),
        ({"objects": [{"kind": "ConfigMap"}]}, "object 1 has no `apiVersion`"),
        ({"objects": [CONFIG, {"apiVersion": "v1"}]}, "object 2 has no `kind`"),
        ({"objects": [{"apiVersion": "v1", "kind": "Pod"}]}, "object 1, a Pod, has no `metadata.name`"),
        ({"objects": [{"apiVersion": "v1", "kind": "List", "metadata": {"name": "x"}}]}, "give its items one by one"),
        ({"objects": [CONFIG, CONFIG]}, "object 2 repeats a ConfigMap called settings"),
        ({"file": "no-such-file.yaml"}, "there is no file `no-such-file.yaml`"),
    ],
)
def test_refuses(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ManifestSpec.model_validate(told)
    assert message in str(refused.value)


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_a_secret_is_refused_and_not_repeated(field: str) -> None:
    item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, field: {"token": "hunter2"}}
    with pytest.raises(ValidationError) as refused:
        ManifestSpec.model_validate({"objects": [item]})
    (problem,) = refused.value.errors(include_input=False)
    assert "use an ExternalSecret" in problem["msg"]
    assert "hunter2" not in problem["msg"]


@pytest.mark.parametrize(("text", "message"), [("a: [", "is not YAML"), ("x" * (1024 * 1024 + 1), "larger than 1 MiB")])
def test_refuses_files(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_objects(str(file))
