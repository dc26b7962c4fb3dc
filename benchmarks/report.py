"""Tables and charts of the benchmark results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pygal
from pygal.style import Style
from rich.table import Table

from benchmarks.tokens import BARE, FLOOR, OURS, PEERS, SODIUM

if TYPE_CHECKING:
    from collections.abc import Iterator

COLOURS = ("#1a7f37", "#8250df", "#0969da", "#bf8700", "#cf222e", "#6e7781")


def tabulate_tokens(figures: dict[str, Any]) -> Iterator[Table]:
    """Make the tables of `benchmarks.tokens`: times of new and repeated tokens, and of bad tokens."""
    for kind in ("cold", "warm"):
        table = Table("", *figures["algorithms"], title=f"{kind}: microseconds per token (ours / theirs)")
        for name in (OURS, *PEERS, BARE, SODIUM, FLOOR):
            table.add_row(name, *(_cell(columns, kind, name) for columns in figures["algorithms"].values()))
        if kind == "cold":
            shares = (columns.get("not_signature_share") for columns in figures["algorithms"].values())
            table.add_row("not the signature", *("" if share is None else f"{share:.0%}" for share in shares))
        yield table
    worst = Table(
        "bad token of 8 KiB", "microseconds", title="rejecting bad tokens, compared with a good one"
    )
    for name, value in figures["worst_refused_token"].items():
        worst.add_row(name.replace("_", " "), f"{value:,.2f}")
    yield worst


def _cell(figures: dict[str, Any], kind: str, name: str, digits: int = 3) -> str:
    time = figures[f"{kind}_microseconds"].get(name)
    if time is None:
        return "-"
    ratio = figures[f"{kind}_ratio"].get(name)
    return f"{time:,.1f}" if ratio is None else f"{time:,.1f} ({ratio:.{digits}f})"


def write_tokens(figures: dict[str, Any]) -> str:
    """Give the table of `benchmarks.tokens` for tokens that are new, in Markdown."""
    algorithms = figures["algorithms"].values()
    lines = [f"| | {' | '.join(figures['algorithms'])} |", f"|---{'|---' * len(algorithms)}|"]
    for name in (OURS, *PEERS, BARE, SODIUM, FLOOR):
        cells = (_cell(algorithm, "cold", name, digits=2).replace("-", "–") for algorithm in algorithms)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    shares = (algorithm.get("not_signature_share") for algorithm in algorithms)
    cells = ("–" if share is None else f"{share:.0%}" for share in shares)
    lines.append(f"| share of this verifier's time that is not the signature | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def tabulate_authentication(figures: dict[str, Any]) -> Table:
    """Make the table of `benchmarks.authentication`."""
    table = Table("figure", "over HTTP", "without a server", title="cost of authentication per request")
    for name, value in figures["http"].items():
        table.add_row(name.replace("_", " "), f"{value:,}", f"{figures['application'][name]:,}")
    for name in ("added_p50_ms", "added_p95_ms"):
        table.add_row(name.replace("_", " "), "", f"{figures[name]:.3f}")
    return table


def tabulate_existence(figures: dict[str, Any]) -> Table:
    """Make the table of `benchmarks.existence`."""
    title = "response time for another user's row and for a missing row (probability 0.5: no difference)"
    table = Table("operation", "another's ms", "missing ms", "another's is slower", "z", title=title)
    for name, columns in figures["operations"].items():
        table.add_row(
            name,
            f"{columns['others_median_ms']:.3f}",
            f"{columns['missing_median_ms']:.3f}",
            f"{columns['others_is_slower']:.3f}",
            f"{columns['z']:+.2f}",
        )
    return table


def draw_tokens(figures: dict[str, Any]) -> bytes:
    """Draw the time of the other libraries for a new token, as a multiple of this verifier's time (SVG)."""
    style = Style(
        background="white",
        plot_background="white",
        colors=COLOURS,
        font_family="sans-serif",
        title_font_size=18,
        value_font_size=12,
        label_font_size=14,
    )
    chart = pygal.Bar(
        style=style,
        js=[],  # without scripts from another host
        width=900,
        height=420,
        legend_at_bottom=True,
        print_values=True,
        print_values_position="top",
        show_y_guides=False,
        margin_top=20,
        value_formatter=lambda value: f"{value:.2f}",
        title="Time to verify a new token, relative to this verifier (lower is faster)",
    )
    chart.x_labels = list(figures["algorithms"])
    chart.add(OURS, [1.0 for _ in figures["algorithms"]])
    for name in PEERS:
        ratios = (columns["cold_ratio"].get(name) for columns in figures["algorithms"].values())
        chart.add(name, [None if ratio is None else round(1 / ratio, 2) for ratio in ratios])
    drawn: bytes = chart.render()
    return drawn
