"""The isolation matrix by hand: what each operation answers each caller, and what it changes.

Keyed by `operationId`. A new operation of the contract gets a row here: what it answers somebody
who is signed in, by the rows that are in the database (`Row`). For an operation without a
`{task_id}` the four differ in nothing but that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specwitness.openapi.reading import read_contract
from tests.isolation.scene import CELLS, Caller, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from specwitness.openapi.reading import Contract

ROOT = Path(__file__).resolve().parents[2]
TABLE = "tests/isolation/matrix.py"
DRAFT = {"title": "Sent by the caller", "description": "by the caller"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an operation answers and changes, for each caller and row, in the words of tests/isolation/words.py.

    Attributes:
        cells: The words.
        body: A body that the operation takes.
    """

    cells: Mapping[tuple[Caller, Row], str]
    body: Mapping[str, Any] | None = None


def only_callers_own(
    own: str, others: str, missing: str, none: str, *, body: Mapping[str, Any] | None = None
) -> Expectation:
    """Expect the same for every user, each of whom has rows of their own, and 401 for nobody."""
    signed_in = dict(zip(Row, (own, others, missing, none), strict=True))
    refused = "401 credentials_missing"
    return Expectation(
        {(caller, row): refused if caller is Caller.NOBODY else signed_in[row] for caller, row in CELLS}, body
    )


def public(answer: str) -> Expectation:
    """Expect the same for everybody, whatever is in the database."""
    return Expectation(dict.fromkeys(CELLS, answer))


def only_own_row(own: str, *, body: Mapping[str, Any] | None = None) -> Expectation:
    """Expect that any other row is as if it never was."""
    missing = "404 task_not_found"
    return only_callers_own(own, missing, missing, missing, body=body)


ME = "200 the caller"
CREATED = "201 own task, as sent, own task added"
EXPORTED = "200 export of 2 own tasks, 2 audits added"
EXPORTED_NOTHING = "200 export of no task, 2 audits added"
ERASED = "204 no body, audit added, own erasure added, 2 own tasks removed"
ERASED_NOTHING = "204 no body, audit added, own erasure added"

MATRIX: Mapping[str, Expectation] = {
    "getHealth": public("200 live and ready"),
    "getMe": only_callers_own(ME, ME, ME, ME),
    "listTasks": only_callers_own("200 2 own tasks", "200 no task", "200 2 own tasks", "200 no task"),
    "createTask": only_callers_own(CREATED, CREATED, CREATED, CREATED, body=DRAFT),
    "getTask": only_own_row("200 own task"),
    "updateTask": only_own_row("200 own task, as sent, own task changed (description and title)", body=DRAFT),
    "deleteTask": only_own_row("204 no body, own task removed"),
    "completeTask": only_own_row("200 own task, completed, own task changed (completed)"),
    "exportAccount": only_callers_own(EXPORTED, EXPORTED_NOTHING, EXPORTED, EXPORTED_NOTHING),
    "eraseAccount": only_callers_own(ERASED, ERASED_NOTHING, ERASED, ERASED_NOTHING),
}

CONTRACT = read_contract(ROOT / "contracts/openapi.yaml", ROOT)
# One without a row in the table is told by find_gaps, and must not stop the others.
OPERATIONS = {each.id: each for each in CONTRACT.operations if each.id in MATRIX}


def find_gaps(contract: Contract, table: Collection[str]) -> list[str]:
    """Name each operation without a row in the table and each row without an operation, and what to do."""
    operations = {each.id: each for each in contract.operations}
    return [
        *(
            f"{each.location}: operation {name} ({each.name}) has no row in the isolation matrix:"
            f" add {name!r} to MATRIX in {TABLE}, with what it answers each caller for each row"
            for name, each in operations.items()
            if name not in table
        ),
        *(
            f"{TABLE}: row {name!r} of the isolation matrix has no operation in {contract.file}:"
            " correct its operationId, or remove it"
            for name in table
            if name not in operations
        ),
        *(
            f"{each.location}: operation {name} ({each.name}) has a path parameter that no row is named by:"
            " let Scene.call in tests/isolation/scene.py fill it in"
            for name, each in operations.items()
            if "{" in each.path.replace("{task_id}", "")
        ),
    ]
