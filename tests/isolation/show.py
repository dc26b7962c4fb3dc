"""Plays the isolation matrix on a real PostgreSQL and prints it: `python -m tests.isolation.show [--markdown]`."""

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
    Answers = Mapping[str, Cells]

ORIGIN = "http://localhost:3000"
WIDTH = 80
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
        for line in format_text(answers):
            console.print(line, highlight=False)
        kept = "every cell is as expected" if not faults else f"{len(faults)} not as expected"
        console.print(f"\n{origin}\n{sum(map(len, answers.values()))} cells, {kept}", highlight=False)
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


def format_text(answers: Answers) -> Iterator[Text]:
    """Give the matrix as lines for a terminal of any width, red where a cell is not as expected."""
    width = max(len(row) for row in Row)
    for name, cells in answers.items():
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
    """Give each group of rows that get the caller the same, one row a group unless all rows do."""
    if len({cells[caller, row] for row in Row}) == 1:
        yield list(Row), cells[caller, Row.OWN]
        return
    for row in Row:
        yield [row], cells[caller, row]


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
