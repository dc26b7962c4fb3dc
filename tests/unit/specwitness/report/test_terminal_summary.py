"""The summary in the terminal: lines that can be searched, and the result last."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from specwitness.model import Outcome, Verdict, WitnessKind
from specwitness.report import print_summary
from tests.support.sample_trace import sample_trace

if TYPE_CHECKING:
    from specwitness.model import Trace

TRACE = sample_trace()


def _print(trace: Trace, *, width: int = 60, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    print_summary(trace, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


LINES = _print(TRACE).splitlines()


def test_last_line_is_the_result() -> None:
    total = len(TRACE.requirements)
    witnessed = TRACE.summary[Verdict.PROVEN] + TRACE.summary[Verdict.UNFALSIFIED]
    assert LINES[-1] == f"broken: {witnessed} of {total} requirements witnessed, 2 waived; 4 findings"


def test_kept_run_ends_with_kept() -> None:
    kept = TRACE.model_copy(update={"result": "kept", "findings": (), "requirements": ()})
    assert _print(kept).splitlines()[-1].startswith("kept: ")


def test_finding_is_one_unbroken_line_in_a_narrow_terminal() -> None:
    assert (
        "features/003-jwt-auth-middleware.feature:141: an expired token was answered with 200 "
        "[003/US1/AC5, 003/FR-003, 003/FR-006]"
    ) in LINES
    assert "  → see the scenario's failure; the step is tests/bdd/test_requests.py:88" in LINES


def test_each_requirement_without_evidence_has_one_line_with_its_location() -> None:
    [line] = [line for line in LINES if line.startswith("003/SC-005 ")]
    assert line.startswith("003/SC-005 silent: specs/003-jwt-auth-middleware/spec.md:")


def test_requirement_with_evidence_has_no_line() -> None:
    assert not [line for line in LINES if line.startswith(("003/FR-001 ", "003/FR-004 "))]


def test_waiver_has_one_line_with_its_date_and_reason() -> None:
    assert "003/FR-010 waived until 2027-03-31: comes with the export of user data (silent)" in LINES


def test_each_verdict_that_occurs_is_counted() -> None:
    head = [line.split()[:3] for line in LINES if line[:2].strip().isdigit()]
    for verdict, count in TRACE.summary.items():
        assert any(words[0] == str(count) and words[2] == verdict.value for words in head), verdict


def test_no_escape_codes_are_written_to_a_file() -> None:
    assert "\x1b" not in "\n".join(LINES)


def test_hostile_text_sends_no_escape_codes_to_a_terminal() -> None:
    shown = _print(TRACE, terminal=True)
    assert "\\x1b[31m" in shown
    assert "\x1b[31m\u202e" not in shown
    assert "\u202e" not in shown


def test_square_brackets_are_not_markup() -> None:
    assert any("[tool.specwitness]" in line for line in LINES)


def test_console_without_unicode_gets_escapes() -> None:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding="ascii"), width=80)
    print_summary(TRACE, console)
    console.file.flush()
    assert raw.getvalue().decode("ascii").splitlines()[-1].startswith("broken: ")


def test_equal_traces_print_the_same() -> None:
    assert _print(sample_trace()).splitlines() == LINES


def test_environment_is_printed_in_a_line() -> None:
    trace = TRACE.model_copy(update={"environment": {"PostgreSQL": "embedded, server 18.4"}})
    assert "PostgreSQL: embedded, server 18.4" in _print(trace).splitlines()


def test_long_list_of_findings_is_cut_and_counted() -> None:
    finding = TRACE.findings[0]
    many = tuple(finding.model_copy(update={"message": f"no {number}"}) for number in range(50))
    printed = _print(TRACE.model_copy(update={"findings": many}), width=200)
    assert "no 39 " in printed
    assert "no 40 " not in printed
    assert "and 10 more findings of this kind" in printed


def test_skipped_tests_are_counted_in_one_line() -> None:
    [witness] = [witness for witness in TRACE.witnesses if witness.kind is WitnessKind.TEST][:1]
    skipped = witness.model_copy(update={"outcome": Outcome.SKIPPED, "detail": "there is no pgbouncer"})
    trace = TRACE.model_copy(update={"witnesses": (skipped, skipped, witness)})
    assert "2 tests skipped: there is no pgbouncer" in _print(trace).splitlines()
