"""Turns the reports of a finished test into a witness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from specwitness.model import Location, Outcome, Witness, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from specwitness.gherkin import Pickle
    from specwitness.guard import StepGuard


def testify(
    item: pytest.Item, reports: Sequence[pytest.TestReport], pickle: Pickle | None, guard: StepGuard
) -> Witness:
    """Make the witness of a test.

    Args:
        item: The test.
        reports: The reports of its setup, call and teardown.
        pickle: The scenario or Examples row that it ran; None for other tests.
        guard: The counts of its assertions, and the step that failed.
    """
    outcome, detail = _read_outcome(reports, guard.failed_step)
    named = [str(key) for mark in item.iter_markers("requirement") for key in mark.args]
    keys = tuple(dict.fromkeys([*(pickle.requirements if pickle else ()), *named]))
    counts = {"assertions": guard.step_assertions if pickle else guard.assertions}
    location = locate(item, pickle)
    if pickle:
        return Witness(
            id=str(location),
            kind=WitnessKind.SCENARIO,
            name=pickle.name,
            requirements=keys,
            outcome=outcome,
            location=location,
            example=pickle.example or None,
            counts=counts,
            detail=detail,
        )
    return Witness(
        id=item.nodeid,
        kind=WitnessKind.TEST,
        name=item.name,
        requirements=keys,
        outcome=outcome,
        location=location,
        counts=counts,
        detail=detail,
    )


def locate(item: pytest.Item, pickle: Pickle | None) -> Location:
    """Return the location of a test; of a scenario or Examples row, in its feature file."""
    file, line, _ = item.location
    return pickle.location if pickle else Location(file=Path(file).as_posix(), line=(line or 0) + 1)


def _read_outcome(
    reports: Sequence[pytest.TestReport], failed_step: str | None
) -> tuple[Outcome, str | None]:
    failed = next((report for report in reports if report.failed), None)
    if failed:
        return Outcome.FAILED, " — ".join(part for part in (failed_step, _crash(failed)) if part)
    for report in reports:
        if hasattr(report, "wasxfail"):
            return Outcome.XFAILED, str(report.wasxfail) or None
        if report.skipped:
            return Outcome.SKIPPED, _skip_reason(report)
    return Outcome.PASSED, None


def _crash(report: pytest.TestReport) -> str:
    """Return the first line of the error message of a failed test."""
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    message = crash.message if crash else str(report.longrepr or "failed")
    return message.strip().splitlines()[0] if message.strip() else "failed"


def _skip_reason(report: pytest.TestReport) -> str | None:
    longrepr = report.longrepr
    return str(longrepr[2]).removeprefix("Skipped: ") if isinstance(longrepr, tuple) else None
