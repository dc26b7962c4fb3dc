"""A run as JUnit XML: one suite for each operation, one case for each check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from specwitness.fuzz.report.summary import check_of, describe_failure
from specwitness.model import Outcome, Witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from specwitness.fuzz.run import FuzzRun

# XML 1.0 cannot hold these characters, such as NUL (XML 1.0 §2.2).
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(run: FuzzRun, overrides: Mapping[str, Any], path: Path) -> None:
    """Write a run to a file.

    Args:
        run: The run.
        overrides: The settings of the command line, which the line of a test repeats.
        path: The file; its folders are created.
    """
    report = JUnitXml("specwitness fuzz")
    suites: dict[str, list[TestCase]] = {}
    for witness in run.witnesses:
        name = str((witness.example or {}).get("operation", ""))
        suites.setdefault(name, []).append(_make_case(name, witness, overrides))
    for name, cases in suites.items():
        report.add_testsuite(_make_suite(name, cases))
    if run.broken_off:
        case = TestCase("the service", "specwitness fuzz")
        case.result = Error(_write(str(run.broken_off)), "gone")
        report.add_testsuite(_make_suite("the run", [case]))
    report.update_statistics()  # type: ignore[no-untyped-call]  # junitparser types most, not this
    path.parent.mkdir(parents=True, exist_ok=True)
    report.write(str(path), pretty=True)


def _make_suite(name: str, cases: Iterable[TestCase]) -> TestSuite:
    suite = TestSuite(_write(name))
    for case in cases:
        suite.add_testcase(case)
    return suite


def _make_case(operation: str, witness: Witness, overrides: Mapping[str, Any]) -> TestCase:
    case = TestCase(check_of(witness)[1], _write(operation))
    if witness.outcome is Outcome.FAILED:
        failure = Failure(_write(witness.name), "broken")
        failure.text = _write(describe_failure(witness, overrides))
        case.result = failure
    elif witness.outcome is Outcome.SKIPPED:
        case.result = Skipped(_write(witness.detail or ""))
    return case


def _write(text: str) -> str:
    return _UNWRITABLE.sub("�", text)
