"""Fuzzes the service in depth from one seed after the other, and tells what came: `python -m tests.deep [SEEDS]`."""

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
LONGEST_SECONDS = 600  # one seed takes about 25 on two cores of its own
_FIGURES = Path("build/fuzz/fuzz.json")
_COMMAND = (sys.executable, "-m", "specwitness", "fuzz", "--profile", "deep", "--strict", "--seconds")


@dataclass(frozen=True, slots=True)
class Seed:
    """What a run from one seed gave."""

    number: int
    result: str
    seconds: float
    figures: dict[str, Any]

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong, and nothing was missed."""
        statuses = self.figures["statuses"]
        is_whole = statuses["observed"] == statuses["documented"] and self.seconds < LONGEST_SECONDS
        is_foreseen = statuses["server_errors"] == statuses["undocumented"] == 0
        return self.result == "kept" and is_whole and is_foreseen

    def as_row(self) -> list[str]:
        """Give its row of the table."""
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


def run_seed(number: int) -> Seed:
    """Run the command as a user would, and read what it left.

    Raises:
        RuntimeError: It left nothing: the run was invalid.
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
    return Seed(number, figures["result"], time.monotonic() - began, figures)


def main(arguments: Sequence[str]) -> int:
    """Run all seeds; 0 where each was clean."""
    count = int(arguments[0]) if arguments else SEEDS
    found = []
    for number in range(1, count + 1):
        found.append(run_seed(number))
        sys.stderr.write(f"seed {number} of {count}: {found[-1].as_row()[-1]}, {found[-1].seconds:.0f} s\n")
    table = Table("seed", "requests", "seconds", "5xx", "undocumented", "documented that came", "result")
    for each in found:
        table.add_row(*each.as_row())
    Console().print(table)
    return 0 if all(each.is_clean for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
