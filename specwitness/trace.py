"""Joins requirements and witnesses by key and gives each requirement its verdict."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from specwitness.model import (
    Finding,
    Location,
    Outcome,
    SpecSource,
    Trace,
    TracedRequirement,
    Verdict,
    Waiver,
    WitnessKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from specwitness.gherkin import Pickle
    from specwitness.model import Requirement, Spec, Witness
    from specwitness.records import Evidence

# Whose failure tells most of what is wrong: the contract names the place, a test only the effect.
TELLING = (
    WitnessKind.CONTRACT,
    WitnessKind.SCENARIO,
    WitnessKind.FUZZ,
    WitnessKind.TEST,
    WitnessKind.BENCHMARK,
)
GREEN = frozenset({Verdict.PROVEN, Verdict.UNFALSIFIED, Verdict.WAIVED})


class Origin(NamedTuple):
    """Which revision of which repository was tried."""

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
) -> Trace:
    """Join everything into the trace.

    Args:
        specs: What is required.
        pickles: What the feature files ask to be run.
        evidence: What ran.
        waivers: Which requirements may stay without proof; one whose day has passed counts no more.
        today: The day of the run, for the waivers.
        origin: Revision and repository, for links.
    """
    requirements = [requirement for spec in specs for requirement in spec.requirements]
    known = {requirement.key for requirement in requirements}
    traced = [_trace(requirement, evidence.witnesses, waivers, today) for requirement in requirements]
    findings = [
        *evidence.findings,
        *_find_unbound(pickles, evidence.witnesses),
        *_find_unknown(evidence.witnesses, known),
        *_find_failing(evidence.witnesses, {item.requirement.key for item in traced if item.waiver}),
        *_find_unproven(traced, evidence.witnesses),
        *_find_bad_waivers(waivers, known, today),
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
        witnesses=tuple(sorted(evidence.witnesses, key=lambda witness: (witness.kind, _place(witness)))),
        findings=tuple(findings),
    )


def judge(requirement: Requirement, witnesses: Sequence[Witness]) -> Verdict:
    """Give the verdict that the witnesses of one requirement carry, waivers aside."""
    outcomes = {witness.outcome for witness in witnesses}
    if Outcome.FAILED in outcomes:
        return Verdict.FAILING
    if requirement.question or Outcome.PASSED not in outcomes:
        return Verdict.SILENT
    return Verdict.UNFALSIFIED


def _trace(
    requirement: Requirement, witnesses: Sequence[Witness], waivers: Sequence[Waiver], today: date
) -> TracedRequirement:
    own = [witness for witness in witnesses if requirement.key in witness.requirements]
    evidence = judge(requirement, own)
    waiver = next(
        (item for item in waivers if item.requirement == requirement.key and today <= item.until), None
    )
    waived = waiver is not None and evidence not in GREEN
    return TracedRequirement(
        requirement=requirement,
        verdict=Verdict.WAIVED if waived else evidence,
        evidence=evidence,
        waiver=waiver if waived else None,
        witnesses=tuple(sorted(witness.id for witness in own)),
    )


def _place(witness: Witness) -> tuple[str, int, str]:
    location = witness.location
    return (location.file, location.line, witness.id) if location else ("", 0, witness.id)


def _find_unbound(pickles: Sequence[Pickle], witnesses: Sequence[Witness]) -> Iterator[Finding]:
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


def _find_unknown(witnesses: Sequence[Witness], known: set[str]) -> Iterator[Finding]:
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


def _find_failing(witnesses: Sequence[Witness], waived: set[str]) -> Iterator[Finding]:
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


def _find_unproven(traced: Sequence[TracedRequirement], witnesses: Sequence[Witness]) -> Iterator[Finding]:
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


def _find_bad_waivers(waivers: Sequence[Waiver], known: set[str], today: date) -> Iterator[Finding]:
    for waiver in waivers:
        if waiver.requirement not in known:
            yield Finding(
                code="waiver",
                message=f"the waiver of {waiver.requirement} is for a requirement that no spec holds",
                requirements=(waiver.requirement,),
                remedy="remove it from [tool.specwitness] waivers",
            )
        elif today > waiver.until:
            yield Finding(
                code="waiver",
                message=f"the waiver of {waiver.requirement} ended on {waiver.until.isoformat()}",
                requirements=(waiver.requirement,),
                remedy="prove the requirement, or give the waiver a new end and say why",
            )
