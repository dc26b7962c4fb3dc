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
_LONGEST_SECONDS = 600  # one seed takes about 25
_FIGURES = Path("build/fuzz/fuzz.json")
_COMMAND = (sys.executable, "-m", "specwitness", "fuzz", "--profile", "deep", "--strict")


@dataclass(frozen=True, slots=True)
class Seed:
    """What a run from one seed gave."""

    number: int
    result: str
    seconds: float
    figures: dict[str, Any]

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
            self.result,
        ]


def run_seed(number: int) -> Seed:
    """Run the command as a user would, and read what it left.

    Raises:
        RuntimeError: It left nothing: the run was invalid.
    """
    _FIGURES.unlink(missing_ok=True)
    began = time.monotonic()
    done = subprocess.run(
        [*_COMMAND, "--seed", str(number)],
        check=False,
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
    )
    if not _FIGURES.exists():
        raise RuntimeError(f"seed {number}: {done.stderr.strip()[-1000:]}")
    figures = json.loads(_FIGURES.read_text(encoding="utf-8"))
    if done.returncode != 0:
        sys.stdout.write(done.stdout)
    return Seed(number, figures["result"], time.monotonic() - began, figures)


def main(arguments: Sequence[str]) -> int:
    """Run all seeds; 0 where each was kept."""
    count = int(arguments[0]) if arguments else SEEDS
    found = []
    for number in range(1, count + 1):
        found.append(run_seed(number))
        sys.stderr.write(f"seed {number} of {count}: {found[-1].result}, {found[-1].seconds:.0f} s\n")
    table = Table("seed", "requests", "seconds", "5xx", "undocumented", "documented that came", "result")
    for each in found:
        table.add_row(*each.as_row())
    Console().print(table)
    return 0 if all(each.result == "kept" for each in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
