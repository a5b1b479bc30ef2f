"""What stops a plan, how it is let through, and what is said about it."""

from __future__ import annotations

import pytest
from render.estimates import plan, step

from mlinfra.errors import RefusedError, UsageError
from mlinfra.plan.gates import check_allowed, gated, gates, refuse
from mlinfra.plan.model import Operation, Plan, PropertyChange, Risk

BLOCK = PropertyChange("blockPublicAcls", before=True, after=False)


def widening() -> Plan:
    found = step("lake", "update", BLOCK)
    urn = found.urn.replace("aws:s3/bucket:Bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    return plan(type(found)(urn=urn, component="lake", operation="update", properties=(BLOCK,)))


@pytest.mark.parametrize(
    ("operation", "risk", "protected", "open_"),
    [
        # operation, risk, the gate in a protected environment, the gate elsewhere
        ("create", "none", None, None),
        ("create", "low", None, None),
        ("create", "irreversible purchase", "purchase:lake", "purchase:lake"),
        ("update", "none", None, None),
        ("update", "low", None, None),
        ("update", "interruption", None, None),
        ("update", "data loss", "update:lake", None),
        ("update", "irreversible purchase", "purchase:lake", "purchase:lake"),
        ("replace", "low", None, None),
        ("replace", "interruption", "replace:lake", None),
        ("replace", "data loss", "replace:lake", None),
        ("replace", "irreversible purchase", "purchase:lake", "purchase:lake"),
        ("delete", "low", None, None),
        ("delete", "interruption", "delete:lake", None),
        ("delete", "data loss", "delete:lake", None),
        ("keep", "none", None, None),
        ("import", "none", None, None),
        ("same", "none", None, None),
    ],
)
def test_what_stops(operation: Operation, risk: Risk, protected: str | None, open_: str | None) -> None:
    made = plan(step("lake", operation, risk=risk))
    assert [gated(made, protected=flag).steps[0].blocked_by for flag in (True, False)] == [protected, open_]


@pytest.mark.parametrize("operation", ["replace", "delete", "keep"])
def test_what_pulumi_protects_is_stopped_everywhere(operation: Operation) -> None:
    made = plan(step("lake", operation, guarded=True))
    assert [gates(gated(made, protected=flag)) for flag in (True, False)] == [(f"{operation}:lake",)] * 2


def test_access_that_widens_is_stopped_where_it_is_protected() -> None:
    assert [gates(gated(widening(), protected=flag)) for flag in (True, False)] == [("widen:lake",), ()]


def test_a_resource_of_no_component_lends_its_name() -> None:
    made = plan(step("queue", "delete", component=None, risk="data loss"))  # type: ignore[arg-type]  # as in a foreign program
    assert gates(gated(made, protected=True)) == ("delete:queue",)


def test_what_is_allowed_passes_and_nothing_else() -> None:
    made = plan(step("a", "delete", risk="data loss"), step("b", "replace", component="key", risk="interruption"))
    assert gates(gated(made, protected=True)) == ("delete:lake", "replace:key")
    assert gates(gated(made, protected=True, allowed=["delete:lake"])) == ("replace:key",)
    assert gates(gated(made, protected=True, allowed=["delete:lake", "replace:key"])) == ()


def test_the_refusal_names_every_gate_what_would_be_done_and_what_to_type() -> None:
    made = plan(
        step("a", "delete", risk="data loss", reason="no longer declared; the objects are gone"),
        step("b", "delete", risk="data loss", reason="the tables are gone", guarded=True),
        *widening().steps,
    )
    with pytest.raises(RefusedError) as error:
        refuse(gated(made, protected=True))
    assert error.value.message.splitlines() == [
        "2 gates stop this plan, and nothing was changed",
        "`delete:lake`: delete `a` (aws:s3/bucket:Bucket): data loss: no longer declared; the objects are gone",
        "`delete:lake`: delete `b` (aws:s3/bucket:Bucket): it is protected; data loss: the tables are gone",
        (
            "`widen:lake`: update `lake` (aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock):"
            " `blockPublicAcls` is turned off: the bucket may become public"
        ),
    ]
    assert error.value.hint == "`--allow delete:lake --allow widen:lake` lets them happen"


def test_a_plan_that_nothing_stops_is_not_refused() -> None:
    refuse(gated(plan(step("a", "create")), protected=True))


@pytest.mark.parametrize("name", ["delete:lakes", "remove:lake", "lake", "delete:", "destroy"])
def test_a_gate_that_there_is_not_is_an_error_with_those_that_there_are(name: str) -> None:
    made = plan(step("a", "delete", risk="data loss"), step("b", "same", component="key"))
    with pytest.raises(UsageError) as error:
        check_allowed(made, [name])
    assert (error.value.message, error.value.hint) == (f"there is no gate `{name}`", "there is `delete:lake`")


def test_a_gate_that_was_passed_before_may_be_named_again() -> None:
    check_allowed(plan(step("b", "same", component="key")), ["replace:key", "purchase:key", "keep:key"])
