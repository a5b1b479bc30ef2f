"""Estimates as people read them: whole texts, at 80 columns, without colour."""

from __future__ import annotations

from decimal import Decimal

from render.estimates import charge, estimate, free, needs_usage, unpriced, urn

from mlinfra.graph.model import Amount
from mlinfra.render.cost_markdown import cost_markdown, explain_markdown
from mlinfra.render.cost_text import cost_text, explain_text, usage_text

ESTIMATE = estimate(
    lake=(charge("lake", "storage", "1", "2.5", "4"), needs_usage("lake")),
    key=(charge("key", "key", "1", "1", "1"), unpriced("key")),
)


def test_text() -> None:
    assert cost_text(ESTIMATE, "shop · dev") == (
        "shop · dev\n"
        "\n"
        "COMPONENT  KIND      MIN  EXPECTED    MAX\n"
        "lake       bucket  $1.00     $2.50  $4.00  at least\n"
        "key        bucket  $1.00     $1.00  $1.00  at least\n"
        "\n"
        "Total              $2.00     $3.50  $5.00\n"
        "\n"
        "Cost: at least $3.50 a month expected (min $2.00, max $5.00) ·\n"
        "      1 line needs usage · 1 line has no price\n"
        "\n"
        "Largest lines\n"
        "  lake  storage (lake)  $2.50  71 %\n"
        "  key   key (key)       $1.00  29 %\n"
        "\n"
        "Not in the sum\n"
        "  lake: requests of lake needs usage: set `expected: {put_requests: …}`\n"
        "  key: replication of key has no price: not in the tables of eu-west-1\n"
        "\n"
        "Assumed\n"
        "  730 hours a month"
    )


def test_markdown() -> None:
    assert cost_markdown(ESTIMATE, "shop · dev") == (
        "### shop · dev\n"
        "\n"
        "**Cost**: at least $3.50 a month expected (min $2.00, max $5.00) · 1 line needs usage · 1 line has no price\n"
        "\n"
        "| Component | Kind | Min | Expected | Max |  |\n"
        "| --- | --- | ---: | ---: | ---: | --- |\n"
        "| `lake` | bucket | $1.00 | $2.50 | $4.00 | at least |\n"
        "| `key` | bucket | $1.00 | $1.00 | $1.00 | at least |\n"
        "| **Total** |  | **$2.00** | **$3.50** | **$5.00** | at least |\n"
        "\n"
        "Not in the sum:\n"
        "\n"
        "- lake: requests of lake needs usage: set `expected: {put_requests: …}`\n"
        "- key: replication of key has no price: not in the tables of eu-west-1\n"
        "\n"
        "<details><summary>Assumed</summary>\n"
        "\n"
        "- 730 hours a month\n"
        "\n"
        "</details>"
    )


def test_explanation_of_a_component() -> None:
    assert explain_text(ESTIMATE.components[0], "shop · dev · lake") == (
        "shop · dev · lake\n"
        "\n"
        "at least $2.50 a month expected (min $1.00, max $4.00)\n"
        "\n"
        "storage   $1.00 to $4.00 a month, expected $2.50\n"
        "  resource   lake\n"
        "  quantity   1 to 4, expected 2.5 GiB-month\n"
        "  price      $1.00 for one GiB-month\n"
        "  formula    2.5 GiB × $1\n"
        "  looked up  s3/eu-west-1/standard/GiB-month\n"
        "  source     aws.amazon.com/s3/pricing, 2026-10-01\n"
        "  depends on `expected: {stored_gib: …}`\n"
        "\n"
        "requests   needs usage\n"
        "  resource   lake\n"
        "  depends on `expected: {put_requests: …}`"
    )


def test_what_is_free_is_listed_by_reason() -> None:
    part = estimate(lake=(free("lake-tls"), free("lake-owner"))).components[0]
    assert explain_text(part, "lake") == (
        "lake\n\n$0.00 a month\n\nFree of charge\n  lake-tls, lake-owner: a setting of a bucket"
    )


def test_explanation_as_markdown_ends_with_the_source() -> None:
    text = explain_markdown(ESTIMATE.components[1], "shop · dev · key")
    assert text.splitlines()[-2:] == [
        "| key (`key`) | $1.00 a month | 1 GiB-month | $1.00 | `1 GiB × $1` | aws.amazon.com/s3/pricing, 2026-10-01 |",
        "| replication (`key`) | no price |  |  |  | not in the tables of eu-west-1 |",
    ]


def test_usage_keys() -> None:
    use = {urn("lake"): {"stored_gib": Amount(Decimal(1), Decimal("2.5"), Decimal(4))}}
    assert usage_text(ESTIMATE, use) == (
        "COMPONENT  RESOURCE  KEY           PRESENT VALUE\n"
        "lake       lake      stored_gib    1 to 4, expected 2.5\n"
        "lake       lake      put_requests  not given\n"
        "key        key       stored_gib    not given"
    )
    assert usage_text(estimate(lake=()), {}) == "Nothing in this estimate depends on use."
