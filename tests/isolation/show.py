"""`python -m tests.isolation.show [--markdown]`: runs the isolation matrix on a real PostgreSQL and prints it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backend.core.logging import configure_logging
from backend.main import create_app
from backend.testing.issuer import Issuer, make_secret
from devtools.postgres import provide_postgres
from tests.isolation.matrix import CONTRACT, MATRIX, OPERATIONS, find_gaps
from tests.isolation.scene import CELLS, Caller, Row, Scene
from tests.support.service import as_service, connect, fresh_database, make_settings, open_client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from specwitness.openapi.reading import Operation

    Cells = Mapping[tuple[Caller, Row], str]
    Outcomes = Mapping[str, Cells]

ORIGIN = "http://localhost:3000"
HEADINGS = ("operation", "caller", *Row)


def main(arguments: Sequence[str]) -> int:
    """Call every operation for every caller and row, and print the outcomes as a table or as Markdown.

    Returns:
        0 if all outcomes are as expected, 1 if not or if an operation is missing, 2 for an unknown argument.
    """
    if unknown := set(arguments) - {"--markdown"}:
        sys.stderr.write(f"isolation: unknown argument {unknown.pop()!r}; the only option is --markdown\n")
        return 2
    configure_logging("critical")  # rejected requests are expected here
    with open_scene() as (scene, origin):
        outcomes = run_all(scene)
    faults = find_gaps(CONTRACT, MATRIX) + find_faults(outcomes)
    if arguments:
        sys.stdout.write(format_markdown(outcomes))
    else:
        console = Console()
        console.print(make_table(outcomes))
        verdict = "all as expected" if not faults else f"{len(faults)} not as expected"
        console.print(f"{origin}\n{sum(map(len, outcomes.values()))} cells, {verdict}", highlight=False)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


@contextmanager
def open_scene() -> Iterator[tuple[Scene, str]]:
    """Open a scene on a new database; also yields a line that names the PostgreSQL server."""
    secret = make_secret()
    with (
        provide_postgres(os.environ) as server,
        fresh_database(server.url) as url,
        connect(url) as database,
        open_client(create_app(make_settings(secret, as_service(url)))) as client,
    ):
        yield Scene(client, database, Issuer(secret, ORIGIN, ORIGIN)), server.origin


def run_all(scene: Scene) -> Outcomes:
    """Return the outcome of every cell, with leaks appended to the text."""
    return {name: _run_operation(scene, operation) for name, operation in OPERATIONS.items()}


def _run_operation(scene: Scene, operation: Operation) -> Cells:
    seen = {
        (caller, row): scene.run_cell(operation, caller, row, body=MATRIX[operation.id].body)
        for caller, row in CELLS
    }
    return {
        cell: observed.text + (f", leaks {' and '.join(observed.leaks)}" if observed.leaks else "")
        for cell, observed in seen.items()
    }


def find_faults(outcomes: Outcomes) -> list[str]:
    """List the cells that differ from the matrix."""
    return [
        f"{OPERATIONS[name].location}: {name} for {caller}, {row}: {cells[caller, row]!r},"
        f" expected {expected!r}"
        for name, cells in outcomes.items()
        for (caller, row), expected in MATRIX[name].cells.items()
        if cells[caller, row] != expected
    ]


def make_table(outcomes: Outcomes) -> Table:
    """Format the outcomes as a table for a terminal; unexpected ones are red."""
    table = Table(title="isolation: outcomes and database changes by caller", show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for name, cells in outcomes.items():
        for callers, words in group_callers(cells):
            is_expected = all(
                cells[caller, row] == MATRIX[name].cells[caller, row] for caller in callers for row in Row
            )
            style = None if is_expected else "bold red"
            title = f"{name}\n{OPERATIONS[name].name}"
            table.add_row(*map(escape, (title, ", ".join(callers), *words)), style=style)
    return table


def format_markdown(outcomes: Outcomes) -> str:
    """Format the outcomes as a Markdown table."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS)]
    for name, cells in outcomes.items():
        title = f"{name} (`{OPERATIONS[name].name}`)"
        lines += [(title, ", ".join(callers), *words) for callers, words in group_callers(cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def group_callers(cells: Cells) -> Iterator[tuple[list[Caller], tuple[str, ...]]]:
    """Group the callers that have the same outcomes for all rows; yields callers and outcomes."""
    groups: dict[tuple[str, ...], list[Caller]] = {}
    for caller in Caller:
        groups.setdefault(tuple(cells[caller, row] for row in Row), []).append(caller)
    for words, callers in groups.items():
        yield callers, words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
