"""The table of `benchmarks.detection`: on the terminal, and in a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

# The missed bugs of a tool are listed where they are few.
_MOST_LISTED = 12
_LEGEND = (
    "A bug is found by our checks when the check that its row names has a finding on the operation that its"
    " row names. Stock Schemathesis has other checks: for it the operation alone counts."
)


def tabulate_detection(figures: dict[str, Any]) -> Table:
    """Give the table of `benchmarks.detection`."""
    first, last = figures["seeds"]
    table = Table(
        "", *figures["tools"], title=f"planted bugs found, of {figures['bugs']} (seeds {first} to {last})"
    )
    for name, *cells in _make_rows(figures):
        table.add_row(name, *cells)
    return table


def write_detection(figures: dict[str, Any]) -> str:
    """Give the table of `benchmarks.detection` in Markdown, with its legend."""
    tools = list(figures["tools"])
    lines = [f"| | {' | '.join(tools)} |", f"|---{'|---' * len(tools)}|"]
    lines += [f"| {' | '.join(row)} |" for row in _make_rows(figures)]
    first, last = figures["seeds"]
    measured = f"{figures['bugs']} planted bugs at seed {first}; right builds at seeds {first} to {last}."
    missed = (
        f"Missed by {tool}: {', '.join(f'`{bug}`' for bug in result['missed'])}."
        for tool, result in figures["tools"].items()
        if 0 < len(result["missed"]) <= _MOST_LISTED
    )
    return "\n".join([*lines, "", " ".join([measured, _LEGEND, *missed])]) + "\n"


def _make_rows(figures: dict[str, Any]) -> Iterator[list[str]]:
    tools = list(figures["tools"].values())
    yield ["**found**", *(f"{tool['found']} ({tool['found'] / figures['bugs']:.0%})" for tool in tools)]
    # Families of one kind share their first word: `BOLA: read`, `BOLA: list`.
    kinds = dict.fromkeys(family.partition(":")[0] for family in tools[0]["families"])
    for kind in kinds:
        cells = []
        for tool in tools:
            counts = [
                counts for family, counts in tool["families"].items() if family.partition(":")[0] == kind
            ]
            cells.append(f"{sum(found for found, _ in counts)} of {sum(of for _, of in counts)}")
        yield [kind, *cells]
    for group, stock in tools[0]["requests"].items():
        if stock:
            requests = [tool["requests"][group] for tool in tools]
            yield [
                f"requests, right builds of the {group} services",
                *(f"{count} ({count / stock:.2f} times)" for count in requests),
            ]
    yield ["seconds, all right builds", *(f"{tool['seconds']:.1f}" for tool in tools)]
    yield ["false alarms, all seeds", *(f"{tool['false_alarms']}" for tool in tools)]
