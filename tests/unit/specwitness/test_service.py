"""The service run records contract checks and fuzz checks of one target."""

from __future__ import annotations

import shutil
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


def test_contract_and_fuzz_are_recorded_with_their_environment(evidence: Evidence) -> None:
    assert {witness.kind for witness in evidence.witnesses} == {WitnessKind.CONTRACT, WitnessKind.FUZZ}
    # The target has one user: what needs two is skipped.
    skipped = [witness for witness in evidence.witnesses if witness.outcome is not Outcome.PASSED]
    assert {witness.outcome for witness in skipped} == {Outcome.SKIPPED}
    assert {witness.detail for witness in skipped} == {"there is no second user to try it as"}
    assert evidence.environment == {"service": "notes"}


def test_checks_setting_limits_the_requirements_of_the_contract_check(evidence: Evidence) -> None:
    compared = [witness for witness in evidence.witnesses if witness.kind is WitnessKind.CONTRACT]
    assert {witness.requirements for witness in compared} == {()}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (("operationId: getHealth", "x-a: b"), "GET /health: it has no operationId"),
        (("  /health:", "  /helth:"), "the app has no route for GET /helth"),
        (("maxLength: 80, pattern", "pattern"), "POST /notes: body $.text: a string without maxLength"),
    ],
)
def test_findings_of_lint_and_routes_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: tuple[str, str], message: str
) -> None:
    monkeypatch.setattr("specwitness.service.fuzz", lambda *_: ())
    notes = ROOT / "tests/proving_ground/notes"
    text = (notes / "openapi.yaml").read_text(encoding="utf-8")
    assert fault[0] in text
    (tmp_path / "openapi.yaml").write_text(text.replace(*fault), encoding="utf-8")
    shutil.copy(notes / "problem.schema.json", tmp_path)
    config = NOTES.model_copy(update={"contract": "openapi.yaml"})
    with (tmp_path / "out.jsonl").open("w", encoding="utf-8") as file:
        try_service(tmp_path, config, RecordWriter(file))
    evidence = read_records(tmp_path / "out.jsonl", producer="service", log=tmp_path / "log", root=tmp_path)
    assert message in {finding.message for finding in evidence.findings}


def test_service_run_needs_contract_and_target(tmp_path: Path) -> None:
    with (
        (tmp_path / "out.jsonl").open("w", encoding="utf-8") as file,
        pytest.raises(ConfigError, match="contract, target"),
    ):
        try_service(ROOT, Config(), RecordWriter(file))
