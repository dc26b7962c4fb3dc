"""`verify` refuses incomplete settings, and removes the reports of an earlier run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from specwitness.config import Config
from specwitness.errors import ConfigError
from specwitness.records import Evidence
from specwitness.verify import clear_reports, verify

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 1, 10)
CONTRACT = {"contract": "openapi.yaml"}
TARGET = {"target": "tests.target:open_target"}


@pytest.mark.parametrize(("setting", "lacking"), [(CONTRACT, "target"), (TARGET, "contract")])
def test_contract_and_target_must_be_set_together(
    tmp_path: Path, setting: dict[str, str], lacking: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        verify(tmp_path, Config.model_validate(setting), TODAY, lambda *_: None)
    assert f"{lacking} is not: the contract check and the fuzz run need both" in str(caught.value)
    assert caught.value.remedy == "set both, or neither"


def test_only_reports_and_records_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    ours = [
        "trace.json",
        "index.html",
        "summary.md",
        "scenarios-and-tests.jsonl",
        "contract-and-fuzz.jsonl",
    ]
    for name in (*ours, "somebody.jsonl", "notes.md"):
        (tmp_path / name).touch()
    clear_reports(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"somebody.jsonl", "notes.md"}


def test_different_environments_of_two_runs_are_both_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "specs/001-a/spec.md"
    spec.parent.mkdir(parents=True)
    spec.write_text("- **FR-001**: System MUST.\n", encoding="utf-8")
    facts = iter(["embedded", "testcontainers"])
    monkeypatch.setattr("specwitness.verify._run", lambda *_: Evidence([], [], {"PostgreSQL": next(facts)}))
    trace = verify(tmp_path, Config.model_validate(CONTRACT | TARGET), TODAY, lambda *_: None)
    assert trace.environment == {"PostgreSQL": "embedded; testcontainers"}
