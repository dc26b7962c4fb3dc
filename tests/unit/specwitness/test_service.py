"""The service run: contract and fuzz on one opening of the target, recorded together."""

from __future__ import annotations

from pathlib import Path

import pytest

from specwitness.config import Config, FuzzConfig
from specwitness.errors import ConfigError
from specwitness.model import Outcome, WitnessKind
from specwitness.records import Evidence, RecordWriter, read_records
from specwitness.service import try_service

ROOT = Path(__file__).parents[3]
NOTES = Config(
    contract="tests/proving_ground/notes/openapi.yaml",
    target="tests.proving_ground.notes.target:open_target",
    fuzz=FuzzConfig(checks={"contract": ()}),
)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("service")
    with (folder / "out.jsonl").open("w", encoding="utf-8") as file:
        try_service(ROOT, NOTES, RecordWriter(file))
    return read_records(folder / "out.jsonl", producer="service", log=folder / "out.log", root=folder)


def test_contract_and_fuzz_are_recorded_with_what_they_ran_on(evidence: Evidence) -> None:
    assert {witness.kind for witness in evidence.witnesses} == {WitnessKind.CONTRACT, WitnessKind.FUZZ}
    assert {witness.outcome for witness in evidence.witnesses} == {Outcome.PASSED}
    assert evidence.environment == {"service": "notes"}


def test_the_table_of_checks_narrows_what_the_comparison_testifies_for(evidence: Evidence) -> None:
    compared = [witness for witness in evidence.witnesses if witness.kind is WitnessKind.CONTRACT]
    assert {witness.requirements for witness in compared} == {()}


def test_without_contract_or_target_nothing_is_tried(tmp_path: Path) -> None:
    with (
        (tmp_path / "out.jsonl").open("w", encoding="utf-8") as file,
        pytest.raises(ConfigError, match="contract, target"),
    ):
        try_service(ROOT, Config(), RecordWriter(file))
