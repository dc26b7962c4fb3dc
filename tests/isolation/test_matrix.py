"""Every operation of the contract for every caller and row: status, body and database change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specwitness.openapi.reading import read_contract
from tests.isolation.matrix import CONTRACT, MATRIX, OPERATIONS, ROOT, TABLE, Expectation, find_gaps
from tests.isolation.scene import CELLS, Caller, Row, Scene

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.requirement("003/FR-009")
def test_matrix_has_every_operation_of_the_contract_and_no_other() -> None:
    gaps = find_gaps(CONTRACT, MATRIX)
    assert not gaps, "\n".join(gaps)


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", MATRIX)
def test_matrix_has_an_outcome_for_every_caller_and_row(operation: str) -> None:
    assert list(MATRIX[operation].cells) == list(CELLS)


@pytest.mark.requirement("003/FR-009", "003/FR-019", "003/FR-035")
@pytest.mark.parametrize(("caller", "row"), CELLS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation_has_the_outcome_of_the_matrix(
    *, scene: Scene, operation: str, caller: Caller, row: Row
) -> None:
    expected = MATRIX[operation]
    seen = scene.run_cell(OPERATIONS[operation], caller, row, body=expected.body)
    assert seen.outcome == (expected.cells[caller, row], ())


@pytest.fixture
def grown_contract(tmp_path: Path) -> Path:
    """The contract with one additional operation."""
    folder = ROOT / "contracts"
    # A run of Schemathesis in this folder leaves a folder of its own.
    for file in (path for path in folder.iterdir() if path.is_file()):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    main = tmp_path / "openapi.yaml"
    text = main.read_text(encoding="utf-8")
    more = (
        "  /api/notes/{note_id}:\n"
        "    parameters: [{ name: note_id, in: path, required: true, schema: { type: string } }]\n"
        "    get:\n"
        "      operationId: getNote\n"
        "      responses: { '200': { description: A note } }\n"
    )
    main.write_text(text.replace("\ncomponents:\n", f"\n{more}components:\n"), encoding="utf-8")
    return main


@pytest.mark.requirement("003/FR-009")
def test_operation_without_an_entry_is_reported_with_its_line(grown_contract: Path) -> None:
    contract = read_contract(grown_contract, grown_contract.parent)
    lines = grown_contract.read_text(encoding="utf-8").splitlines()
    line = lines.index("      operationId: getNote")
    unlisted, unfilled = find_gaps(contract, MATRIX)
    assert unlisted == (
        f"openapi.yaml:{line}: operation getNote (GET /api/notes/{{note_id}}) is not in the isolation matrix:"
        f" add 'getNote' to MATRIX in {TABLE}, with its response for every caller and row"
    )
    assert unfilled.startswith(f"openapi.yaml:{line}: operation getNote")
    assert "has an unknown path parameter" in unfilled


@pytest.mark.requirement("003/FR-009")
def test_entry_without_an_operation_is_reported() -> None:
    (gap,) = find_gaps(CONTRACT, {**MATRIX, "getGhost": Expectation({})})
    assert gap == (
        f"{TABLE}: entry 'getGhost' of the isolation matrix has no operation in contracts/openapi.yaml:"
        " correct its operationId, or remove it"
    )
