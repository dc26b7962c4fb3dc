"""`python -m benchmarks [NAME ...]`: runs the benchmarks, and writes their results to build/bench."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from benchmarks import authentication, detection, existence, tokens
from benchmarks.detection_table import tabulate_detection, write_detection
from benchmarks.report import (
    draw_tokens,
    tabulate_authentication,
    tabulate_existence,
    tabulate_tokens,
    write_tokens,
)
from tests.pages.blocks import put_between

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OUTPUT = Path("build/bench")
DETECTION = Path("docs/detection.md")
PERFORMANCE = Path("docs/performance.md")
CHART = Path("docs/images/tokens.svg")


def run_tokens(console: Console) -> None:
    """Measure the time to verify a token, compared with other libraries."""
    with console.status("tokens: all algorithms, this verifier and the other libraries in turn"):
        figures = tokens.measure()
    _keep(console, "tokens", figures)
    CHART.write_bytes(draw_tokens(figures))
    for table in tabulate_tokens(figures):
        console.print(table)
    console.print(f"chart in {CHART.as_posix()}", highlight=False)
    _put(console, PERFORMANCE, "tokens", write_tokens(figures))


def run_authentication(console: Console) -> None:
    """Measure the time that authentication adds to a request."""
    with console.status("authentication: a protected and a public route in turn"):
        figures = asyncio.run(authentication.measure())
    _keep(console, "authentication", figures)
    console.print(tabulate_authentication(figures))


def run_existence(console: Console) -> None:
    """Measure whether the response time reveals that another user's row exists."""
    with console.status("existence: another user's row and a missing row in turn"):
        figures = existence.measure()
    _keep(console, "existence", figures)
    console.print(tabulate_existence(figures))


def run_detection(console: Console) -> None:
    """Measure which planted bugs are found, and by which tool."""
    with console.status(
        "detection: every bug of the proving ground, by stock Schemathesis and by our checks"
    ):
        figures = detection.measure()
    _keep(console, "detection", figures)
    console.print(tabulate_detection(figures))
    _put(console, DETECTION, "detection", write_detection(figures))


BENCHMARKS: dict[str, Callable[[Console], None]] = {
    "tokens": run_tokens,
    "authentication": run_authentication,
    "existence": run_existence,
    "detection": run_detection,
}


def main(names: Sequence[str]) -> int:
    """Run these benchmarks, or all of them; returns the exit status."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.stderr.write(f"bench: unknown benchmark {unknown[0]!r}; choose from {', '.join(BENCHMARKS)}\n")
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name](Console())
    return 0


def _put(console: Console, page: Path, marker: str, block: str) -> None:
    """Write a table into its place in a page."""
    page.write_text(put_between(page.read_text(encoding="utf-8"), marker, block), encoding="utf-8")
    console.print(f"written into {page.as_posix()}; `make docs` takes its figures on", highlight=False)


def _keep(console: Console, name: str, figures: dict[str, Any]) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    file = OUTPUT / f"{name}.json"
    file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    console.print(f"written to {file.as_posix()}", highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
