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


def test_cell_has_the_worst_outcome_and_the_sum_of_cases() -> None:
    witnesses = {
        witness.id: witness
        for witness in (
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
    assert [witness.id for witness in group.entries] == ["b"]


def test_examples_rows_form_a_table_and_failed_entries_come_first() -> None:
    trace = sample_trace()
    witnesses = {witness.id: witness for witness in trace.witnesses}
    [traced] = [
        requirement for requirement in trace.requirements if requirement.requirement.key == "003/FR-003"
    ]
    scenarios, fuzz = prove(traced, witnesses).groups
    assert [table.header for table in scenarios.tables] == [
        ("credential", "cause", "requirement"),
        ("age", "status"),
    ]
    assert [witness.outcome for witness in scenarios.entries] == [Outcome.FAILED]
    assert fuzz.outcomes == ((Outcome.FAILED, 1), (Outcome.PASSED, 15))
