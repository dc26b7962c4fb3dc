"""Plays the isolation matrix on a real PostgreSQL and prints it: `python -m tests.isolation.show [--markdown]`."""

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
    Answers = Mapping[str, Cells]

ORIGIN = "http://localhost:3000"
HEADINGS = ("operation", "caller", *Row)


def main(arguments: Sequence[str]) -> int:
    """Play every cell and print the table, for a terminal or as the Markdown of README.md.

    Returns:
        0 when every cell is as expected and none is missing, 1 when not, 2 for an unknown argument.
    """
    if unknown := set(arguments) - {"--markdown"}:
        sys.stderr.write(f"isolation: there is no {unknown.pop()!r}; there is --markdown\n")
        return 2
    configure_logging("critical")  # a refusal is no news here
    with open_scene() as (scene, origin):
        answers = play_all(scene)
    faults = find_gaps(CONTRACT, MATRIX) + find_faults(answers)
    if arguments:
        sys.stdout.write(format_markdown(answers))
    else:
        console = Console()
        console.print(make_table(answers))
        kept = "every cell is as expected" if not faults else f"{len(faults)} not as expected"
        console.print(f"{origin}\n{sum(map(len, answers.values()))} cells, {kept}", highlight=False)
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


@contextmanager
def open_scene() -> Iterator[tuple[Scene, str]]:
    """Open a scene on a database of its own, with one line on where that is."""
    secret = make_secret()
    with (
        provide_postgres(os.environ) as server,
        fresh_database(server.url) as url,
        connect(url) as database,
        open_client(create_app(make_settings(secret, as_service(url)))) as client,
    ):
        yield Scene(client, database, Issuer(secret, ORIGIN, ORIGIN)), server.origin


def play_all(scene: Scene) -> Answers:
    """Play every cell; a leak is told in the cell."""
    return {name: _play_row(scene, operation) for name, operation in OPERATIONS.items()}


def _play_row(scene: Scene, operation: Operation) -> Cells:
    seen = {
        (caller, row): scene.play(operation, caller, row, body=MATRIX[operation.id].body)
        for caller, row in CELLS
    }
    return {
        cell: each.text + (f", leaks {' and '.join(each.leaks)}" if each.leaks else "")
        for cell, each in seen.items()
    }


def find_faults(answers: Answers) -> list[str]:
    """Name each cell that is not as the matrix expects."""
    return [
        f"{OPERATIONS[name].location}: {name} for {caller}, {row}: {cells[caller, row]!r},"
        f" expected {expected!r}"
        for name, cells in answers.items()
        for (caller, row), expected in MATRIX[name].cells.items()
        if cells[caller, row] != expected
    ]


def make_table(answers: Answers) -> Table:
    """Give the matrix as a table for a terminal, red where it is not as expected."""
    table = Table(title="isolation: what each caller gets", show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for name, cells in answers.items():
        for callers, words in group_callers(cells):
            is_expected = all(
                cells[caller, row] == MATRIX[name].cells[caller, row] for caller in callers for row in Row
            )
            style = None if is_expected else "bold red"
            title = f"{name}\n{OPERATIONS[name].name}"
            table.add_row(*map(escape, (title, ", ".join(callers), *words)), style=style)
    return table


def format_markdown(answers: Answers) -> str:
    """Give the matrix as a Markdown table."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS)]
    for name, cells in answers.items():
        title = f"{name} (`{OPERATIONS[name].name}`)"
        lines += [(title, ", ".join(callers), *words) for callers, words in group_callers(cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def group_callers(cells: Cells) -> Iterator[tuple[list[Caller], tuple[str, ...]]]:
    """Give each group of callers who get the same for every row, and what that is."""
    groups: dict[tuple[str, ...], list[Caller]] = {}
    for caller in Caller:
        groups.setdefault(tuple(cells[caller, row] for row in Row), []).append(caller)
    for words, callers in groups.items():
        yield callers, words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
