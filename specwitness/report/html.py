"""The trace as one HTML file without external resources: each spec, with the evidence beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from specwitness.report.links import Links, links_of
from specwitness.report.proof import TITLES, Proof, prove
from specwitness.report.spec_view import Mark, render_inline, render_spec
from specwitness.report.wording import (
    MEANINGS,
    SYMBOLS,
    count_of,
    count_witnesses,
    escape_controls,
    is_long,
    needing_work,
)

if TYPE_CHECKING:
    from markupsafe import Markup

    from specwitness.model import SpecSource, Trace

DETAIL_LENGTH = 20_000
"""The number of characters shown of one failure; trace.json has all of them."""


@dataclass(frozen=True)
class SpecPage:
    """One spec as the page shows it: rendered with marks, and its source line by line."""

    source: SpecSource
    html: Markup
    lines: tuple[str, ...]


def render_html(trace: Trace) -> str:
    """Render a trace as one HTML page; equal traces give equal bytes.

    Args:
        trace: The trace to render.

    Returns:
        A page that loads nothing from elsewhere and can be read without JavaScript.

    Raises:
        EvidenceError: The trace names a witness that is not in it.
    """
    links = links_of(trace)
    witnesses = {witness.id: witness for witness in trace.witnesses}
    proofs = [prove(traced, witnesses) for traced in trace.requirements]
    environment = _environment(links)
    pages = [_page(spec, proofs, environment, links) for spec in trace.specs]
    paths = {spec.path for spec in trace.specs}
    return environment.get_template("report.html.j2").render(
        trace=trace,
        findings=trace.findings,
        pages=pages,
        overview=_overview(trace, proofs),
        without_spec=[proof for proof in proofs if proof.traced.requirement.location.file not in paths],
        keys={traced.requirement.key for traced in trace.requirements},
        lead=_lead(trace),
        verdict_counts=[(verdict, trace.summary.get(verdict, 0)) for verdict in SYMBOLS],
    )


def _environment(links: Links) -> Environment:
    environment = Environment(
        loader=PackageLoader("specwitness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(seen=escape_controls, statement=render_inline, shortened=_shortened)
    environment.tests.update(long=is_long)
    environment.globals.update(
        symbols=SYMBOLS,
        meanings=MEANINGS,
        kinds=TITLES,
        link=links.to_line,
        file_link=links.to_file,
        counted=count_witnesses,
    )
    return environment


def _page(spec: SpecSource, proofs: list[Proof], environment: Environment, links: Links) -> SpecPage:
    macros: Any = environment.get_template("proof.html.j2").module
    marks = [
        Mark(
            key=proof.traced.requirement.key,
            line=proof.traced.requirement.location.line,
            head=macros.head(proof),
            proof=macros.proof(proof),
        )
        for proof in proofs
        if proof.traced.requirement.location.file == spec.path
    ]
    html = render_spec(spec.text, marks, links, str(PurePosixPath(spec.path).parent))
    return SpecPage(spec, html, tuple(escape_controls(spec.text).split("\n")))


def _overview(trace: Trace, proofs: list[Proof]) -> list[tuple[str, list[Proof]]]:
    """Group the proofs by spec, with the title of the spec; requirements without a spec come last."""
    titles = {spec.path: f"{spec.namespace} · {spec.title}" for spec in trace.specs}
    groups: dict[str, list[Proof]] = {path: [] for path in titles}
    for proof in proofs:
        groups.setdefault(proof.traced.requirement.location.file, []).append(proof)
    return [(titles.get(path, path), found) for path, found in groups.items() if found]


def _lead(trace: Trace) -> str:
    """Write the result as a sentence, such as `Broken by 2 findings.`."""
    total = count_of(len(trace.requirements), "requirement")
    open_count = len(needing_work(trace.requirements))
    if trace.result == "kept" and not open_count:
        return f"Every one of {total} has passed evidence or a waiver."
    parts = [count_of(len(trace.findings), "finding")] if trace.findings else ["no findings"]
    parts += [f"{open_count} of {total} need work"] if open_count else []
    listed = "; ".join(parts)
    return f"Kept with {listed}." if trace.result == "kept" else f"Broken by {listed}."


def _shortened(text: str) -> str:
    if len(text) <= DETAIL_LENGTH:
        return text
    return f"{text[:DETAIL_LENGTH]}\n… {len(text) - DETAIL_LENGTH:,} more characters in trace.json"
