"""How every report names and explains verdicts, and makes invisible characters visible."""

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
"""One sign a verdict, so that none is told by colour alone; worst first, the order of all lists."""

MEANINGS = {
    Verdict.FAILING: "At least one of its witnesses failed.",
    Verdict.VACUOUS: "Its witnesses stay green under every fault planted on purpose: they prove nothing.",
    Verdict.SUSPECT: "Its text changed since it was accepted, so its evidence may speak of the old words.",
    Verdict.SILENT: "No witness ran for it; skipped ones do not count.",
    Verdict.WAIVED: "It may stay without proof until the day given, for the reason given.",
    Verdict.UNFALSIFIED: "Its witnesses are green, but none was ever seen red: they may be unable to fail.",
    Verdict.PROVEN: "Its witnesses are green, and at least one turned red under a fault planted on purpose.",
}

SETTLED = frozenset({Verdict.PROVEN, Verdict.UNFALSIFIED, Verdict.WAIVED})
"""The verdicts that ask nothing of anybody today."""

NOUNS = {
    WitnessKind.SCENARIO: "scenario",
    WitnessKind.TEST: "test",
    WitnessKind.CONTRACT: "contract check",
    WitnessKind.FUZZ: "fuzz check",
    WitnessKind.BENCHMARK: "benchmark",
}

LONGEST_WORD = 20
"""Characters of a word that a table cell holds unbroken."""

# C0 but tab and newline, DEL, C1, and the marks that turn the direction of text: they would run
# terminal commands, or make a line read as something that it is not.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def show_unseen(text: str) -> str:
    r"""Spell out control and direction characters, such as `\x1b`; tab and newline stay."""
    return _UNSEEN.sub(lambda found: ascii(found.group())[1:-1], text.replace("\r\n", "\n"))


def on_one_line(text: str) -> str:
    """Spell out what cannot be seen and fold white space, for places that hold one line."""
    return " ".join(show_unseen(text).split())


def printable(text: str, console: Console) -> str:
    """Spell out what a console cannot encode: an arrow must not turn a kept run into a crash."""
    return text.encode(console.encoding, "backslashreplace").decode(console.encoding)


def is_long(text: str) -> bool:
    """Tell whether a word of a cell must be broken, lest it stretch the table."""
    return any(len(word) > LONGEST_WORD for word in text.split())


def count_of(count: int, noun: str) -> str:
    """Write a number with its noun, such as `1,200 cases`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def count_witnesses(counts: Mapping[WitnessKind, int]) -> str:
    """List how many witnesses of each kind there are, such as `3 scenarios, 1 test`."""
    return (
        ", ".join(count_of(counts[kind], NOUNS[kind]) for kind in NOUNS if counts.get(kind)) or "no witness"
    )


def unsettled(requirements: Iterable[TracedRequirement]) -> list[TracedRequirement]:
    """List the requirements that still ask for work, worst first."""
    return by_gravity(requirement for requirement in requirements if requirement.verdict not in SETTLED)


def by_gravity(requirements: Iterable[TracedRequirement]) -> list[TracedRequirement]:
    """Sort by verdict, worst first; within a verdict the order of the spec stays."""
    order = list(SYMBOLS)
    return sorted(requirements, key=lambda requirement: order.index(requirement.verdict))
