"""Runs every benchmark and writes its figures: `python -m benchmarks`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.authentication import measure

OUTPUT = Path("build/bench/authentication.json")


def main() -> None:
    """Measure, print a table and keep the figures as JSON."""
    console = Console()
    with console.status("authentication: protected and open route, round by round"):
        figures = asyncio.run(measure())
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    table = Table("figure", "value", title="What authentication costs", title_justify="left")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,.3f}" if isinstance(value, float) else f"{value:,}")
    console.print(table)
    console.print(f"written to {OUTPUT.as_posix()}", highlight=False)


main()
