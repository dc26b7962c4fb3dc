"""Runs every benchmark, and keeps its figures and charts: `python -m benchmarks [name ...]`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchmarks import authentication, detection, existence, tokens
from benchmarks.detection_table import MARKER, PAGE, put_between, tabulate_detection, write_detection
from benchmarks.report import (
    draw_tokens,
    tabulate_authentication,
    tabulate_existence,
    tabulate_tokens,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OUTPUT = Path("build/bench")


def run_tokens(console: Console) -> None:
    """Measure what verifying a token costs, beside the peers."""
    with console.status("tokens: every algorithm, this verifier and its peers in turn"):
        figures = tokens.measure()
    _keep(console, "tokens", figures)
    chart = OUTPUT / "tokens.svg"
    chart.write_bytes(draw_tokens(figures))
    for table in tabulate_tokens(figures):
        console.print(table)
    console.print(f"drawn in {chart.as_posix()}", highlight=False)


def run_authentication(console: Console) -> None:
    """Measure what the dependency costs a request."""
    with console.status("authentication: protected and open route, round by round"):
        figures = asyncio.run(authentication.measure())
    _keep(console, "authentication", figures)
    console.print(tabulate_authentication(figures))


def run_existence(console: Console) -> None:
    """Measure whether the time of an answer tells that another's row is there."""
    with console.status("existence: another's row and a missing one in turn"):
        figures = existence.measure()
    _keep(console, "existence", figures)
    console.print(tabulate_existence(figures))


def run_detection(console: Console) -> None:
    """Measure which planted bugs are found, and by what."""
    with console.status(
        "detection: every bug of the proving ground, by stock Schemathesis and by our checks"
    ):
        figures = detection.measure()
    _keep(console, "detection", figures)
    console.print(tabulate_detection(figures))
    page = put_between(PAGE.read_text(encoding="utf-8"), MARKER, write_detection(figures))
    PAGE.write_text(page, encoding="utf-8")
    console.print(f"written into {PAGE}", highlight=False)


BENCHMARKS: dict[str, Callable[[Console], None]] = {
    "tokens": run_tokens,
    "authentication": run_authentication,
    "existence": run_existence,
    "detection": run_detection,
}


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"bench: there is no {unknown[0]!r}; there are {', '.join(BENCHMARKS)}\n")
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name](Console())
    return 0


def _keep(console: Console, name: str, figures: dict[str, Any]) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    file = OUTPUT / f"{name}.json"
    file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {file.as_posix()}", highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
