"""Verdicts, and every reason why a run is broken."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from specwitness.gherkin import Pickle
from specwitness.model import (
    NOTHING_TO_JUDGE,
    Finding,
    Location,
    Outcome,
    Requirement,
    RequirementKind,
    Spec,
    Trace,
    Verdict,
    Waiver,
    Witness,
    WitnessKind,
)
from specwitness.records import Evidence
from specwitness.trace import Origin, build_trace

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY = date(2026, 1, 10)
KEY = "001/FR-001"


def requirement(key: str = KEY, *, question: bool = False) -> Requirement:
    return Requirement(
        key=key,
        kind=RequirementKind.FUNCTIONAL,
        text="System MUST.",
        location=Location(file="specs/001/spec.md", line=7),
        last_line=7,
        question=question,
    )


def witness(outcome: Outcome, *keys: str, name: str = "test_it", detail: str | None = None) -> Witness:
    return Witness(
        id=name,
        kind=WitnessKind.TEST,
        name=name,
        requirements=keys or (KEY,),
        outcome=outcome,
        location=Location(file="tests/test_it.py", line=3),
        detail=detail,
    )


def trace(
    witnesses: Sequence[Witness] = (),
    *,
    requirements: Sequence[Requirement] = (requirement(),),
    findings: Sequence[Finding] = (),
    pickles: Sequence[Pickle] = (),
    waivers: Sequence[Waiver] = (),
) -> Trace:
    spec = Spec(
        namespace="001",
        title="Any",
        path="specs/001/spec.md",
        text="",
        stories=(),
        requirements=tuple(requirements),
        scenarios=(),
    )
    return build_trace(
        [spec],
        pickles,
        Evidence(witnesses, findings, {}),
        waivers=waivers,
        today=TODAY,
        origin=Origin(None, None),
        places={waiver.requirement: Location(file="pyproject.toml", line=12) for waiver in waivers},
    )


def messages(built: Trace) -> list[str]:
    return [str(finding) for finding in built.findings]


def test_requirement_with_passed_witnesses_is_unfalsified_and_the_run_is_kept() -> None:
    built = trace([witness(Outcome.PASSED)])
    assert built.requirements[0].verdict is Verdict.UNFALSIFIED
    assert built.result == "kept"
    assert built.summary[Verdict.UNFALSIFIED] == 1


def test_one_failed_witness_makes_a_requirement_failing() -> None:
    built = trace([witness(Outcome.PASSED), witness(Outcome.FAILED, name="test_red", detail="assert 1 == 2")])
    assert built.requirements[0].verdict is Verdict.FAILING
    assert built.result == "broken"
    assert messages(built) == [
        (
            "tests/test_it.py:3: test_red: assert 1 == 2 [001/FR-001]"
            " → fix the code; if the spec is wrong, change the spec first"
        )
    ]


def test_requirement_without_witnesses_is_silent_and_breaks_the_run() -> None:
    built = trace()
    assert built.requirements[0].verdict is Verdict.SILENT
    assert built.result == "broken"
    assert messages(built)[0].startswith(
        "specs/001/spec.md:7: 001/FR-001 is silent: no test, scenario or check that ran names it [001/FR-001] → name it in a scenario"
    )


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.XFAILED])
def test_skipped_or_xfailed_witnesses_alone_leave_a_requirement_silent(outcome: Outcome) -> None:
    built = trace([witness(outcome, detail="no engine")])
    assert built.requirements[0].verdict is Verdict.SILENT
    assert built.result == "broken"
    assert f"its witness was {outcome}, at tests/test_it.py:3 (no engine)" in messages(built)[0]


def test_skipped_test_beside_a_passed_one_is_no_finding() -> None:
    built = trace([witness(Outcome.SKIPPED), witness(Outcome.PASSED, name="test_green")])
    assert built.requirements[0].verdict is Verdict.UNFALSIFIED
    assert built.result == "kept"


REQUIRED_RUNS = [WitnessKind.SCENARIO, WitnessKind.FUZZ, WitnessKind.CONTRACT]


def skipped(kind: WitnessKind, *keys: str, outcome: Outcome = Outcome.SKIPPED) -> Witness:
    return witness(outcome, *keys, name="it", detail="never answered 2xx").model_copy(update={"kind": kind})


@pytest.mark.parametrize("kind", REQUIRED_RUNS)
@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.XFAILED])
def test_skipped_scenario_or_check_breaks_the_run_beside_passed_witnesses(
    kind: WitnessKind, outcome: Outcome
) -> None:
    built = trace([witness(Outcome.PASSED), skipped(kind, outcome=outcome)])
    assert built.requirements[0].verdict is Verdict.UNFALSIFIED
    assert built.result == "broken"
    (finding,) = built.findings
    assert finding.code == "skipped"
    assert str(finding).startswith(
        f"tests/test_it.py:3: it was {outcome}: never answered 2xx [001/FR-001] → "
    )
    assert "or waive its requirements" in str(finding)


def test_check_with_nothing_to_judge_is_no_finding_beside_passed_witnesses() -> None:
    idle = skipped(WitnessKind.FUZZ).model_copy(update={"counts": {NOTHING_TO_JUDGE: 1}})
    assert trace([witness(Outcome.PASSED), idle]).findings == ()
    assert [finding.code for finding in trace([idle]).findings] == ["silent"]


def test_skipped_scenario_without_requirements_breaks_the_run() -> None:
    stray = skipped(WitnessKind.SCENARIO).model_copy(update={"requirements": ()})
    assert [finding.code for finding in trace([witness(Outcome.PASSED), stray]).findings] == ["skipped"]


@pytest.mark.parametrize("kind", REQUIRED_RUNS)
def test_skip_is_no_finding_if_all_its_requirements_are_waived(kind: WitnessKind) -> None:
    waiver = Waiver(requirement=KEY, reason="known", until=TODAY)
    assert trace([witness(Outcome.PASSED), skipped(kind)], waivers=[waiver]).result == "kept"


def test_skip_breaks_the_run_if_one_requirement_is_not_waived() -> None:
    waiver = Waiver(requirement=KEY, reason="known", until=TODAY)
    other = "001/FR-002"
    built = trace(
        [witness(Outcome.PASSED, KEY, other), skipped(WitnessKind.FUZZ, KEY, other)],
        requirements=[requirement(), requirement(other)],
        waivers=[waiver],
    )
    assert [finding.code for finding in built.findings] == ["skipped"]


def test_skip_that_leaves_its_requirement_silent_is_reported_once() -> None:
    built = trace([skipped(WitnessKind.SCENARIO), skipped(WitnessKind.SCENARIO)])
    assert [finding.code for finding in built.findings] == ["silent"]


def test_open_question_is_silent_even_with_witnesses() -> None:
    built = trace([witness(Outcome.PASSED)], requirements=[requirement(question=True)])
    assert built.requirements[0].verdict is Verdict.SILENT
    assert "it is still an open question" in messages(built)[0]


def test_waived_silent_requirement_keeps_its_own_verdict_as_evidence() -> None:
    waiver = Waiver(requirement=KEY, reason="later", until=TODAY)
    built = trace(waivers=[waiver])
    (item,) = built.requirements
    assert (item.verdict, item.evidence, item.waiver) == (Verdict.WAIVED, Verdict.SILENT, waiver)
    assert built.result == "kept"


def test_waived_failing_requirement_keeps_its_own_verdict_as_evidence() -> None:
    waiver = Waiver(requirement=KEY, reason="known", until=TODAY)
    built = trace([witness(Outcome.FAILED)], waivers=[waiver])
    assert built.requirements[0].verdict is Verdict.WAIVED
    assert built.requirements[0].evidence is Verdict.FAILING
    assert built.result == "kept"


def test_failed_witness_breaks_the_run_if_one_requirement_is_not_waived() -> None:
    waiver = Waiver(requirement=KEY, reason="known", until=TODAY)
    other = requirement("001/FR-002")
    red = witness(Outcome.FAILED, KEY, "001/FR-002")
    built = trace([red], requirements=[requirement(), other], waivers=[waiver])
    assert built.result == "broken"


def test_expired_waiver_has_no_effect_and_is_reported() -> None:
    waiver = Waiver(requirement=KEY, reason="later", until=date(2026, 1, 9))
    built = trace(waivers=[waiver])
    assert built.requirements[0].verdict is Verdict.SILENT
    expected = "pyproject.toml:12: the waiver of 001/FR-001 expired on 2026-01-09"
    assert any(message.startswith(expected) for message in messages(built))


def test_waiver_of_an_unknown_requirement_breaks_the_run() -> None:
    waiver = Waiver(requirement="001/FR-999", reason="later", until=TODAY)
    built = trace([witness(Outcome.PASSED)], waivers=[waiver])
    assert built.result == "broken"
    assert messages(built)[0].startswith(
        "pyproject.toml:12: the waiver of 001/FR-999 is for a requirement that no spec defines"
    )


def test_witness_of_an_unknown_requirement_breaks_the_run() -> None:
    built = trace([witness(Outcome.PASSED, KEY, "001/FR-999")])
    assert built.result == "broken"
    assert messages(built)[0].startswith(
        "tests/test_it.py:3: test_it testifies for 001/FR-999, which no spec defines"
    )


def test_failed_test_without_requirements_breaks_the_run() -> None:
    stray = witness(Outcome.FAILED, name="test_stray").model_copy(update={"requirements": ()})
    assert trace([witness(Outcome.PASSED), stray]).result == "broken"


def test_scenario_without_a_test_breaks_the_run_with_its_line() -> None:
    pickle = Pickle(
        feature="features/a.feature",
        name="forgotten",
        scenario_line=5,
        location=Location(file="features/a.feature", line=9),
        example={"x": "1"},
        requirements=(KEY,),
    )
    built = trace([witness(Outcome.PASSED)], pickles=[pickle])
    assert built.result == "broken"
    assert messages(built) == [
        (
            "features/a.feature:5: no test runs the scenario “forgotten” [001/FR-001]"
            ' → bind it in a test module: scenarios("a.feature")'
        )
    ]


def test_finding_of_a_run_breaks_it() -> None:
    finding = Finding(code="drift", message="differs")
    assert trace([witness(Outcome.PASSED)], findings=[finding]).result == "broken"


def drift(*keys: str) -> Finding:
    return Finding(code="drift", message="differs", requirements=keys)


def test_requirement_with_a_drifted_feature_is_suspect() -> None:
    built = trace([witness(Outcome.PASSED)], findings=[drift("001/FR-009", KEY)])
    assert built.requirements[0].verdict is Verdict.SUSPECT
    assert built.summary[Verdict.UNFALSIFIED] == 0


def test_drift_of_another_requirement_makes_none_suspect() -> None:
    built = trace([witness(Outcome.PASSED)], findings=[drift("001/FR-009")])
    assert built.requirements[0].verdict is Verdict.UNFALSIFIED


@pytest.mark.parametrize(
    ("outcome", "verdict"), [(Outcome.FAILED, Verdict.FAILING), (Outcome.SKIPPED, Verdict.SILENT)]
)
def test_drifted_requirement_that_is_failing_or_silent_stays_so(outcome: Outcome, verdict: Verdict) -> None:
    built = trace([witness(outcome)], findings=[drift(KEY)])
    assert built.requirements[0].verdict is verdict


def test_order_of_witnesses_makes_no_difference() -> None:
    one, two = witness(Outcome.PASSED, name="test_a"), witness(Outcome.PASSED, name="test_b")
    assert trace([one, two]) == trace([two, one])


def test_failures_of_the_contract_are_listed_first() -> None:
    scenario = witness(Outcome.FAILED, name="scenario").model_copy(update={"kind": WitnessKind.SCENARIO})
    contract = witness(Outcome.FAILED, name="contract").model_copy(update={"kind": WitnessKind.CONTRACT})
    built = trace([witness(Outcome.FAILED), scenario, contract])
    assert [finding.message.partition(":")[0] for finding in built.findings] == [
        "contract",
        "scenario",
        "test_it",
    ]
