"""The file that passes witnesses from a run to the trace: JSON lines, the last of which says `end`."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from specwitness.errors import EvidenceError
from specwitness.model import Finding, Witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class Evidence(NamedTuple):
    """The witnesses, findings and environment of one or more runs."""

    witnesses: Sequence[Witness]
    findings: Sequence[Finding]
    environment: dict[str, str]


class RecordWriter:
    """Writes each record to an open file at once, so that another process can count them."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def expect(self, count: int) -> None:
        """Record how many witnesses will come."""
        self._write("expect", count)

    def witness(self, witness: Witness) -> None:
        """Record a witness."""
        self._write("witness", witness.model_dump(mode="json"))

    def finding(self, finding: Finding) -> None:
        """Record a finding."""
        self._write("finding", finding.model_dump(mode="json"))

    def environment(self, facts: dict[str, str]) -> None:
        """Record what the witnesses ran on."""
        self._write("environment", facts)

    def end(self) -> None:
        """Record that the run is complete; without this record, the file is refused."""
        self._write("end", value=True)

    def _write(self, name: str, value: Any) -> None:
        self._file.write(json.dumps({name: _escape_surrogates(value)}) + "\n")
        self._file.flush()


def read_records(path: Path, *, producer: str, log: Path, root: Path) -> Evidence:
    """Read the records of a run.

    Args:
        path: The file of records.
        producer: The name of the run, for the error message.
        log: The file with the output of the run, for the error message.
        root: The root of the repository; paths in the message are relative to it.

    Raises:
        EvidenceError: The run did not complete, or the file is damaged.
    """
    shown = log.relative_to(root)
    witnesses: list[Witness] = []
    findings: list[Finding] = []
    environments: list[dict[str, str]] = []
    ended = False
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for record in map(json.loads, lines):
            if "witness" in record:
                witnesses.append(Witness.model_validate(record["witness"]))
            elif "finding" in record:
                findings.append(Finding.model_validate(record["finding"]))
            environments.append(record.get("environment", {}))
            ended = ended or "end" in record
    except (ValueError, ValidationError) as error:
        raise EvidenceError(
            f"the records of {producer} are damaged: {error}", where=shown.as_posix()
        ) from error
    if not ended:
        raise EvidenceError(
            f"{producer} stopped after {len(witnesses)} witnesses, before the end{_read_reason(log)}",
            where=shown.as_posix(),
            remedy="read the end of that file",
        )
    return Evidence(witnesses, findings, merge_environments(environments))


def merge_environments(environments: Iterable[dict[str, str]]) -> dict[str, str]:
    """Merge the environments of several runs; different values of one name become `embedded; container`."""
    values: dict[str, list[str]] = {}
    for name, value in (fact for environment in environments for fact in environment.items()):
        values.setdefault(name, []).append(value)
    return {name: "; ".join(dict.fromkeys(texts)) for name, texts in values.items()}


def _escape_surrogates(value: Any) -> Any:
    r"""Replace lone surrogates by escapes such as `\ud800`: hostile input has them, and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_escape_surrogates(name): _escape_surrogates(item) for name, item in value.items()}
    return [_escape_surrogates(item) for item in value] if isinstance(value, list) else value


def _read_reason(log: Path) -> str:
    """Return the last line of the output that gives a reason, such as `invalid: the port is taken`."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    reasons = [line.strip() for line in lines if line.startswith(("invalid: ", "ERROR: ", "E   "))]
    return f": {reasons[-1].removeprefix('invalid: ')}" if reasons else ""


def count_records(path: Path) -> tuple[int, int]:
    """Return how many witnesses are recorded so far, and how many are expected (0: unknown)."""
    if not path.exists():
        return 0, 0
    done, expected = 0, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith('{"witness"'):
            done += 1
        elif line.startswith('{"expect"'):
            expected += int(json.loads(line)["expect"])
    return done, expected
