"""`python -m tests.deep [SEEDS]`: fuzzes the service with the deep profile, once per seed, and prints a table."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEDS = 10
LONGEST_SECONDS = 600  # a seed takes about 25 seconds on two idle cores
_FIGURES = Path("build/fuzz/fuzz.json")
_COMMAND = (sys.executable, "-m", "specwitness", "fuzz", "--profile", "deep", "--strict", "--seconds")


@dataclass(frozen=True, slots=True)
class SeedResult:
    """The result of the run with one seed.

    Attributes:
        number: The seed.
        result: The verdict of `specwitness fuzz`, such as `kept`.
        seconds: The duration of the run.
        figures: The contents of fuzz.json.
    """

    number: int
    result: str
    seconds: float
    figures: dict[str, Any]

    @property
    def is_clean(self) -> bool:
        """Whether no check failed, every documented status came, and the time sufficed."""
        statuses = self.figures["statuses"]
        is_complete = statuses["observed"] == statuses["documented"] and self.seconds < LONGEST_SECONDS
        is_documented = statuses["server_errors"] == statuses["undocumented"] == 0
        return self.result == "kept" and is_complete and is_documented

    def as_row(self) -> list[str]:
        """Format the result as a row of the table."""
        requests, statuses = self.figures["requests"], self.figures["statuses"]
        return [
            str(self.number),
            str(requests["checks"] + requests["schemathesis"]),
            f"{self.seconds:.0f}",
            str(statuses["server_errors"]),
            str(statuses["undocumented"]),
            f"{statuses['observed']} of {statuses['documented']}",
            "clean" if self.is_clean else "not clean" if self.result == "kept" else self.result,
        ]


def run_seed(number: int) -> SeedResult:
    """Run `specwitness fuzz` with a seed, and read its result file.

    Raises:
        RuntimeError: There is no result file: the run was invalid.
    """
    _FIGURES.unlink(missing_ok=True)
    began = time.monotonic()
    done = subprocess.run(
        [*_COMMAND, str(LONGEST_SECONDS), "--seed", str(number)],
        check=False,
        capture_output=True,
        text=True,
    )
    if not _FIGURES.exists():
        raise RuntimeError(f"seed {number}: {done.stderr.strip()[-1000:]}")
    figures = json.loads(_FIGURES.read_text(encoding="utf-8"))
    if done.returncode != 0:
        sys.stdout.write(done.stdout)
    return SeedResult(number, figures["result"], time.monotonic() - began, figures)


def main(arguments: Sequence[str]) -> int:
    """Run all seeds; returns 0 if all of them were clean."""
    count = int(arguments[0]) if arguments else SEEDS
    results = []
    for number in range(1, count + 1):
        results.append(run_seed(number))
        sys.stderr.write(
            f"seed {number} of {count}: {results[-1].as_row()[-1]}, {results[-1].seconds:.0f} s\n"
        )
    table = Table("seed", "requests", "seconds", "5xx", "undocumented", "documented and seen", "result")
    for result in results:
        table.add_row(*result.as_row())
    Console().print(table)
    return 0 if all(result.is_clean for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
