"""The witnesses of one requirement, grouped by kind for the report."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from specwitness.errors import EvidenceError
from specwitness.model import Location, Outcome, TracedRequirement, Witness, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TITLES = {
    WitnessKind.SCENARIO: "Scenarios",
    WitnessKind.TEST: "Tests",
    WitnessKind.CONTRACT: "Contract",
    WitnessKind.FUZZ: "Fuzz",
    WitnessKind.BENCHMARK: "Benchmarks",
}
# From worst to best: a cell with several checks shows the worst outcome.
_WORST_FIRST = [Outcome.FAILED, Outcome.SKIPPED, Outcome.XFAILED, Outcome.PASSED]
_OPERATION, _CREDENTIAL = "operation", "credential"


@dataclass(frozen=True)
class ExampleTable:
    """A scenario's Examples rows with the outcome of each."""

    title: str
    header: tuple[str, ...]
    rows: tuple[Witness, ...]


@dataclass(frozen=True)
class FuzzCell:
    """The result of all checks of one operation with one credential."""

    outcome: Outcome
    cases: int


@dataclass(frozen=True)
class FuzzRow:
    """One operation with a cell for each credential; None where nothing was sent."""

    operation: str
    location: Location | None
    cells: tuple[FuzzCell | None, ...]


@dataclass(frozen=True)
class FuzzGrid:
    """A table of operations (rows) by credentials (columns)."""

    credentials: tuple[str, ...]
    rows: tuple[FuzzRow, ...]


@dataclass(frozen=True)
class Group:
    """The witnesses of one kind: tables of Examples rows and fuzz checks, and a list of the others."""

    kind: WitnessKind
    title: str
    outcomes: tuple[tuple[Outcome, int], ...]
    tables: tuple[ExampleTable, ...]
    grid: FuzzGrid | None
    entries: tuple[Witness, ...]


@dataclass(frozen=True)
class Proof:
    """A requirement with its witnesses."""

    traced: TracedRequirement
    groups: tuple[Group, ...]
    counts: Mapping[WitnessKind, int]


def prove(traced: TracedRequirement, witnesses: Mapping[str, Witness]) -> Proof:
    """Group the witnesses of a requirement.

    Args:
        traced: The requirement with the ids of its witnesses.
        witnesses: All witnesses of the trace by id.

    Raises:
        EvidenceError: The trace names a witness that is not in it.
    """
    by_kind: defaultdict[WitnessKind, list[Witness]] = defaultdict(list)
    for name in traced.witnesses:
        if name not in witnesses:
            raise EvidenceError(
                f"the trace names the witness {name!r} of {traced.requirement.key}, but has no such witness",
                where=str(traced.requirement.location),
                remedy="run `specwitness verify` again to write a new trace",
            )
        by_kind[witnesses[name].kind].append(witnesses[name])
    groups = tuple(_group(kind, sorted(by_kind[kind], key=_place)) for kind in TITLES if kind in by_kind)
    return Proof(traced, groups, {kind: len(found) for kind, found in by_kind.items()})


def _place(witness: Witness) -> tuple[str, int, str]:
    location = witness.location
    return (location.file if location else "", location.line if location else 0, witness.id)


def _group(kind: WitnessKind, witnesses: list[Witness]) -> Group:
    tabled: list[Witness] = []
    grid = None
    if kind is WitnessKind.SCENARIO:
        tabled = [witness for witness in witnesses if witness.example]
    elif kind is WitnessKind.FUZZ:
        tabled = [
            witness for witness in witnesses if {_OPERATION, _CREDENTIAL} <= (witness.example or {}).keys()
        ]
        grid = _grid(tabled) if tabled else None
    entries = [witness for witness in witnesses if witness not in tabled]
    if grid:
        entries += [witness for witness in tabled if witness.outcome is not Outcome.PASSED or witness.detail]
    counted = Counter(witness.outcome for witness in witnesses)
    return Group(
        kind=kind,
        title=TITLES[kind],
        outcomes=tuple((outcome, counted[outcome]) for outcome in _WORST_FIRST if counted[outcome]),
        tables=() if grid else _tables(tabled),
        grid=grid,
        entries=tuple(sorted(entries, key=lambda witness: _WORST_FIRST.index(witness.outcome))),
    )


def _tables(witnesses: Iterable[Witness]) -> tuple[ExampleTable, ...]:
    found: defaultdict[tuple[str, tuple[str, ...]], list[Witness]] = defaultdict(list)
    for witness in witnesses:
        found[witness.name, tuple(witness.example or {})].append(witness)
    return tuple(ExampleTable(title, header, tuple(rows)) for (title, header), rows in found.items())


def _grid(witnesses: list[Witness]) -> FuzzGrid:
    cells: defaultdict[tuple[str, str], list[Witness]] = defaultdict(list)
    places: dict[str, Location | None] = {}
    for witness in witnesses:
        example = witness.example or {}
        cells[example[_OPERATION], example[_CREDENTIAL]].append(witness)
        places.setdefault(example[_OPERATION], witness.location)
    credentials = tuple(sorted({credential for _, credential in cells}))
    rows = tuple(
        FuzzRow(
            operation,
            place,
            tuple(_cell(cells.get((operation, credential), [])) for credential in credentials),
        )
        for operation, place in places.items()
    )
    return FuzzGrid(credentials, rows)


def _cell(checks: list[Witness]) -> FuzzCell | None:
    if not checks:
        return None
    cases = sum(check.counts.get("cases", 0) for check in checks)
    return FuzzCell(min((check.outcome for check in checks), key=_WORST_FIRST.index), cases)
