"""The figures of what finds the planted bugs, and their table."""

from dataclasses import replace

import pytest

from benchmarks.detection import OURS, STOCK, Job, Result, count
from benchmarks.detection_table import write_detection
from tests.proving_ground.catalogue import BUGS
from tests.proving_ground.findings import Finding

FIGURES = {
    "seeds": [1, 10],
    "bugs": 4,
    "tools": {
        "stock": {
            "found": 1,
            "missed": ["a", "b", "c"],
            "requests": {"core": 50, "other": 10},
            "seconds": 1.0,
            "false_alarms": 0,
            "families": {"BOLA: read": [1, 2], "BOLA: list": [0, 1], "race": [0, 1]},
        },
        "ours": {
            "found": 4,
            "missed": [],
            "requests": {"core": 90, "other": 15},
            "seconds": 0.5,
            "false_alarms": 2,
            "families": {"BOLA: read": [2, 2], "BOLA: list": [1, 1], "race": [1, 1]},
        },
    },
}
SEEDS = range(1, 3)
READ_ANY = next(bug for bug in BUGS if bug.id == "orders-read-any")
FINDING = Finding("GET /orders/{order_id}", "isolation", "answered 200 as another user")


def count_one(tool: str, *findings: Finding, on_right: frozenset[Finding] = frozenset()) -> dict[str, object]:
    """Count one bug, of which a tool has some findings."""
    results = {Job(tool, "orders", None, seed): Result(on_right, 7, 0.5) for seed in SEEDS}
    results[Job(tool, "orders", READ_ANY.id, 1)] = Result(frozenset(findings), 9, 0.5)
    figures: dict[str, object] = count(results, [READ_ANY], SEEDS)["tools"][tool]
    return figures


def test_bug_counts_by_its_check_on_its_operation() -> None:
    figures = count_one(OURS, FINDING)
    assert figures["found"] == 1
    assert figures["missed"] == []
    assert figures["families"] == {"BOLA: read": [1, 1]}


@pytest.mark.parametrize(
    "finding", [replace(FINDING, check="existence"), replace(FINDING, operation="GET /orders")]
)
def test_bug_is_missed_by_another_check_or_on_another_operation(finding: Finding) -> None:
    figures = count_one(OURS, finding)
    assert figures["found"] == 0
    assert figures["missed"] == [READ_ANY.id]


def test_finding_on_the_right_build_does_not_count_and_is_a_false_alarm() -> None:
    figures = count_one(OURS, FINDING, on_right=frozenset({FINDING}))
    assert figures["found"] == 0
    assert figures["false_alarms"] == len(SEEDS)


def test_stock_tool_is_counted_by_the_operation() -> None:
    assert count_one(STOCK, replace(FINDING, check="ignored_auth"))["found"] == 1
    assert count_one(STOCK, replace(FINDING, operation="GET /orders"))["found"] == 0


def test_requests_are_summed_by_group_at_the_first_seed() -> None:
    requests = count_one(OURS, FINDING)["requests"]
    assert isinstance(requests, dict)
    assert requests["core"] == 7


def test_table_sums_families_of_one_kind_and_names_what_is_missed() -> None:
    lines = write_detection(FIGURES).splitlines()
    assert "| **found** | 1 (25%) | 4 (100%) |" in lines
    assert "| BOLA | 1 of 3 | 3 of 3 |" in lines
    assert "| requests, right builds of the core services | 50 (1.00 times) | 90 (1.80 times) |" in lines
    assert "| requests, right builds of the other services | 10 (1.00 times) | 15 (1.50 times) |" in lines
    assert "| false alarms, all seeds | 0 | 2 |" in lines
    assert lines[-1].endswith("Missed by stock: `a`, `b`, `c`.")


def test_table_says_how_a_bug_counts() -> None:
    assert "for it the operation alone counts" in write_detection(FIGURES)
