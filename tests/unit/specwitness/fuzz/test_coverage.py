"""Documented statuses: which came, which never did, and when that breaks a run."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console

from specwitness.config import FuzzConfig
from specwitness.fuzz.report.summary import as_json, print_run, result_of
from specwitness.fuzz.results.coverage import fits
from specwitness.fuzz.run import FuzzRun, run_fuzz
from specwitness.model import Outcome
from tests.support.moods import Mood, make_target, write_contract

TEAPOT = 418


def run(settings: FuzzConfig, *documented: int) -> FuzzRun:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # pytest would explain each assertion inside Schemathesis that holds: five times the time.
        patch.setattr("_pytest.assertion.util._assertion_pass", None)
        contract = write_contract(Path(folder), *documented)
        return run_fuzz(contract, make_target(Mood()), settings, lambda _: None)


def conformance_of(found: FuzzRun) -> tuple[Outcome, str | None]:
    witness = next(each for each in found.witnesses if each.id == "fuzz:listThings:conformance")
    return witness.outcome, witness.detail


STRICT_AND_DEEP = FuzzConfig(strict=True, profile="deep")


def test_run_that_observes_every_documented_status_is_kept() -> None:
    found = run(STRICT_AND_DEEP)
    assert result_of(found) == "kept"
    assert (found.coverage.documented, found.coverage.observed) == (8, 8)
    assert (found.coverage.undocumented, found.coverage.server_errors) == (0, 0)


def test_status_that_never_came_breaks_a_run_that_is_strict_and_deep() -> None:
    found = run(STRICT_AND_DEEP, TEAPOT)
    assert result_of(found) == "broken"
    assert conformance_of(found) == (Outcome.FAILED, "never observed: 418")
    assert (found.coverage.documented, found.coverage.observed) == (9, 8)


@pytest.mark.parametrize(
    "settings",
    [
        FuzzConfig(strict=True),
        FuzzConfig(profile="deep"),
        FuzzConfig(strict=True, profile="deep", only=("conformance", "situation")),
    ],
    ids=["quick", "not strict", "not whole"],
)
def test_status_that_never_came_is_else_told_and_no_failure(settings: FuzzConfig) -> None:
    outcome, detail = conformance_of(run(settings, TEAPOT))
    assert outcome is Outcome.PASSED
    assert str(detail).startswith("never observed: ")
    assert "418" in str(detail)


def test_crash_that_is_documented_is_not_waited_for() -> None:
    assert conformance_of(run(FuzzConfig(), 500)) == (Outcome.PASSED, None)


def test_terminal_and_json_tell_what_never_came() -> None:
    found = run(FuzzConfig(strict=True), TEAPOT)
    console = Console(file=StringIO(), width=200)
    print_run(found, FuzzConfig(), console)
    said = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    assert "GET /things keeps its contract: never observed: 418\n" in said
    assert "8 of 9 documented statuses" in said
    assert as_json(found, FuzzConfig())["statuses"] == {
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
def test_class_of_statuses_means_each_of_them(pattern: str, status: int, is_meant: bool) -> None:  # noqa: FBT001  # a table's column
    assert fits(pattern, status) is is_meant
