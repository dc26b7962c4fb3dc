"""Finds every reason why a run is broken, with its location and remedy."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from specwitness.model import NOTHING_TO_JUDGE, Finding, Location, Outcome, Verdict, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from specwitness.gherkin import Pickle
    from specwitness.model import Requirement, TracedRequirement, Waiver, Witness

DRIFT = "drift"
"""The code of the finding that a spec and its feature file differ."""

# Failures are listed in this order: a contract finding names the line to fix, a test only the effect.
ORDER_OF_FAILURES = (
    WitnessKind.CONTRACT,
    WitnessKind.SCENARIO,
    WitnessKind.FUZZ,
    WitnessKind.TEST,
    WitnessKind.BENCHMARK,
)

SKIPS = frozenset({Outcome.SKIPPED, Outcome.XFAILED})
# A spec or a contract requires these runs, so that a skip is a finding. A skipped test is none: its
# requirement may have other tests.
REMEDIES_OF_SKIPS = {
    WitnessKind.SCENARIO: "make it run, or waive its requirements in [tool.specwitness]",
    WitnessKind.FUZZ: "give the target the credentials and data that it needs, or waive its requirements",
    WitnessKind.CONTRACT: "make it run, or waive its requirements in [tool.specwitness]",
}


def find_unbound(pickles: Sequence[Pickle], witnesses: Sequence[Witness]) -> Iterator[Finding]:
    """Find the scenarios that no test ran; one finding for all rows of an outline."""
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
    """Find the keys that witnesses name and no spec defines."""
    seen: set[tuple[str, str]] = set()
    for witness in witnesses:
        for key in witness.requirements:
            place = str(witness.location or witness.id)
            if key not in known and (key, place) not in seen:
                seen.add((key, place))
                yield Finding(
                    code="unknown-requirement",
                    message=f"{witness.name} testifies for {key}, which no spec defines",
                    location=witness.location,
                    requirements=(key,),
                    remedy="fix the key, or write the requirement into a spec",
                )


def find_failing(witnesses: Sequence[Witness], waived: set[str]) -> Iterator[Finding]:
    """Find the witnesses that failed, except those whose requirements are all waived."""
    for witness in sorted(witnesses, key=lambda item: ORDER_OF_FAILURES.index(item.kind)):
        covered = bool(witness.requirements) and waived.issuperset(witness.requirements)
        if witness.outcome is Outcome.FAILED and not covered:
            yield Finding(
                code="failing",
                message=f"{witness.name}: {witness.detail or 'failed'}",
                location=witness.location,
                requirements=witness.requirements,
                remedy="fix the code; if the spec is wrong, change the spec first",
            )


def find_skipped(
    witnesses: Sequence[Witness], traced: Sequence[TracedRequirement], waived: set[str]
) -> Iterator[Finding]:
    """Find the scenarios, contract checks and fuzz checks that were skipped.

    Left out are those whose requirements are all waived or reported as silent, and checks that had
    nothing to judge: a requirement for which they alone would testify is silent.
    """
    reported = waived | {
        item.requirement.key
        for item in traced
        if item.verdict is Verdict.SILENT and not item.requirement.question
    }
    for witness in sorted(witnesses, key=lambda item: (ORDER_OF_FAILURES.index(item.kind), place_of(item))):
        is_reported = bool(witness.requirements) and reported.issuperset(witness.requirements)
        is_idle = bool(witness.counts.get(NOTHING_TO_JUDGE))
        if witness.kind in REMEDIES_OF_SKIPS and witness.outcome in SKIPS and not (is_reported or is_idle):
            reason = f": {witness.detail}" if witness.detail else ""
            yield Finding(
                code="skipped",
                message=f"{witness.name} was {witness.outcome}{reason}",
                location=witness.location,
                requirements=witness.requirements,
                remedy=REMEDIES_OF_SKIPS[witness.kind],
            )


def find_silent(traced: Sequence[TracedRequirement], witnesses: Sequence[Witness]) -> Iterator[Finding]:
    """Find the silent requirements, with the reason why nothing testifies for them."""
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
            remedy="answer the question in the spec"
            if item.requirement.question
            else "name it in a scenario, a test or an operation, or waive it in [tool.specwitness]",
        )


def _why_silent(requirement: Requirement, witnesses: Sequence[Witness]) -> str:
    if requirement.question:
        return "it is still an open question"
    if not witnesses:
        return "no test, scenario or check that ran names it"
    first = witnesses[0]
    where = first.location or first.id
    count = f"all {len(witnesses)} witnesses were" if len(witnesses) > 1 else "its witness was"
    reason = f" ({first.detail})" if first.detail else ""
    return f"{count} {first.outcome}, at {where}{reason}"


def find_bad_waivers(
    waivers: Sequence[Waiver], known: set[str], today: date, places: Mapping[str, Location]
) -> Iterator[Finding]:
    """Find the waivers of requirements that no spec defines, and those that have expired."""
    for waiver in waivers:
        if waiver.requirement not in known:
            yield Finding(
                code="waiver",
                message=f"the waiver of {waiver.requirement} is for a requirement that no spec defines",
                location=places.get(waiver.requirement),
                requirements=(waiver.requirement,),
                remedy="remove it from [tool.specwitness] waivers",
            )
        elif today > waiver.until:
            yield Finding(
                code="waiver",
                message=f"the waiver of {waiver.requirement} expired on {waiver.until.isoformat()}",
                location=places.get(waiver.requirement),
                requirements=(waiver.requirement,),
                remedy="test the requirement, or give the waiver a later date and a reason",
            )


def place_of(witness: Witness) -> tuple[str, int, str]:
    """Return the key to sort witnesses by: file, line, id."""
    location = witness.location
    return (location.file, location.line, witness.id) if location else ("", 0, witness.id)
