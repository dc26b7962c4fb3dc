"""Joins requirements and witnesses by key, and decides the verdict of each requirement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from specwitness.findings import (
    DRIFT,
    find_bad_waivers,
    find_failing,
    find_silent,
    find_skipped,
    find_unbound,
    find_unknown,
    place_of,
)
from specwitness.model import Outcome, SpecSource, Trace, TracedRequirement, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from specwitness.gherkin import Pickle
    from specwitness.model import Location, Requirement, Spec, Waiver, Witness
    from specwitness.records import Evidence

GREEN = frozenset({Verdict.PROVEN, Verdict.UNFALSIFIED, Verdict.WAIVED})


class Origin(NamedTuple):
    """The revision and the repository that the run was made on."""

    revision: str | None
    repository: str | None


def build_trace(
    specs: Sequence[Spec],
    pickles: Sequence[Pickle],
    evidence: Evidence,
    *,
    waivers: Sequence[Waiver],
    today: date,
    origin: Origin,
    places: Mapping[str, Location],
) -> Trace:
    """Build the trace of a run.

    Args:
        specs: The specs, with the requirements.
        pickles: The scenarios and Examples rows of the feature files.
        evidence: The witnesses and findings of the run.
        waivers: The waivers; expired ones have no effect.
        today: The day of the run, for the waivers.
        origin: Revision and repository, for links.
        places: The location of each waiver, by the key of its requirement.
    """
    requirements = [requirement for spec in specs for requirement in spec.requirements]
    known = {requirement.key for requirement in requirements}
    drifted = {key for finding in evidence.findings if finding.code == DRIFT for key in finding.requirements}
    active = [waiver for waiver in waivers if today <= waiver.until]
    traced = [
        _trace(requirement, evidence.witnesses, active, is_drifted=requirement.key in drifted)
        for requirement in requirements
    ]
    waived = {waiver.requirement for waiver in active}
    findings = [
        *evidence.findings,
        *find_unbound(pickles, evidence.witnesses),
        *find_unknown(evidence.witnesses, known),
        *find_failing(evidence.witnesses, waived),
        *find_skipped(evidence.witnesses, traced, waived),
        *find_silent(traced, evidence.witnesses),
        *find_bad_waivers(waivers, known, today, places),
    ]
    summary: dict[Verdict, int] = dict.fromkeys(Verdict, 0)
    for item in traced:
        summary[item.verdict] += 1
    return Trace(
        revision=origin.revision,
        repository=origin.repository,
        result="broken" if findings else "kept",
        environment=dict(sorted(evidence.environment.items())),
        summary=summary,
        specs=tuple(
            SpecSource(
                namespace=spec.namespace,
                title=spec.title,
                path=spec.path,
                text=spec.text,
                stories=spec.stories,
            )
            for spec in specs
        ),
        requirements=tuple(traced),
        witnesses=tuple(sorted(evidence.witnesses, key=lambda witness: (witness.kind, place_of(witness)))),
        findings=tuple(findings),
    )


def judge(requirement: Requirement, witnesses: Sequence[Witness], *, is_drifted: bool) -> Verdict:
    """Decide the verdict of a requirement by its witnesses, without waivers.

    Args:
        requirement: The requirement.
        witnesses: The witnesses that name it.
        is_drifted: Its spec and the feature derived from it differ, so that an old text may have run.
    """
    outcomes = {witness.outcome for witness in witnesses}
    if Outcome.FAILED in outcomes:
        return Verdict.FAILING
    if requirement.question or Outcome.PASSED not in outcomes:
        return Verdict.SILENT
    return Verdict.SUSPECT if is_drifted else Verdict.UNFALSIFIED


def _trace(
    requirement: Requirement, witnesses: Sequence[Witness], waivers: Sequence[Waiver], *, is_drifted: bool
) -> TracedRequirement:
    own = [witness for witness in witnesses if requirement.key in witness.requirements]
    evidence = judge(requirement, own, is_drifted=is_drifted)
    waiver = next((item for item in waivers if item.requirement == requirement.key), None)
    waived = waiver is not None and evidence not in GREEN
    return TracedRequirement(
        requirement=requirement,
        verdict=Verdict.WAIVED if waived else evidence,
        evidence=evidence,
        waiver=waiver if waived else None,
        witnesses=tuple(sorted(witness.id for witness in own)),
    )
