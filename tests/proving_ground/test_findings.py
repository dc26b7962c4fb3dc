"""A planted bug counts as found only by the right check on the right operation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proving_ground.catalogue import BUGS
from tests.proving_ground.findings import Finding, is_found, is_located, list_operations_with
from tests.proving_ground.model import EVERY, Bug, Family

BY_ID = {bug.id: bug for bug in BUGS}
READ_ANY = BY_ID["orders-read-any"]
RIGHT = Finding("GET /orders/{order_id}", "isolation", "answered 200 as another user")


def test_bug_is_found_by_the_check_and_the_operation_of_its_row() -> None:
    assert is_found(READ_ANY, [RIGHT])


@pytest.mark.parametrize(
    "finding",
    [
        replace(RIGHT, check="existence"),
        replace(RIGHT, operation="DELETE /orders/{order_id}"),
        replace(RIGHT, operation="POST /orders", text="GET /orders/{order_id} differs"),
    ],
    ids=["wrong check", "wrong operation", "operation only in the text"],
)
def test_finding_of_another_check_or_operation_does_not_count(finding: Finding) -> None:
    assert not is_found(READ_ANY, [finding])


@pytest.mark.parametrize(
    "row",
    [replace(READ_ANY, checks=("caching",)), replace(READ_ANY, operations=("POST /orders",))],
    ids=["wrong check", "wrong operation"],
)
def test_bug_is_missed_when_its_row_names_a_wrong_check_or_operation(row: Bug) -> None:
    assert not is_found(row, [RIGHT])


def test_right_check_and_right_operation_in_two_findings_do_not_count() -> None:
    findings = [replace(RIGHT, check="existence"), replace(RIGHT, operation="GET /orders")]
    assert not is_found(READ_ANY, findings)


def test_each_of_several_checks_has_to_find_the_bug() -> None:
    prefix = BY_ID["files-key-prefix"]
    none, forged = (Finding("GET /files", check, "expected 401, came 200") for check in ("none", "forged"))
    assert not is_found(prefix, [none])
    assert is_found(prefix, [none, forged])


def test_one_of_several_operations_is_enough() -> None:
    echo = BY_ID["ledger-errors-echo-input"]
    assert len(echo.operations) > 1
    assert all(
        is_found(echo, [Finding(operation, "robustness", "answered 500")]) for operation in echo.operations
    )


def test_bug_of_every_protected_operation_counts_on_a_protected_one_only() -> None:
    unsigned = BY_ID["orders-alg-none"]
    assert unsigned.operations == (EVERY,)
    assert "GET /health" not in list_operations_with(unsigned)
    assert is_found(unsigned, [Finding("GET /orders", "forged", "came 200")])
    assert not is_found(unsigned, [Finding("GET /health", "forged", "came 200")])


def test_finding_about_an_undocumented_route_has_to_name_the_route() -> None:
    dump = next(bug for bug in BUGS if bug.family is Family.SHADOW_ROUTE)
    (route,) = dump.operations
    assert is_found(dump, [Finding("GET /health", "shadow", f"{route} answers 200")])
    assert not is_found(dump, [Finding("GET /health", "shadow", "GET /elsewhere answers 200")])


def test_tool_with_other_checks_is_measured_by_the_operation() -> None:
    assert is_located(READ_ANY, [replace(RIGHT, check="ignored_auth")])
    assert not is_located(READ_ANY, [replace(RIGHT, operation="GET /orders")])
