"""The witnesses of one requirement, in the groups and tables of the report."""

from __future__ import annotations

from specwitness.model import Location, Outcome, Witness, WitnessKind
from specwitness.report.proof import FuzzCell, prove
from tests.support.sample_trace import sample_trace

TRACED = sample_trace().requirements[0]


def _fuzz(name: str, operation: str, credential: str, outcome: Outcome = Outcome.PASSED) -> Witness:
    return Witness(
        id=name,
        kind=WitnessKind.FUZZ,
        name=name,
        requirements=(TRACED.requirement.key,),
        outcome=outcome,
        location=Location(file="openapi.yaml", line=7),
        example={"operation": operation, "credential": credential},
        counts={"cases": 10},
    )


def test_the_worst_outcome_speaks_for_a_cell_and_cases_add_up() -> None:
    witnesses = {
        each.id: each
        for each in (
            _fuzz("a", "GET /x", "none"),
            _fuzz("b", "GET /x", "none", Outcome.FAILED),
            _fuzz("c", "GET /y", "forged"),
        )
    }
    [group] = prove(TRACED.model_copy(update={"witnesses": tuple(witnesses)}), witnesses).groups
    assert group.grid
    assert group.grid.credentials == ("forged", "none")
    assert [row.cells for row in group.grid.rows] == [
        (None, FuzzCell(Outcome.FAILED, 20)),
        (FuzzCell(Outcome.PASSED, 10), None),
    ]
    assert [each.id for each in group.entries] == ["b"]


def test_rows_of_one_scenario_form_one_table_and_failures_come_first_elsewhere() -> None:
    trace = sample_trace()
    witnesses = {each.id: each for each in trace.witnesses}
    [traced] = [each for each in trace.requirements if each.requirement.key == "003/FR-003"]
    scenarios, fuzz = prove(traced, witnesses).groups
    assert [table.header for table in scenarios.tables] == [
        ("credential", "cause", "requirement"),
        ("age", "status"),
    ]
    assert [each.outcome for each in scenarios.entries] == [Outcome.FAILED]
    assert fuzz.outcomes == ((Outcome.FAILED, 1), (Outcome.PASSED, 15))
