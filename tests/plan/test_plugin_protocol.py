"""The values that a Terraform provider is asked with."""

from hypothesis import given
from hypothesis import strategies as st
from plan.plugin_protocol import UNKNOWN, packed, unpacked

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(values)
def test_what_is_packed_is_read_back(value):
    assert unpacked(packed(value)) == value


def test_what_is_unknown_stays_unknown():
    assert unpacked(packed({"a": [UNKNOWN]})) == {"a": [UNKNOWN]}


def test_short_forms_are_read_too():
    assert unpacked(b"\x82\xa1a\x92\x01\xff\xa1b\xd9\x02hi") == {"a": [1, -1], "b": "hi"}
