"""Tables and charts of the figures."""

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
    """Give the tables of `benchmarks.tokens`: cold and warm times with their ratios, and the worst token."""
    for kind in ("cold", "warm"):
        table = Table("", *figures["algorithms"], title=f"{kind}: microseconds a token (ours / theirs)")
        for name in (OURS, *PEERS, BARE, SODIUM, FLOOR):
            table.add_row(name, *(_cell(each, kind, name) for each in figures["algorithms"].values()))
        if kind == "cold":
            shares = (each.get("not_signature_share") for each in figures["algorithms"].values())
            table.add_row("not the signature", *("" if share is None else f"{share:.0%}" for share in shares))
        yield table
    worst = Table("bad token of 8 KiB", "microseconds", title="refusing the worst, beside a good token")
    for name, value in figures["worst_refused_token"].items():
        worst.add_row(name.replace("_", " "), f"{value:,.2f}")
    yield worst


def _cell(figures: dict[str, Any], kind: str, name: str) -> str:
    time = figures[f"{kind}_microseconds"].get(name)
    if time is None:
        return "-"
    ratio = figures[f"{kind}_ratio"].get(name)
    return f"{time:,.1f}" if ratio is None else f"{time:,.1f} ({ratio:.3f})"


def tabulate_authentication(figures: dict[str, Any]) -> Table:
    """Give the table of `benchmarks.authentication`."""
    table = Table("figure", "over HTTP", "application alone", title="what authentication costs a request")
    for name, value in figures["http"].items():
        table.add_row(name.replace("_", " "), f"{value:,}", f"{figures['application'][name]:,}")
    for name in ("added_p50_ms", "added_p95_ms"):
        table.add_row(name.replace("_", " "), "", f"{figures[name]:.3f}")
    return table


def tabulate_existence(figures: dict[str, Any]) -> Table:
    """Give the table of `benchmarks.existence`."""
    title = "time to refuse another's row and a missing one (chance 0.5: it tells nothing)"
    table = Table("operation", "another's ms", "missing ms", "another's is slower", "z", title=title)
    for name, each in figures["operations"].items():
        table.add_row(
            name,
            f"{each['others_median_ms']:.3f}",
            f"{each['missing_median_ms']:.3f}",
            f"{each['others_is_slower']:.3f}",
            f"{each['z']:+.2f}",
        )
    return table


def draw_tokens(figures: dict[str, Any]) -> bytes:
    """Draw how long each peer takes where this verifier takes 1, for tokens that are new."""
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
        js=[],  # the picture loads nothing from anywhere
        width=900,
        height=420,
        legend_at_bottom=True,
        print_values=True,
        print_values_position="top",
        show_y_guides=False,
        margin_top=20,
        value_formatter=lambda value: f"{value:.2f}",
        title="Verifying a new token: time over this verifier's (less is faster)",
    )
    chart.x_labels = list(figures["algorithms"])
    chart.add(OURS, [1.0 for _ in figures["algorithms"]])
    for name in PEERS:
        ratios = (each["cold_ratio"].get(name) for each in figures["algorithms"].values())
        chart.add(name, [None if ratio is None else round(1 / ratio, 2) for ratio in ratios])
    drawn: bytes = chart.render()
    return drawn
