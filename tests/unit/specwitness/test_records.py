"""Records are read back completely, and records of an incomplete run are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from specwitness.errors import EvidenceError
from specwitness.model import Finding, Location, Outcome, Witness, WitnessKind
from specwitness.records import Evidence, RecordWriter, count_records, merge_environments, read_records

if TYPE_CHECKING:
    from pathlib import Path

WITNESS = Witness(
    id="features/a.feature:3",
    kind=WitnessKind.SCENARIO,
    name="a “quoted”\nname 😀",
    requirements=("001/FR-001",),
    outcome=Outcome.PASSED,
    location=Location(file="features/a.feature", line=3),
    example={"x": "1"},
    counts={"assertions": 2},
)
FINDING = Finding(code="collection", message="cannot be collected")


def write(path: Path, *, end: bool = True) -> None:
    with path.open("w", encoding="utf-8") as file:
        writer = RecordWriter(file)
        writer.expect(2)
        writer.environment({"PostgreSQL": "embedded"})
        writer.witness(WITNESS)
        writer.finding(FINDING)
        if end:
            writer.end()


def read(root: Path) -> Evidence:
    return read_records(root / "out.jsonl", producer="tests", log=root / "out.log", root=root)


def test_records_are_read_back(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl")
    assert read(tmp_path) == Evidence([WITNESS], [FINDING], {"PostgreSQL": "embedded"})


def test_incomplete_run_is_refused_with_its_last_message(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", end=False)
    (tmp_path / "out.log").write_text("…\ninvalid: the database is gone\n", encoding="utf-8")
    with pytest.raises(EvidenceError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        "out.log: tests stopped after 1 witnesses, before the end: the database is gone"
        " → read the end of that file"
    )


def test_run_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="after 0 witnesses"):
        read(tmp_path)


@pytest.mark.parametrize("line", ['{"witness"', '{"witness": {"id": "x"}}', "nonsense"])
def test_damaged_records_are_refused(tmp_path: Path, line: str) -> None:
    write(tmp_path / "out.jsonl")
    with (tmp_path / "out.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(EvidenceError, match="the records of tests are damaged"):
        read(tmp_path)


def test_records_can_be_counted_during_the_run(tmp_path: Path) -> None:
    assert count_records(tmp_path / "out.jsonl") == (0, 0)
    write(tmp_path / "out.jsonl", end=False)
    assert count_records(tmp_path / "out.jsonl") == (1, 2)


def test_lone_surrogate_is_escaped(tmp_path: Path) -> None:
    with (tmp_path / "out.jsonl").open("w", encoding="utf-8") as file:
        RecordWriter(file).witness(WITNESS.model_copy(update={"detail": "sub \ud800"}))
        RecordWriter(file).end()
    (witness,) = read(tmp_path).witnesses
    assert witness.detail == "sub \\ud800"


def test_different_environments_of_two_runs_are_both_kept() -> None:
    facts = [{"PostgreSQL": "embedded", "Python": "3.14"}, {"PostgreSQL": "container", "Python": "3.14"}]
    assert merge_environments(facts) == {"PostgreSQL": "embedded; container", "Python": "3.14"}


def test_different_environments_in_one_run_are_both_kept(tmp_path: Path) -> None:
    with (tmp_path / "out.jsonl").open("w", encoding="utf-8") as file:
        RecordWriter(file).environment({"PostgreSQL": "embedded"})
        RecordWriter(file).environment({"PostgreSQL": "container"})
        RecordWriter(file).end()
    assert read(tmp_path).environment == {"PostgreSQL": "embedded; container"}
