"""The table of `benchmarks.detection`: on the terminal, and in a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

# A table names what is missed where it is little.
_MOST_NAMED = 12


def tabulate_detection(figures: dict[str, Any]) -> Table:
    """Give the table of `benchmarks.detection`."""
    first, last = figures["seeds"]
    table = Table(
        "", *figures["tools"], title=f"planted bugs found, of {figures['bugs']} (seeds {first} to {last})"
    )
    for name, *cells in _detection_rows(figures):
        table.add_row(name, *cells)
    return table


def write_detection(figures: dict[str, Any]) -> str:
    """Give the table of `benchmarks.detection` in Markdown."""
    tools = list(figures["tools"])
    lines = [f"| | {' | '.join(tools)} |", f"|---{'|---' * len(tools)}|"]
    lines += [f"| {' | '.join(row)} |" for row in _detection_rows(figures)]
    first, last = figures["seeds"]
    told = f"{figures['bugs']} planted bugs at seed {first}; right builds at seeds {first} to {last}."
    missed = (
        f"Missed by {tool}: {', '.join(f'`{each}`' for each in found['missed'])}."
        for tool, found in figures["tools"].items()
        if 0 < len(found["missed"]) <= _MOST_NAMED
    )
    return "\n".join([*lines, "", " ".join([told, *missed])]) + "\n"


def _detection_rows(figures: dict[str, Any]) -> Iterator[list[str]]:
    tools = list(figures["tools"].values())
    yield ["**found**", *(f"{each['found']} ({each['found'] / figures['bugs']:.0%})" for each in tools)]
    # Families of one kind share their first word: `BOLA: read`, `BOLA: list`.
    groups = dict.fromkeys(family.partition(":")[0] for family in tools[0]["families"])
    for group in groups:
        cells = []
        for each in tools:
            counts = [
                count for family, count in each["families"].items() if family.partition(":")[0] == group
            ]
            cells.append(f"{sum(found for found, _ in counts)} of {sum(of for _, of in counts)}")
        yield [group, *cells]
    stock = tools[0]["requests"]
    yield [
        "requests, all right builds",
        *(f"{each['requests']} ({each['requests'] / stock:.2f} times)" for each in tools),
    ]
    yield ["seconds, all right builds", *(f"{each['seconds']:.1f}" for each in tools)]
    yield ["false alarms, all seeds", *(f"{each['false_alarms']}" for each in tools)]
