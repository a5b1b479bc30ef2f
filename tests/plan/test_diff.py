"""Plans: which step each resource gets, and the laws that hold for any two graphs."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mlinfra.graph.model import UNKNOWN, ResourceGraph, ResourceNode
from mlinfra.plan import ABSENT, PropertyChange, Step, Summary, by_component, plan


def urn(name, stack="dev", project="fraud-foundation"):
    return f"urn:pulumi:{stack}::{project}::mlinfra:components:lake$aws:s3/bucket:Bucket::{name}"


def node(name="raw", stack="dev", project="fraud-foundation", **more):
    fields = {"component": "lake", "kind": "lake", "layer": "foundation", "type": "aws:s3/bucket:Bucket"} | more
    return ResourceNode(urn=urn(name, stack, project), name=name, **fields)


def graph(*nodes, blueprint="fraud", environment="dev"):
    return ResourceGraph(nodes=nodes, blueprint=blueprint, environment=environment)


def step(name="raw", **more):
    return Step(urn=urn(name), component="lake", kind="lake", layer="foundation", **more)


inputs = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.sampled_from(["x", "y"]), max_size=3)
graphs = st.dictionaries(st.sampled_from("pqrst"), inputs, max_size=5).map(
    lambda found: graph(*(node(name, inputs=given) for name, given in found.items()))
)


@given(graphs)
def test_a_graph_against_itself_has_no_changes(one):
    result = plan(one, one)
    assert (result.changes, result.summary) == ((), Summary(unchanged=len(one.nodes)))


@given(graphs)
def test_a_graph_against_nothing_is_created(one):
    assert [(s.urn, s.operation) for s in plan(one, None).steps] == [(n.urn, "create") for n in one.nodes]


@given(graphs, graphs)
def test_the_way_back_undoes_the_way_there(one, other):
    opposite = {"create": "delete", "delete": "create", "update": "update", "same": "same"}

    def found(result, turn):
        return {
            s.urn: (
                opposite[s.operation] if turn else s.operation,
                {(c.path, c.after, c.before) if turn else (c.path, c.before, c.after) for c in s.properties},
            )
            for s in result.steps
        }

    assert found(plan(one, other), turn=False) == found(plan(other, one), turn=True)


def test_each_resource_gets_its_step():
    before = graph(
        node("same"),
        node("changed", inputs={"size": 1}),
        node("gone"),
        node("kept", retain_on_delete=True),
        node("replaced", inputs={"zone": "a"}),
    )
    after = graph(
        node("same"),
        node("changed", inputs={"size": 2}),
        node("replaced", inputs={"zone": "b"}, replace_on_changes=("zone",)),
        node("new", inputs={"size": 3}),
        node("adopted", import_id="b-1"),
    )
    result = plan(after, before, label="state")
    assert result.steps == (
        step("same", operation="same"),
        step("changed", operation="update", properties=(PropertyChange("size", 1, 2),), risk="low"),
        step(
            "replaced",
            operation="replace",
            properties=(PropertyChange("zone", "a", "b", forces_replacement=True),),
            reason="`zone` is named by replace_on_changes; the objects in the bucket are gone, or the deletion stops because there are some",
            risk="data loss",
        ),
        step("new", operation="create", properties=(PropertyChange("size", ABSENT, 3),), reason="not in state"),
        step("adopted", operation="import", reason="takes over the existing `b-1`"),
        step("kept", operation="keep", reason="no longer declared"),
        step(
            "gone",
            operation="delete",
            reason="no longer declared; the objects in the bucket are gone, or the deletion stops because there are some",
            risk="data loss",
        ),
    )
    assert result.summary == Summary(create=1, update=1, replace=1, delete=1, keep=1, imported=1, unchanged=1)


def test_components_stacks_and_providers_are_no_steps():
    extra = [
        dataclasses.replace(node("lake"), custom=False),
        dataclasses.replace(node("main"), type="pulumi:providers:aws"),
    ]
    assert [s.name for s in plan(graph(*extra, node("raw")), None).steps] == ["raw"]


def test_options_are_updates():
    result = plan(graph(node(protect=True)), graph(node(retain_on_delete=True)))
    assert result.steps[0].properties == (
        PropertyChange("options › protect", before=False, after=True, forces_replacement=False),
        PropertyChange("options › retainOnDelete", before=True, after=False, forces_replacement=False),
    )


def test_ignored_changes_are_no_changes_in_the_same_place():
    before = graph(node(inputs={"tags": {"a": "1"}, "rules": [{"name": "x", "n": 1}], "tagsAll": "1"}))
    inputs = {"tags": {"a": "2"}, "rules": [{"name": "x", "n": 2}], "tagsAll": "2"}
    after = graph(node(inputs=inputs, ignore_changes=("tags", "rules[*].n")))
    assert [c.path for c in plan(after, before).steps[0].properties] == ["tagsAll"]


def test_an_alias_is_the_same_resource():
    after = graph(node("new", aliases=(urn("old"),)))
    assert plan(after, graph(node("old"))).steps == (step("new", operation="same", reason="known so far as `old`"),)


def test_another_environment_of_another_blueprint_differs_only_where_it_really_does():
    def made(stack, project, size):
        other = urn("key", stack, project)
        inputs = {"policy": f'{{"Resource": "${{{{{other}#arn}}}}/*"}}', "size": size, "name": "$${{x"}
        return node("raw", stack, project, inputs=inputs, depends_on=(other,))

    dev = graph(made("dev", "fraud-foundation", 1))
    live = graph(made("live", "shop-foundation", 2), blueprint="shop", environment="live")
    assert plan(dev, live, label="environment:live").steps == (
        step(operation="update", properties=(PropertyChange("size", 2, 1),), risk="low"),
    )


def test_steps_are_grouped_by_component():
    result = plan(graph(node("a"), node("b", component=None), node("c")), None)
    assert {name: [s.name for s in steps] for name, steps in by_component(result).items()} == {
        "lake": ["a", "c"],
        None: ["b"],
    }


def test_the_digest_tells_graphs_apart():
    one, other = graph(node(inputs={"a": 1})), graph(node(inputs={"a": 2}))
    digests = {plan(a, b).digest for a in (one, other) for b in (one, other, None)}
    assert len(digests) == 6
    assert plan(one, other).digest == plan(one, other).digest


def test_a_step_knows_type_and_name():
    assert (step(operation="same").type, step(operation="same").name) == ("aws:s3/bucket:Bucket", "raw")


def test_what_is_only_deleted_with_something_that_is_kept_stays_too():
    kept = node("data", retain_on_delete=True)
    before = graph(
        kept, node("guard", deleted_with=kept.urn), node("gone"), node("with", deleted_with=node("gone").urn)
    )
    assert {s.name: s.operation for s in plan(graph(), before).steps} == {
        "data": "keep",
        "guard": "keep",
        "gone": "delete",
        "with": "delete",
    }
    alone = {s.name: s.operation for s in plan(graph(kept), graph(kept, node("guard", deleted_with=kept.urn))).steps}
    assert alone == {"data": "same", "guard": "delete"}


def test_what_is_made_with_something_that_goes_first_is_replaced_where_it_cannot_be_updated():
    base = "urn:pulumi:dev::fraud-platform::mlinfra:components:jobs"

    def made(kind, name, depends=(), /, **inputs):
        return ResourceNode(
            urn=f"{base}${kind}::{name}",
            type=kind,
            name=name,
            inputs=inputs,
            property_dependencies={key: (f"{base}${of}",) for key, of in depends},
        )

    rule, target, alarm = (
        f"aws:cloudwatch/{one}" for one in ("eventRule:EventRule", "eventTarget:EventTarget", "metricAlarm:MetricAlarm")
    )

    def deployed(bus, name="nightly"):
        given = {} if name is None else {"name": name}
        uses = f"{rule}::rule"
        return graph(
            # Not in the order of their dependencies: a graph has an order of its own.
            made(alarm, "alarm", [("dimensions", uses)], dimensions={"RuleName": "nightly"}, threshold=0),
            made(target, "other", [("rule", f"{target}::target")], rule="nightly", arn="a"),
            made(target, "target", [("rule", uses), ("arn", uses)], rule="nightly", arn="a"),
            made(rule, "rule", (), eventBusName=bus, **given),
        )

    found = {step.name: step for step in plan(deployed("two"), deployed("one")).changes}
    assert {name: step.operation for name, step in found.items()} == dict.fromkeys(
        ("rule", "target", "other"), "replace"
    )
    assert found["target"].properties == (PropertyChange("rule", "nightly", UNKNOWN, forces_replacement=True),)
    assert found["other"].reason.startswith("`rule` cannot be changed in place, and the old one goes first")
    assert [step.name for step in plan(deployed("two", None), deployed("one", None)).changes] == ["rule"]
