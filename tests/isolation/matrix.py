"""The isolation matrix: the expected response and database change by operation, caller and row.

Written by hand, keyed by `operationId`. A new operation of the contract needs an entry here, with the
outcome for a signed-in user in the four situations of `Row`. For an operation without a `{task_id}`,
they differ only in the rows that are in the database.
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
    """The expected outcomes of an operation.

    Attributes:
        cells: The outcome by caller and row, as text of tests/isolation/outcomes.py, such as `200 own task`.
        body: A valid request body, if the operation takes one.
    """

    cells: Mapping[tuple[Caller, Row], str]
    body: Mapping[str, Any] | None = None


def only_callers_own(
    own: str, others: str, missing: str, none: str, *, body: Mapping[str, Any] | None = None
) -> Expectation:
    """Expect these outcomes for every signed-in user, and 401 without a token."""
    signed_in = dict(zip(Row, (own, others, missing, none), strict=True))
    rejected = "401 credentials_missing"
    return Expectation(
        {(caller, row): rejected if caller is Caller.NOBODY else signed_in[row] for caller, row in CELLS},
        body,
    )


def public(outcome: str) -> Expectation:
    """Expect the same response for all callers and rows."""
    return Expectation(dict.fromkeys(CELLS, outcome))


def only_own_row(own: str, *, body: Mapping[str, Any] | None = None) -> Expectation:
    """Expect a 404 for every row but the caller's own."""
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
# An operation without an entry in MATRIX is reported by find_gaps; the other operations are still tested.
OPERATIONS = {operation.id: operation for operation in CONTRACT.operations if operation.id in MATRIX}


def find_gaps(contract: Contract, table: Collection[str]) -> list[str]:
    """List operations without an entry in the table and entries without an operation, with what to do."""
    operations = {operation.id: operation for operation in contract.operations}
    return [
        *(
            f"{operation.location}: operation {name} ({operation.name}) is not in the isolation matrix:"
            f" add {name!r} to MATRIX in {TABLE}, with its response for every caller and row"
            for name, operation in operations.items()
            if name not in table
        ),
        *(
            f"{TABLE}: entry {name!r} of the isolation matrix has no operation in {contract.file}:"
            " correct its operationId, or remove it"
            for name in table
            if name not in operations
        ),
        *(
            f"{operation.location}: operation {name} ({operation.name}) has an unknown path parameter:"
            " fill it in in Scene.call in tests/isolation/scene.py"
            for name, operation in operations.items()
            if "{" in operation.path.replace("{task_id}", "")
        ),
    ]
