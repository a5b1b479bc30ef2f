"""What differs between two values, and that the changes found lead from the one to the other."""

import copy
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from mlinfra.graph.document import encode
from mlinfra.graph.model import SECRET, UNKNOWN, Derived
from mlinfra.plan.model import ABSENT, PropertyChange
from mlinfra.plan.values import changed

SEGMENT = re.compile(r" › |\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[(\"(?:[^\"\\]|\\.)*\")\]")

texts = st.text(alphabet='ab.$é "\\[{', max_size=3)
keys = st.sampled_from(["name", "key", "a", "b", "c.d", "e f", 'q"', "x-y", "0"])
scalars = st.one_of(st.booleans(), st.integers(-2, 2), texts, st.just(UNKNOWN), st.just(Derived(("urn:pulumi:a",))))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.lists(st.fixed_dictionaries({"name": st.sampled_from("pqrs"), "value": inner}), max_size=4),
    ),
    max_leaves=12,
)
inputs = st.dictionaries(keys, values, max_size=4)
documents = st.recursive(
    st.one_of(st.booleans(), st.integers(-2, 2), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
policies = st.dictionaries(keys, st.one_of(documents, st.dictionaries(keys, documents).map(json.dumps)), max_size=3)


def found(before, after):
    return list(changed(before, after))


def segments(path):
    parts, position = [], 0
    while position < len(path):
        match = SEGMENT.match(path, position)
        assert match, f"{path!r} cannot be read from {position}"
        position = match.end()
        if match[0] == " › ":
            parts.append(None)
        elif match[1] is not None:
            parts.append(match[1])
        else:
            parts.append(int(match[2]) if match[2] else json.loads(match[3]))
    return parts


def edited(value, changes):
    """The value with changes applied, each given as (remaining segments, after). The reverse of the search, written apart from it."""
    if len(changes) == 1 and not changes[0][0]:
        return changes[0][1]
    if changes[0][0][0] is None:
        inside = edited(json.loads(value), [(path[1:], after) for path, after in changes])
        return json.dumps(unwrapped(inside))
    groups = {}
    for path, after in changes:
        own_removal = len(path) == 1 and after is ABSENT
        groups.setdefault((own_removal, path[0]), []).append((path[1:], after))
    result = copy.copy(value)
    for _, key in sorted((g for g in groups if g[0]), key=lambda g: g[1], reverse=True):
        del result[key]
    rest = {key: group for (removal, key), group in groups.items() if not removal}
    if isinstance(result, dict):
        for key, group in rest.items():
            result[key] = edited(result.get(key), group)
        return result
    return with_items(result, rest)


def with_items(items, groups):
    """Additions are told from changes by ``added``, which ``apply`` marks with a wrapper."""
    for index in sorted(groups):
        group = groups[index]
        if len(group) == 1 and not group[0][0] and isinstance(group[0][1], New):
            items.insert(index, group[0][1])
    return [edited(item, groups[index]) if index in groups else item for index, item in enumerate(items)]


class New:
    def __init__(self, value):
        self.value = value


def unwrapped(value):
    if isinstance(value, New):
        return value.value
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if isinstance(value, dict):
        return {key: unwrapped(item) for key, item in value.items()}
    return value


def apply(before, changes):
    marked = [(segments(c.path), New(c.after) if c.added else c.after) for c in changes]
    return unwrapped(edited(before, marked)) if marked else before


def canonical(value):
    return json.dumps(encode(value), sort_keys=True)


@given(inputs, inputs)
def test_applying_the_changes_to_before_yields_after(before, after):
    assert canonical(apply(before, found(before, after))) == canonical(after)


@given(inputs, inputs)
def test_the_way_back_finds_the_same(before, after):
    def mirrored(changes):
        return sorted((canonical(one(c.before)), canonical(one(c.after))) for c in changes)

    def one(side):
        return [] if side is ABSENT else [side]

    back = [PropertyChange(c.path, c.after, c.before) for c in found(after, before)]
    assert mirrored(found(before, after)) == mirrored(back)


@given(inputs)
def test_nothing_differs_from_itself(value):
    assert found(value, copy.deepcopy(value)) == []


@given(policies, policies)
def test_changes_inside_of_json_texts_lead_there_too(before, after):
    old, new = {"policy": json.dumps(before)}, {"policy": json.dumps(after, indent=1)}
    result = apply(old, found(old, new))
    assert json.loads(result["policy"]) == after or canonical(deep(result)) == canonical(deep(new))


def deep(value):
    """With every JSON text replaced by what it holds: the spaces in it are no difference."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return deep(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, list):
        return [deep(item) for item in value]
    return {key: deep(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_a_path_names_one_property_of_one_item():
    before = {"productionVariants": [{"variantName": "a", "instanceType": "ml.m7i.large", "count": 1}]}
    after = {"productionVariants": [{"variantName": "a", "instanceType": "ml.g5.xlarge", "count": 1}]}
    assert found(before, after) == [
        PropertyChange("productionVariants[0].instanceType", "ml.m7i.large", "ml.g5.xlarge")
    ]


def test_an_item_put_in_front_is_one_change():
    before = {"environment": [{"name": "b", "value": "1"}, {"name": "c", "value": "2"}]}
    after = {"environment": [{"name": "a", "value": "0"}, {"name": "b", "value": "1"}, {"name": "c", "value": "3"}]}
    assert found(before, after) == [
        PropertyChange("environment[0]", ABSENT, {"name": "a", "value": "0"}),
        PropertyChange("environment[2].value", "2", "3"),
    ]


def test_objects_without_a_name_are_matched_by_what_is_in_them():
    rule = {"fromPort": 443, "cidrBlocks": ["10.0.0.0/16"]}
    assert found({"ingress": [{"fromPort": 80}, rule]}, {"ingress": [rule]}) == [
        PropertyChange("ingress[0]", {"fromPort": 80}, ABSENT)
    ]


def test_a_policy_is_compared_inside():
    before = {"Statement": [{"Sid": "Read", "Action": ["s3:GetObject"], "Resource": "*"}]}
    after = {"Statement": [{"Sid": "Read", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}]}
    assert found({"policy": json.dumps(before)}, {"policy": json.dumps(after)}) == [
        PropertyChange("policy › Statement[0].Action[1]", ABSENT, "s3:PutObject")
    ]


def test_spaces_and_order_of_keys_in_json_are_no_change():
    assert found({"policy": '{"a": 1, "b": [2]}'}, {"policy": '{"b":[2],"a":1}'}) == []


def test_text_that_only_looks_like_json_is_compared_as_text():
    assert found({"unit": "[Unit]\na"}, {"unit": "[Unit]\nb"}) == [PropertyChange("unit", "[Unit]\na", "[Unit]\nb")]


def test_a_key_with_dots_stands_in_quotes():
    assert found({"tags": {"a.b/c": "1"}}, {"tags": {"a.b/c": "2"}}) == [PropertyChange('tags["a.b/c"]', "1", "2")]


def test_secrets_are_equal_and_never_shown():
    assert found({"password": SECRET}, {"password": SECRET}) == []
    assert found({"password": "hunter2"}, {"password": SECRET}) == [
        PropertyChange("password", SECRET, SECRET, secret=True)
    ]
    assert found({}, {"login": {"password": SECRET}}) == [
        PropertyChange("login", ABSENT, {"password": SECRET}, secret=True)
    ]


def test_what_becomes_unknown_is_a_change():
    assert found({"arn": "x", "id": UNKNOWN}, {"arn": UNKNOWN, "id": UNKNOWN}) == [PropertyChange("arn", "x", UNKNOWN)]


def test_null_is_absent_true_is_not_one_and_whole_floats_are_integers():
    assert found({"a": None, "n": 1.0}, {"n": 1}) == []
    assert found({"a": 1}, {"a": True}) == [PropertyChange("a", 1, True)]


def test_long_lists_are_compared_by_position():
    before, after = [f"a{i}" for i in range(600)], ["new", *(f"a{i}" for i in range(600))]
    result = found({"list": before}, {"list": after})
    assert (len(result), result[0], result[-1]) == (
        601,
        PropertyChange("list[0]", "a0", "new"),
        PropertyChange("list[600]", ABSENT, "a599"),
    )
