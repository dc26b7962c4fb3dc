"""What `verify` leaves of an earlier run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.verify import clear_reports

if TYPE_CHECKING:
    from pathlib import Path


def test_reports_and_records_of_an_earlier_run_are_removed_and_nothing_else(tmp_path: Path) -> None:
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
