"""Plans as people read them: whole texts, at 80 columns, without colour."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from render.estimates import ADDED, CHANGE, FORCING, charge, estimate, needs_usage, plan, step, unpriced

from mlinfra.graph.model import SECRET, UNKNOWN, Derived
from mlinfra.plan.model import PropertyChange, Side
from mlinfra.render.plan_lines import change_text, type_text, value_text
from mlinfra.render.plan_markdown import plan_markdown
from mlinfra.render.plan_text import _cost, plan_text
from mlinfra.render.terminal import Terminal, columns, words

CREATED = plan(step("lake", "create"), step("lake-tls", "create"), step("key", "create", component="key"))
CHANGED = plan(
    step("lake", "update", CHANGE, ADDED, risk="none"),
    step("old", "replace", FORCING, risk="data loss", blocked_by="replace:lake", reason="the objects are gone"),
    step("gone", "delete", component="extra"),
    step("same", "same"),
    against="git:main",
)


def test_text_of_a_plan_against_nothing() -> None:
    after = estimate(lake=(charge("lake", "storage", "1", "2.5", "4"), needs_usage("lake")), key=())
    assert plan_text(CREATED, after, region="eu-west-1") == (
        "shop · dev · eu-west-1                     against nothing: all of it is created\n"
        "\n"
        "  lake  bucket  + create  2 resources                             at least $2.50\n"
        "  key   bucket  + create  1 resource                                       $0.00\n"
        "\n"
        "Plan: 3 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged\n"
        "Cost: at least $2.50 a month expected (min $1.00, max $4.00) ·\n"
        "      1 line needs usage"
    )


def test_text_of_changes_says_what_forces_what_is_risked_and_what_is_blocked() -> None:
    before, after = estimate(lake=(charge("lake", "storage", "2", "2", "2"),)), estimate(lake=())
    assert plan_text(CHANGED, after, before, region="eu-west-1") == (
        "shop · dev · eu-west-1                                          against git:main\n"
        "\n"
        "  lake   bucket  ! change  1 replace, 1 update   risk: data loss          -$2.00\n"
        "      lake  s3 bucket  updated in place\n"
        "          acl  private → public-read\n"
        "          tags.team  set to ml\n"
        "      old  s3 bucket  replaced   risk: data loss\n"
        "          the objects are gone\n"
        "          blocked: allow with `--allow replace:lake`\n"
        "          bucket  a → b   forces replacement\n"
        "  extra  bucket  - delete  1 resource                                     ±$0.00\n"
        "      gone  s3 bucket  deleted\n"
        "\n"
        "Plan: 0 to create, 1 to update, 1 to replace, 1 to delete, 1 unchanged\n"
        "Cost: $2.00 → $0.00 a month"
    )


def test_markdown_of_changes() -> None:
    assert plan_markdown(CHANGED, region="eu-west-1") == (
        "### shop · dev · eu-west-1\n"
        "\n"
        "**Plan**: 0 to create, 1 to update, 1 to replace, 1 to delete, 1 unchanged (against git:main)\n"
        "\n"
        "| Component | Kind | Change | Resources | Risk | Cost a month |\n"
        "| --- | --- | --- | --- | --- | ---: |\n"
        "| `lake` | bucket | `! change` | 1 replace, 1 update | data loss |  |\n"
        "| `extra` | bucket | `- delete` | 1 resource |  |  |\n"
        "\n"
        "- `old` blocked: allow with `--allow replace:lake`\n"
        "\n"
        "<details><summary>3 resources</summary>\n"
        "\n"
        "- `~` `lake` s3 bucket: updated in place\n"
        "  - `acl  private → public-read`\n"
        "  - `tags.team  set to ml`\n"
        "- `!` `old` s3 bucket: replaced, risk: data loss\n"
        "  - `bucket  a → b` (forces replacement)\n"
        "- `-` `gone` s3 bucket: deleted\n"
        "\n"
        "</details>"
    )


def test_a_plan_without_changes_says_so() -> None:
    text = plan_text(plan(step("lake", "same"), against="state"), region=None)
    assert text.splitlines()[2:] == [
        "  No changes.",
        "",
        "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 1 unchanged",
    ]


def test_a_cost_with_unknown_prices_is_at_least() -> None:
    text = plan_text(CREATED, estimate(lake=(charge("lake", "storage", "1", "1", "1"), unpriced("lake"))))
    assert text.splitlines()[-1] == "Cost: at least $1.00 a month · 1 line has no price"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    wide = PropertyChange("policy › Statement[0].Resource", "a" * 300, "b" * 300)
    made = plan(step("lake", "update", wide, risk="interruption"), against="git:main")
    after = estimate(lake=(charge("lake", "storage", "1", "2", "3"),))
    text = plan_text(made, after, after, terminal=Terminal(width))
    assert max(columns(line) for line in text.splitlines()) <= width


def test_colour_changes_nothing_but_colour() -> None:
    import re

    coloured = plan_text(CHANGED, terminal=Terminal(80, colour=True))
    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plan_text(CHANGED)


def test_more_properties_are_counted_until_details_are_asked_for() -> None:
    many = [PropertyChange(f"p{index}", index, index + 1) for index in range(9)]
    made = plan(step("lake", "update", *many), against="state")
    assert "          and 3 more; `--details` lists all" in plan_text(made).splitlines()
    assert "          p8  8 → 9" in plan_text(made, details=True).splitlines()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (UNKNOWN, "(known after apply)"),
        (Derived(("urn:pulumi:a::b::c::d",)), "(known after apply)"),
        (SECRET, "(secret)"),
        ("", '""'),
        (None, "null"),
        (True, "true"),
        ({"a": [1, SECRET]}, '{"a": [1, "(secret)"]}'),
        ("${{urn:pulumi:dev::p::aws:s3/bucket:Bucket::lake#arn}}/*", "${lake.arn}/*"),
        ("a\x1b[2Jb", "a�[2Jb"),
    ],
)
def test_values_in_few_characters(value: Side, text: str) -> None:
    assert value_text(value) == text


def test_a_secret_is_never_shown() -> None:
    assert change_text(PropertyChange("password", SECRET, SECRET, secret=True)) == "password  (secret) changes"


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("aws:s3/bucket:Bucket", "s3 bucket"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "s3 bucket public access block"),
        ("aws:kms/key:Key", "kms key"),
        ("kubernetes:apps/v1:Deployment", "kubernetes Deployment"),
    ],
)
def test_types_in_words(type_: str, text: str) -> None:
    assert type_text(type_) == text


def test_amounts() -> None:
    from mlinfra.render.money import delta, money, number, price

    assert [money(Decimal(text)) for text in ("0", "0.001", "1904", "-3.1")] == [
        "$0.00",
        "<$0.01",
        "$1,904.00",
        "-$3.10",
    ]
    assert money(None) == "unknown"
    assert [delta(Decimal(1), Decimal(text)) for text in ("2", "0.5", "1")] == ["+$1.00", "-$0.50", "±$0.00"]
    assert [price(Decimal(text)) for text in ("0.0000004", "1", "1E+3")] == ["$0.0000004", "$1.00", "$1,000.00"]
    assert [number(Decimal(text)) for text in ("1000000", "0.25", "1E+3", "0.33333")] == [
        "1,000,000",
        "0.25",
        "1,000",
        "0.3333",
    ]


@pytest.mark.parametrize(
    ("age", "text"),
    [
        ({"seconds": -5}, "just written"),
        ({"seconds": 59}, "just written"),
        ({"seconds": 60}, "1 minute old"),
        ({"minutes": 59}, "59 minutes old"),
        ({"hours": 2, "minutes": 59}, "2 hours old"),
        ({"days": 400}, "400 days old"),
    ],
)
def test_the_age_of_a_state_in_the_heading(age: dict[str, int], text: str) -> None:
    made = plan(step("lake", "same"), against="state")
    old = datetime.timedelta(**age)
    assert plan_text(made, age=old).splitlines()[0].split("   ")[-1].strip() == f"state: {text}"
    assert plan_markdown(made, age=old).splitlines()[2].endswith(f"(state: {text})")


def test_what_is_simulated_says_so_and_a_long_cost_goes_over_two_lines() -> None:
    assert " · simulated  " in plan_text(plan(), simulated=True).splitlines()[0]
    assert plan_markdown(plan(), simulated=True).splitlines()[0].endswith(" · simulated")
    assert list(_cost(f"at least $9.00 → at least $9.00 a month expected (min $8.00, max ${'9' * 20}) · x", 60)) == [
        "Cost: at least $9.00 → at least $9.00 a month expected",
        f"      (min $8.00, max ${'9' * 20}) · x",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run `mlinfra apply --refresh`, then look", ["run", "`mlinfra apply --refresh`,", "then", "look"]),
        ("an odd ` mark", ["an", "odd", "`", "mark"]),
        ("", [""]),
    ],
)
def test_what_is_typed_stays_on_one_line(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_creation_that_a_gate_stops_is_listed() -> None:
    made = plan(step("gpus", "create", risk="irreversible purchase", reason="it is paid", blocked_by="purchase:lake"))
    assert plan_text(made).splitlines()[3:6] == [
        "      gpus  s3 bucket  created   risk: irreversible purchase",
        "          it is paid",
        "          blocked: allow with `--allow purchase:lake`",
    ]


def test_what_pulumi_protects_says_so() -> None:
    made = plan(step("lake", "keep", guarded=True, blocked_by="keep:lake"), against="state")
    assert "          blocked, it is protected: allow with `--allow keep:lake`" in plan_text(made).splitlines()
