"""The summary of a run in the terminal: counts, findings, requirements without evidence, result."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from specwitness.model import Finding, Outcome, Trace, TracedRequirement, Verdict, WitnessKind
from specwitness.report.wording import (
    MEANINGS,
    SYMBOLS,
    count_of,
    needing_work,
    on_one_line,
    printable,
    worst_first,
)

if TYPE_CHECKING:
    from rich.console import Console

FINDINGS_OF_A_KIND = 40
STYLES = {
    Verdict.FAILING: "bold red",
    Verdict.VACUOUS: "magenta",
    Verdict.SUSPECT: "yellow",
    Verdict.SILENT: "bold",
    Verdict.WAIVED: "yellow",
    Verdict.UNFALSIFIED: "cyan",
    Verdict.PROVEN: "green",
}


def print_summary(trace: Trace, console: Console) -> None:
    """Print the summary of a run; the last line is the result.

    Each finding and each requirement is one unbroken line, so that `file:line` can be searched for.
    """
    _print_counts(trace, console)
    for name, value in trace.environment.items():
        _print_line(console, f"{name}: {value}")
    for reason, count in _find_skips(trace).items():
        _print_line(console, f"{count_of(count, 'test')} skipped: {reason}")
    for code, findings in groupby(trace.findings, key=attrgetter("code")):
        _print_findings(code, list(findings), console)
    for traced in needing_work(trace.requirements):
        _print_line(console, _open_line(traced))
    for traced in worst_first(trace.requirements):
        if traced.verdict is Verdict.WAIVED:
            _print_line(console, _waived_line(traced))
    _print_line(console, result_line(trace), "bold green" if trace.result == "kept" else "bold red")


def result_line(trace: Trace) -> str:
    """Return the result as a line: `broken: 38 of 40 requirements witnessed, 1 waived; 2 findings`."""
    total = len(trace.requirements)
    waived = trace.summary.get(Verdict.WAIVED, 0)
    done = total - len(needing_work(trace.requirements)) - waived
    line = f"{trace.result}: {done} of {total} requirements witnessed"
    if waived:
        line += f", {waived} waived"
    if trace.findings:
        line += f"; {count_of(len(trace.findings), 'finding')}"
    return line


def _find_skips(trace: Trace) -> Counter[str]:
    """Count the skipped tests by reason; skipped fuzz checks are findings and are listed there."""
    return Counter(
        witness.detail or "no reason given"
        for witness in trace.witnesses
        if witness.outcome is Outcome.SKIPPED and witness.kind is WitnessKind.TEST
    )


def _print_counts(trace: Trace, console: Console) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for verdict in SYMBOLS:
        if count := trace.summary.get(verdict, 0):
            word = Text(printable(f"{SYMBOLS[verdict]} {verdict.value}", console), STYLES[verdict])
            table.add_row(str(count), word, Text(MEANINGS[verdict], "dim"))
    console.print(table)


def _print_findings(code: str, findings: list[Finding], console: Console) -> None:
    shown = findings[:FINDINGS_OF_A_KIND]
    for remedy, alike in groupby(shown, key=attrgetter("remedy")):
        for finding in alike:
            _print_line(console, str(finding.model_copy(update={"remedy": None})), "red")
        if remedy:
            _print_line(console, f"  → {remedy}")
    if left := len(findings) - len(shown):
        _print_line(
            console, f"  and {count_of(left, 'more finding')} of this kind ({code}): see the report for all"
        )


def _open_line(traced: TracedRequirement) -> str:
    requirement = traced.requirement
    return f"{requirement.key} {traced.verdict.value}: {requirement.location}: {requirement.text}"


def _waived_line(traced: TracedRequirement) -> str:
    key, evidence = traced.requirement.key, traced.evidence.value
    if traced.waiver is None:
        return f"{key} waived ({evidence})"
    return f"{key} waived until {traced.waiver.until}: {traced.waiver.reason} ({evidence})"


def _print_line(console: Console, line: str, style: str = "") -> None:
    indent = "  " if line.startswith("  ") else ""
    shown = printable(indent + on_one_line(line), console)
    console.print(Text(shown, style), soft_wrap=True)
