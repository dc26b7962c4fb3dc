"""The result of a contract check in the terminal and as JSON."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.text import Text

from specwitness.model import RuleLevel
from specwitness.report.wording import count_of, on_one_line, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from specwitness.model import Judgement

_STYLES = {RuleLevel.ERROR: "red", RuleLevel.WARNING: "yellow", RuleLevel.WAIVED: "dim"}


def print_inspection(checked: Mapping[str, str], judged: Sequence[Judgement], console: Console) -> None:
    """Print what the contract was compared with, the findings by level, and the result as the last line."""
    for name, value in checked.items():
        _print(console, f"{name}: {value}")
    for level in (RuleLevel.WAIVED, RuleLevel.WARNING, RuleLevel.ERROR):
        alike = [judgement for judgement in judged if judgement.level is level]
        for (kind, code, remedy), group in groupby(
            alike, key=lambda judgement: (judgement.kind, judgement.code, judgement.remedy)
        ):
            for judgement in group:
                place = f"{judgement.location}: " if judgement.location else ""
                sentence = f"{place}{judgement.message} [{kind}: {code}]"
                waived = f" waived: {judgement.reason}" if judgement.reason else ""
                for number, line in enumerate(f"{sentence}{waived}".splitlines()):
                    _print(console, f"{'  ' if number else ''}{line}", _STYLES[level])
            if remedy and level is not RuleLevel.WAIVED:
                _print(console, f"  → {remedy}")
    _print(console, result_line(judged), "bold red" if count(judged, RuleLevel.ERROR) else "bold green")


def result_line(judged: Sequence[Judgement]) -> str:
    """Return the result as a line: `broken: 2 findings, 1 warning, 1 waived`."""
    errors = count(judged, RuleLevel.ERROR)
    line = f"broken: {count_of(errors, 'finding')}" if errors else "kept: no findings"
    if warnings := count(judged, RuleLevel.WARNING):
        line += f", {count_of(warnings, 'warning')}"
    if waived := count(judged, RuleLevel.WAIVED):
        line += f", {waived} waived"
    return line


def count(judged: Sequence[Judgement], level: RuleLevel) -> int:
    """Count the judgements of a level."""
    return sum(judgement.level is level for judgement in judged)


def render_inspection(document: dict[str, Any]) -> str:
    """Write an inspection as JSON; equal inspections give equal bytes."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _print(console: Console, line: str, style: str = "") -> None:
    indent = "  " if line.startswith("  ") else ""
    console.print(Text(printable(indent + on_one_line(line), console), style), soft_wrap=True)
