from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from blueprint.made_up import KINDS

from mlinfra.blueprint import Deployment, LateGrant, environments, load, load_text
from mlinfra.blueprint.model import given
from mlinfra.components._context import Layer
from mlinfra.components._spec import OutputPath, Reference
from mlinfra.errors import BlueprintError, UsageError

HEAD = "mlinfra: 1\nname: demo\nenvironments: {dev: {region: eu-west-1}}\n"


def built(components: str, head: str = HEAD, **more: object) -> Deployment:
    return load_text(head + "components:\n" + components, kinds=KINDS, **more)  # type: ignore[arg-type]  # passed through


def test_the_smallest_blueprint() -> None:
    found = built("  a: {kind: net}\n")

    assert (found.blueprint, found.environment, found.region, found.protected) == ("demo", "dev", "eu-west-1", False)
    assert (found.account, found.account_is_stand_in) == ("123456789012", True)
    assert {layer: [c.name for c in items] for layer, items in found.layers.items()} == {Layer.FOUNDATION: ["a"]}


def test_an_environment_says_where_and_how() -> None:
    head = (
        "mlinfra: 1\nname: demo\nowner: ml team\ncost_center: '4711'\ntags: {a: b, c: d}\n"
        "environments:\n  prod:\n    account: '011111111111'\n    region: us-east-1\n    protected: true\n    tags: {c: e}\n"
        "    budget: {monthly_usd: 99.95}\n    state: s3://state/demo?region=us-east-1\n    secrets: passphrase\n"
        "    assume_role: arn:aws:iam::011111111111:role/deploy\n    permissions_boundary: arn:aws:iam::011111111111:policy/b\n"
        "    waivers: [{rule: s3.logging, reason: nobody reads the logs, expires: 2027-01-31}]\n"
    )

    found = built("  a: {kind: net}\n", head)

    assert found.tags == {"owner": "ml team", "cost-center": "4711", "a": "b", "c": "e"}
    assert (found.account, found.account_is_stand_in, found.protected) == ("011111111111", False, True)
    assert found.budget is not None
    assert found.budget.monthly_usd == Decimal("99.95")
    assert found.permissions_boundary == "arn:aws:iam::011111111111:policy/b"
    assert [(w.rule, str(w.expires)) for w in found.waivers] == [("s3.logging", "2027-01-31")]
    assert found.context().tags == dict(found.tags)


def test_overlays_merge_mappings_replace_lists_and_remove_with_null() -> None:
    head = (
        "mlinfra: 1\nname: demo\nenvironments:\n  dev:\n    region: eu-west-1\n    components:\n"
        "      s: {zones: [gold], online: null, groups: {tx: {features: {b: string}}}}\n      gone: null\n"
    )

    found = built(
        "  s: {kind: store, online: false, groups: {tx: {record_id: id, features: {a: string}}}, zones: [raw, x]}\n"
        "  gone: {kind: net}\n",
        head,
    )

    spec = found.components["s"].spec
    assert list(found.components) == ["s"]
    assert spec is not None
    assert spec.model_dump(include={"zones", "online", "groups"}) == {
        "zones": ("gold",),
        "online": True,
        "groups": {"tx": {"record_id": "id", "features": {"a": "string", "b": "string"}}},
    }


def test_later_words_win_and_every_value_knows_its_origin(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text("components:\n  c: {zones: 4}\n  d: {zones: 4}\n")
    file = tmp_path / "demo.yaml"
    file.write_text(
        "mlinfra: 1\nname: demo\nenvironments:\n  dev:\n    region: eu-west-1\n    components:\n"
        "      b: {zones: 3}\n      c: {zones: 3}\n      d: {zones: 3}\n"
        "components:\n  a: {kind: net, zones: 2}\n  b: {kind: net, zones: 2}\n  c: {kind: net, zones: 2}\n  d: {kind: net, zones: 2}\n"
    )

    found = load(file, sets=["components.d.zones=5"], environ={}, kinds=KINDS)

    zones = {c.name: (c.spec.zones, c.origins[("zones",)].origin, c.origins[("zones",)].line) for c in found}  # type: ignore[union-attr]  # NetSpec
    assert zones == {
        "a": (2, "blueprint", 11),
        "b": (3, "environment dev", 7),
        "c": (4, "environments/dev.yaml", 2),
        "d": (5, "--set components.d.zones", None),
    }
    assert found.files == (str(file), str(tmp_path / "environments" / "dev.yaml"))
    assert environments(file) == ("dev",)


def test_an_environment_may_live_in_its_file_only() -> None:
    found = load_text(
        "mlinfra: 1\nname: demo\ncomponents: {a: {kind: net}}\n",
        kinds=KINDS,
        environment_files={"environments/prod.yaml": "region: us-east-1\nprotected: true\n"},
    )

    assert (found.environment, found.region, found.protected) == ("prod", "us-east-1", True)


def test_variables_by_precedence_and_type() -> None:
    head = (
        HEAD.replace("{region: eu-west-1}", "{region: eu-west-1, variables: {b: env, c: env, d: env}}")
        + "variables:\n  a: {default: d}\n  b: {default: d}\n  c: {default: d}\n  d: {default: d}\n  n: {type: integer, default: 2}\n  v: {}\n  l: {type: list, default: [raw]}\n"
    )

    found = built(
        "  a:\n    kind: net\n    zones: ${var.n}\n    description: ${var.a} ${var.b} ${var.c} ${var.d} ${var.n} ${var.v} $${x}\n"
        "  s: {kind: store, groups: {}, zones: '${var.l}'}\n",
        head,
        environ={
            "MLINFRA_VAR_c": "process",
            "MLINFRA_VAR_D": "process",
            "MLINFRA_VAR_l": "x, y",
            "MLINFRA_VAR_zzz": "1",
        },
        sets=["variables.d=set", "variables.v=1.30"],
    )

    assert found.components["a"].description == "d env process set 2 1.30 ${x}"
    assert found.components["a"].spec.zones == 2  # type: ignore[union-attr]  # NetSpec
    assert found.components["s"].spec.zones == ("x", "y")  # type: ignore[union-attr]  # StoreSpec
    assert [w.message for w in found.warnings] == ["there is no variable `zzz` (given by `MLINFRA_VAR_zzz`)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zones", "`zones` is not `path=value` (given by `--set`)"),
        ("zones=2", "`zones` cannot be set (given by `--set`)"),
        ("components.a.zones=two", "`zones` takes a whole number, not `two` (given by `--set components.a.zones`)"),
        ("components.b.zones=2", "component `b` needs `kind` (given by `--set components.b.zones`)"),
        ("region=mars", "there is no region `mars` (given by `--set region`)"),
        ("variables.x=2", "there is no variable `x` (given by `--set variables.x`)"),
        ("components.a={zones: [", None),
    ],
)
def test_wrong_settings(text: str, message: str | None) -> None:
    with pytest.raises(BlueprintError) as caught:
        built("  a: {kind: net}\n", sets=[text])

    (found,) = caught.value.diagnostics
    assert (found.line, found.column) == (None, None)
    assert message is None or found.message == message


def test_settings_reach_every_part_of_an_environment() -> None:
    found = built(
        "  a: {kind: net, zones: 2}\n  b: {kind: net}\n",
        sets=[
            "region=us-east-1",
            "account='111111111111'",
            "protected=true",
            "components.b=null",
            'components.a.tags."x.y"=z',
            "components.a.zones=null",
        ],
    )

    assert (found.region, found.account, found.protected) == ("us-east-1", "111111111111", True)
    assert {c.name: (dict(c.tags), c.spec.zones) for c in found} == {"a": ({"x.y": "z"}, 3)}  # type: ignore[union-attr]  # NetSpec


def test_wiring_is_inferred_named_or_refused() -> None:
    found = built(
        "  s: {kind: store, groups: {}, network: n, key: none}\n  n: {kind: net}\n  m: {kind: net}\n"
        "  k: {kind: encryption_key}\n  t: {kind: store, groups: {}, network: none}\n"
        "  c: {kind: cluster, network: m}\n  w: {kind: server, instance_type: ml.g5.xlarge, networks: [m, n]}\n"
    )

    assert {c.name: (dict(c.bindings), sorted(c.inferred)) for c in found} == {
        "n": ({}, []),
        "m": ({}, []),
        "k": ({}, []),
        "s": ({"network": ("n",)}, []),
        "t": ({"key": ("k",)}, ["key"]),
        "c": ({"network": ("m",)}, []),
        "w": ({"networks": ("m", "n"), "cluster": ("c",)}, ["cluster"]),
    }
    assert [(layer.label, [c.name for c in items]) for layer, items in found.layers.items()] == [
        ("foundation", ["n", "s", "m", "k", "t"]),
        ("cluster", ["c"]),
        ("workloads", ["w"]),
    ]


def test_protected_environments_note_inferred_optional_needs() -> None:
    found = built(
        "  n: {kind: net}\n  s: {kind: store, groups: {}}\n", HEAD.replace("{region", "{protected: true, region")
    )

    assert [(n.code, n.path, n.line) for n in found.notes] == [("inferred", "components.s.network", 6)]


def test_references_are_typed_and_order_components() -> None:
    found = built(
        "  a:\n    kind: job\n    input: ${s.groups.tx.name}\n    steps: ${s.groups.tx.count}\n"
        "    environment: {X: 'arn is ${s.arn}, in ${env.region} of ${blueprint.name}', Z: '${n.zone_subnets.a}'}\n    store: none\n"
        "  s: {kind: store, groups: {tx: {record_id: id, features: {a: string}}}}\n  n: {kind: net}\n"
    )

    component = found.components["a"]
    assert component.spec is not None
    assert given(component.spec) == {
        "input": Reference((OutputPath("s", ("groups", "tx", "name")),), str),
        "steps": Reference((OutputPath("s", ("groups", "tx", "count")),), int),
        "environment": {
            "X": Reference(("arn is ", OutputPath("s", ("arn",)), ", in eu-west-1 of demo"), str),
            "Z": Reference((OutputPath("n", ("zone_subnets", "a")),), str),
        },
    }
    assert list(found.components) == ["n", "s", "a"]
    assert component.depends_on == ("s", "n")


def test_existing_everywhere_with_references() -> None:
    found = built(
        "  j: {kind: job}\n"
        "  n: {kind: net, description: theirs, tags: {a: b}, existing: {vpc_id: '${j.arn}', subnet_ids: [a, b], zone_subnets: {x: y}}}\n"
        "  s: {kind: store, existing: {arn: arn:aws:x:::x, groups: {tx: {name: n, count: 2}}, zones: {}, main: {name: m, count: 1}}}\n"
        "  c: {kind: cluster, existing: {name: c, oidc_arn: arn:aws:x:::o}}\n"
        "  w: {kind: server, instance_type: ml.g5.xlarge, environment: {A: '${s.groups.tx.name}'}}\n"
    )

    net = found.components["n"]
    assert net.spec is None
    assert net.existing_values(lambda output: f"<{output}>") == {
        "vpc_id": "<j.arn>",
        "subnet_ids": ["a", "b"],
        "zone_subnets": {"x": "y"},
    }
    assert found.components["s"].existing_values(str)["groups"] == {"tx": {"name": "n", "count": 2}}
    assert found.components["w"].bindings == {"cluster": ("c",)}
    assert (net.layer, found.components["c"].layer) == (Layer.FOUNDATION, Layer.CLUSTER)


def test_access_is_an_edge_where_it_may_be_and_comes_late_where_it_must() -> None:
    found = built(
        "  t: {kind: task, access: {u: invoke, c: connect, s: write}}\n"
        "  u: {kind: task, peer: '${t.role_name}'}\n"
        "  s: {kind: store, groups: {}}\n  n: {kind: net}\n  c: {kind: cluster}\n"
    )

    task = found.components["t"]
    assert (dict(task.access), dict(task.late_access)) == ({"s": "write"}, {"u": "invoke", "c": "connect"})
    assert found.late_grants == (
        LateGrant("t", "u", "invoke", Layer.FOUNDATION),
        LateGrant("t", "c", "connect", Layer.CLUSTER),
    )
    assert found.late_grants[1].name == "t-access-c"
    assert list(found.components) == ["n", "s", "t", "u", "c"]


def test_escape_hatches_choose_their_layer() -> None:
    found = built(
        "  n: {kind: net}\n  c: {kind: cluster}\n  x: {kind: chart, layer: workloads}\n  y: {kind: chart, values: {a: null}}\n"
    )

    assert (found.components["x"].layer, found.components["y"].layer) == (Layer.WORKLOADS, Layer.PLATFORM)
    assert found.components["y"].spec.values == {"a": None}  # type: ignore[union-attr]  # ChartSpec


def test_secrets_are_named() -> None:
    found = built(
        "  w: {kind: server, instance_type: ml.g5.xlarge, token: {secret: aws-secretsmanager://hub/token#key}}\n"
    )

    token = found.components["w"].spec.token  # type: ignore[union-attr]  # ServerSpec
    assert (token.store, token.name, token.key) == ("aws-secretsmanager", "hub/token", "key")


def test_unicode_anchors_and_a_hundred_components() -> None:
    many = "".join(f"  b{i}: {{kind: net, description: 'Größe {i} ≥ 模型', tags: *t}}\n" for i in range(99))

    found = built("  a: {kind: net, tags: &t {team: Zürich}}\n" + many)

    assert list(found.components) == ["a", *(f"b{i}" for i in range(99))]
    assert {(c.tags["team"]) for c in found} == {"Zürich"}


def test_removing_nothing_is_a_warning() -> None:
    found = built("  a: {kind: net}\n", HEAD.replace("eu-west-1}", "eu-west-1, components: {b: null}}"))

    assert [(w.code, w.message) for w in found.warnings] == [
        ("nothing-to-remove", "null removes `components.b`, and there is none")
    ]


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load(tmp_path / "none.yaml")


def test_a_file_that_is_not_utf8_is_pointed_at(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"mlinfra: 1\nname: caf\xe9\n")

    with pytest.raises(BlueprintError) as caught:
        load(file, kinds=KINDS)

    assert [(d.code, d.line, d.column, d.file) for d in caught.value.diagnostics] == [("not-utf8", 2, 10, str(file))]
