"""Kinds and their pages."""

from __future__ import annotations

from mlinfra.catalogue import Field, KindEntry, Output
from mlinfra.render.kinds import field_text, kinds_text, output_text, page

KIND = KindEntry(
    name="bucket",
    folder="data",
    layer="foundation",
    summary="A private bucket.",
    makes="Creates a bucket.",
    fields=(
        Field("expire_days", "a whole number", False, "none", "Days after which it goes."),
        Field("key", "text", True, None, ""),
    ),
    outputs=(Output("arn", "text", True, "The ARN | of it."),),
    levels=("read", "write"),
    takes_access=False,
)
FIELDS = (
    "| Field | Takes | Default | What it says |\n| --- | --- | --- | --- |\n"
    "| `expire_days` | a whole number | none | Days after which it goes. |\n| `key` | text | required |  |"
)
OUTPUTS = (
    "| Output | Type | What it is |\n| --- | --- | --- |\n| `arn` | text, can be missing | The ARN \\| of it. |\n\n"
    "Levels of `access` to it: `read`, `write`."
)


def test_the_marker_lines_of_a_page_become_tables() -> None:
    text = "# bucket\n\n<!-- fields -->\n\n<!-- outputs -->\n"
    assert page(KIND, text) == f"# bucket\n\n{FIELDS}\n\n{OUTPUTS}"


def test_a_kind_without_a_page_shows_what_its_code_says() -> None:
    assert page(KIND, None) == (
        f"# bucket\n\nA private bucket.\n\nCreates a bucket.\n\n## Fields\n\n{FIELDS}\n\n## Outputs\n\n{OUTPUTS}"
    )


def test_list() -> None:
    assert kinds_text([KIND]) == ("KIND    LAYER       WHAT\nbucket  foundation  A private bucket")


def test_one_field_and_one_output() -> None:
    assert field_text(KIND, KIND.fields[0]) == (
        "bucket.expire_days\n\ntakes    a whole number\ndefault  none\n\nDays after which it goes."
    )
    assert output_text(KIND, KIND.outputs[0]) == "bucket.arn\n\ngives    text, can be missing\n\nThe ARN | of it."
