"""`python -m tests.isolation.show [--markdown]`: runs the isolation matrix on a real PostgreSQL and prints it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

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
WIDTH = 80
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
        for line in format_text(outcomes):
            console.print(line, highlight=False)
        verdict = "all as expected" if not faults else f"{len(faults)} not as expected"
        console.print(f"\n{origin}\n{sum(map(len, outcomes.values()))} cells, {verdict}", highlight=False)
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


def format_text(outcomes: Outcomes) -> Iterator[Text]:
    """Format the outcomes as lines of at most 80 columns; unexpected ones are red."""
    width = max(len(row) for row in Row)
    for name, cells in outcomes.items():
        yield Text(f"\n{name}  {OPERATIONS[name].name}", style="bold")
        for callers, _ in group_callers(cells):
            yield Text(f"  {', '.join(callers)}")
            for rows, words in _group_rows(cells, callers[0]):
                is_expected = all(
                    cells[caller, row] == MATRIX[name].cells[caller, row]
                    for caller in callers
                    for row in rows
                )
                label = "any row" if len(rows) == len(Row) else ", ".join(rows)
                first = f"    {label:<{width}}  "
                lines = wrap(words, WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
                yield Text("\n".join(lines), style="" if is_expected else "bold red")


def _group_rows(cells: Cells, caller: Caller) -> Iterator[tuple[list[Row], str]]:
    """Group the rows by outcome: all rows in one group if all have the same, otherwise one row a group."""
    if len({cells[caller, row] for row in Row}) == 1:
        yield list(Row), cells[caller, Row.OWN]
        return
    for row in Row:
        yield [row], cells[caller, row]


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
