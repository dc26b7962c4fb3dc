"""Documented statuses: which came, which never did, and when that breaks a run."""

from __future__ import annotations

from functools import cache
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from specwitness.config import FuzzConfig
from specwitness.fuzz.report.summary import as_json, print_run, result_of
from specwitness.fuzz.results.coverage import fits
from specwitness.model import Outcome
from tests.services.findings import run_whole
from tests.services.outages import Condition, make_outage_contract, make_target

if TYPE_CHECKING:
    from specwitness.fuzz.run import FuzzRun

TEAPOT = 418


@cache
def run(
    *documented: int, strict: bool = False, profile: str = "quick", only: tuple[str, ...] = ()
) -> FuzzRun:
    settings = FuzzConfig(strict=strict, profile=profile, only=only)
    return run_whole(make_outage_contract(*documented), make_target(Condition()), settings)


def conformance_of(found: FuzzRun) -> tuple[Outcome, str | None]:
    witness = next(witness for witness in found.witnesses if witness.id == "fuzz:listThings:conformance")
    return witness.outcome, witness.detail


def test_run_that_observes_every_documented_status_is_kept() -> None:
    found = run(strict=True, profile="deep")
    assert result_of(found) == "kept"
    assert (found.coverage.documented, found.coverage.observed) == (8, 8)
    assert (found.coverage.undocumented, found.coverage.server_errors) == (0, 0)


def test_status_that_never_came_breaks_a_run_that_is_strict_and_deep() -> None:
    found = run(TEAPOT, strict=True, profile="deep")
    assert result_of(found) == "broken"
    assert conformance_of(found) == (Outcome.FAILED, "never observed: 418")
    assert (found.coverage.documented, found.coverage.observed) == (9, 8)


@pytest.mark.parametrize(
    ("strict", "profile", "only"),
    [(True, "quick", ()), (False, "deep", ()), (True, "deep", ("conformance", "situation"))],
    ids=["quick", "not strict", "not all checks"],
)
def test_status_that_never_came_is_reported_and_no_failure_in_other_runs(
    profile: str, only: tuple[str, ...], *, strict: bool
) -> None:
    outcome, detail = conformance_of(run(TEAPOT, strict=strict, profile=profile, only=only))
    assert outcome is Outcome.PASSED
    assert str(detail).startswith("never observed: ")
    assert "418" in str(detail)


def test_documented_500_is_not_expected_to_come() -> None:
    assert conformance_of(run(500)) == (Outcome.PASSED, None)


def test_terminal_and_json_name_the_statuses_that_never_came() -> None:
    found = run(TEAPOT, strict=True)
    console = Console(file=StringIO(), width=200)
    print_run(found, console)
    said = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    assert "GET /things keeps its contract: never observed: 418\n" in said
    assert "8 of 9 documented statuses" in said
    assert as_json(found)["statuses"] == {
        "documented": 9,
        "observed": 8,
        "undocumented": 0,
        "server_errors": 0,
    }


@pytest.mark.parametrize(
    ("pattern", "status", "is_meant"),
    [
        ("404", 404, True),
        ("404", 400, False),
        ("4XX", 404, True),
        ("4xx", 499, True),
        ("4XX", 500, False),
        ("default", 404, False),
    ],
)
def test_pattern_of_statuses_fits_the_statuses_it_means(pattern: str, status: int, is_meant: bool) -> None:  # noqa: FBT001  # a table's column
    assert fits(pattern, status) is is_meant
