"""Finds every reason for which a run is not kept, with its place and the way out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from specwitness.model import Finding, Location, Outcome, Verdict, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from specwitness.gherkin import Pickle
    from specwitness.model import Requirement, TracedRequirement, Waiver, Witness

DRIFT = "drift"
"""The code of a finding that a spec and its feature differ."""

# Whose failure tells most of what is wrong: the contract names the place, a test only the effect.
TELLING = (
    WitnessKind.CONTRACT,
    WitnessKind.SCENARIO,
    WitnessKind.FUZZ,
    WitnessKind.TEST,
    WitnessKind.BENCHMARK,
)

SKIPS = frozenset({Outcome.SKIPPED, Outcome.XFAILED})
# A skipped test may have a green one beside it; these are what a spec or a contract asks to be run.
ASKED_FOR = {
    WitnessKind.SCENARIO: "let it run, or waive its requirements in [tool.specwitness]",
    WitnessKind.FUZZ: "let the target give its credential and stored state, or waive its requirements",
    WitnessKind.CONTRACT: "let it run, or waive its requirements in [tool.specwitness]",
}


def find_unbound(pickles: Sequence[Pickle], witnesses: Sequence[Witness]) -> Iterator[Finding]:
    """Find the scenarios that no test ran, those of one outline together."""
    ran = {witness.id for witness in witnesses if witness.kind is WitnessKind.SCENARIO}
    unbound: dict[tuple[str, str], list[Pickle]] = defaultdict(list)
    for pickle in pickles:
        if str(pickle.location) not in ran:
            unbound[pickle.feature, pickle.name].append(pickle)
    for (feature, name), rows in unbound.items():
        keys = tuple(dict.fromkeys(key for row in rows for key in row.requirements))
        yield Finding(
            code="unbound",
            message=f"no test runs the scenario “{name}”",
            location=Location(file=feature, line=rows[0].scenario_line),
            requirements=keys,
            remedy=f'bind it in a test module: scenarios("{feature.rpartition("/")[2]}")',
        )


def find_unknown(witnesses: Sequence[Witness], known: set[str]) -> Iterator[Finding]:
    """Find the keys that witnesses name and no spec holds."""
    seen: set[tuple[str, str]] = set()
    for witness in witnesses:
        for key in witness.requirements:
            place = str(witness.location or witness.id)
            if key not in known and (key, place) not in seen:
                seen.add((key, place))
                yield Finding(
                    code="unknown-requirement",
                    message=f"{witness.name} testifies for {key}, which no spec holds",
                    location=witness.location,
                    requirements=(key,),
                    remedy="mend the key, or write the requirement into the spec",
                )


def find_failing(witnesses: Sequence[Witness], waived: set[str]) -> Iterator[Finding]:
    """Find the witnesses that failed, but for those of which all requirements are waived."""
    for witness in sorted(witnesses, key=lambda item: TELLING.index(item.kind)):
        covered = bool(witness.requirements) and waived.issuperset(witness.requirements)
        if witness.outcome is Outcome.FAILED and not covered:
            yield Finding(
                code="failing",
                message=f"{witness.name}: {witness.detail or 'failed'}",
                location=witness.location,
                requirements=witness.requirements,
                remedy="mend the code, or change the spec first if the spec is wrong",
            )


def find_skipped(
    witnesses: Sequence[Witness], traced: Sequence[TracedRequirement], waived: set[str]
) -> Iterator[Finding]:
    """Find what was asked for and skipped, but for what silent requirements and waivers tell already."""
    told = waived | {
        item.requirement.key
        for item in traced
        if item.verdict is Verdict.SILENT and not item.requirement.question
    }
    for witness in sorted(witnesses, key=lambda item: (TELLING.index(item.kind), place_of(item))):
        is_told = bool(witness.requirements) and told.issuperset(witness.requirements)
        if witness.kind in ASKED_FOR and witness.outcome in SKIPS and not is_told:
            reason = f": {witness.detail}" if witness.detail else ""
            yield Finding(
                code="skipped",
                message=f"{witness.name} was {witness.outcome}{reason}",
                location=witness.location,
                requirements=witness.requirements,
                remedy=ASKED_FOR[witness.kind],
            )


def find_unproven(traced: Sequence[TracedRequirement], witnesses: Sequence[Witness]) -> Iterator[Finding]:
    """Find the requirements that are silent, and say why."""
    by_id = {witness.id: witness for witness in witnesses}
    for item in traced:
        if item.verdict is not Verdict.SILENT:
            continue
        own = [by_id[identifier] for identifier in item.witnesses]
        yield Finding(
            code="silent",
            message=f"{item.requirement.key} is silent: {_why_silent(item.requirement, own)}",
            location=item.requirement.location,
            requirements=(item.requirement.key,),
            remedy="answer it in the spec"
            if item.requirement.question
            else "let a scenario, a test or an operation name it, or waive it in [tool.specwitness]",
        )


def _why_silent(requirement: Requirement, witnesses: Sequence[Witness]) -> str:
    if requirement.question:
        return "it is still a question"
    if not witnesses:
        return "nothing that ran testifies for it"
    first = witnesses[0]
    where = first.location or first.id
    count = f"all {len(witnesses)} witnesses were" if len(witnesses) > 1 else "its witness was"
    reason = f" ({first.detail})" if first.detail else ""
    return f"{count} {first.outcome}, at {where}{reason}"


def find_bad_waivers(
    waivers: Sequence[Waiver], known: set[str], today: date, places: Mapping[str, Location]
) -> Iterator[Finding]:
    """Find the waivers of requirements that no spec holds, and those whose day has passed."""
    for waiver in waivers:
        if waiver.requirement not in known:
            yield Finding(
                code="waiver",
                message=f"the waiver of {waiver.requirement} is for a requirement that no spec holds",
                location=places.get(waiver.requirement),
                requirements=(waiver.requirement,),
                remedy="remove it from [tool.specwitness] waivers",
            )
        elif today > waiver.until:
            yield Finding(
                code="waiver",
                message=f"the waiver of {waiver.requirement} ended on {waiver.until.isoformat()}",
                location=places.get(waiver.requirement),
                requirements=(waiver.requirement,),
                remedy="prove the requirement, or give the waiver a new end and say why",
            )


def place_of(witness: Witness) -> tuple[str, int, str]:
    """Give what witnesses are sorted by: their place, then their id."""
    location = witness.location
    return (location.file, location.line, witness.id) if location else ("", 0, witness.id)
