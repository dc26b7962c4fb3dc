"""The words that all reports share: verdicts and their meanings, counts, and escaped control characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from specwitness.model import Verdict, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from specwitness.model import TracedRequirement

SYMBOLS = {
    Verdict.FAILING: "✗",
    Verdict.VACUOUS: "○",
    Verdict.SUSPECT: "?",
    Verdict.SILENT: "–",
    Verdict.WAIVED: "‖",
    Verdict.UNFALSIFIED: "◐",
    Verdict.PROVEN: "✓",
}
"""The sign of each verdict, so that colour is not needed to tell them apart; worst verdict first."""

MEANINGS = {
    Verdict.FAILING: "At least one of its witnesses failed.",
    Verdict.VACUOUS: "Its witnesses passed even with a fault planted on purpose: they prove nothing.",
    Verdict.SUSPECT: "Its text changed and its feature file did not: the witnesses may test the old text.",
    Verdict.SILENT: "It has no witness, or all of them were skipped.",
    Verdict.WAIVED: "It needs no evidence until the date of its waiver, for the reason of its waiver.",
    Verdict.UNFALSIFIED: "Its witnesses passed, but none was seen failing: they may be unable to fail.",
    Verdict.PROVEN: "Its witnesses passed, and at least one failed with a fault planted on purpose.",
}
"""The meaning of each verdict, in one sentence for users."""

NEED_NO_WORK = frozenset({Verdict.PROVEN, Verdict.UNFALSIFIED, Verdict.WAIVED})
"""The verdicts that need no work."""

NOUNS = {
    WitnessKind.SCENARIO: "scenario",
    WitnessKind.TEST: "test",
    WitnessKind.CONTRACT: "contract check",
    WitnessKind.FUZZ: "fuzz check",
    WitnessKind.BENCHMARK: "benchmark",
}

LONGEST_WORD = 20
"""The number of characters up to which a word in a table cell is not broken."""

# Control characters (C0 without tab and newline, DEL, C1) can control a terminal; direction marks
# can make a line look like another one.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def escape_controls(text: str) -> str:
    r"""Escape control and direction characters, such as `\x1b`; tab and newline stay."""
    return _CONTROLS.sub(lambda found: ascii(found.group())[1:-1], text.replace("\r\n", "\n"))


def on_one_line(text: str) -> str:
    """Escape control characters, and replace all white space by single blanks."""
    return " ".join(escape_controls(text).split())


def printable(text: str, console: Console) -> str:
    """Escape characters that a console cannot encode: printing an arrow must not crash the command."""
    return text.encode(console.encoding, "backslashreplace").decode(console.encoding)


def is_long(text: str) -> bool:
    """Return whether a word of a table cell is so long that it must be broken."""
    return any(len(word) > LONGEST_WORD for word in text.split())


def count_of(count: int, noun: str) -> str:
    """Write a number with its noun, such as `1,200 cases`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def count_witnesses(counts: Mapping[WitnessKind, int]) -> str:
    """List how many witnesses of each kind there are, such as `3 scenarios, 1 test`."""
    return (
        ", ".join(count_of(counts[kind], NOUNS[kind]) for kind in NOUNS if counts.get(kind)) or "no witness"
    )


def needing_work(requirements: Iterable[TracedRequirement]) -> list[TracedRequirement]:
    """List the requirements whose verdict needs work, worst first."""
    return worst_first(requirement for requirement in requirements if requirement.verdict not in NEED_NO_WORK)


def worst_first(requirements: Iterable[TracedRequirement]) -> list[TracedRequirement]:
    """Sort by verdict, worst first; within a verdict the order of the spec stays."""
    order = list(SYMBOLS)
    return sorted(requirements, key=lambda requirement: order.index(requirement.verdict))
