"""The trace as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from specwitness.model import Finding, Trace, TracedRequirement, Verdict, Witness
from specwitness.report.links import Links, links_of
from specwitness.report.wording import (
    MEANINGS,
    SYMBOLS,
    count_witnesses,
    escape_controls,
    on_one_line,
    worst_first,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LENGTH = 160
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~#&!@$])")
_TICKS = re.compile("`+")


def render_markdown(trace: Trace, limit_bytes: int = 900_000) -> str:
    """Write the result, the counts, the findings and one row for each requirement.

    Args:
        trace: The trace to render.
        limit_bytes: The greatest size (a GitHub job summary has at most 1 MiB). Entries are left
            out from the end to stay below it; the last line says how many.
    """
    blocks = list(_blocks(trace))
    sizes = [len(block.encode()) for block in blocks]
    if sum(sizes) <= limit_bytes:
        return "".join(blocks)
    budget = limit_bytes - len(_shortened(len(blocks), limit_bytes).encode())
    kept = 0
    while kept < len(blocks) and sizes[kept] <= budget:
        budget -= sizes[kept]
        kept += 1
    return "".join(blocks[:kept]) + _shortened(len(blocks) - kept, limit_bytes)


def _shortened(left_out: int, limit_bytes: int) -> str:
    return (
        f"\n**Shortened to {limit_bytes:,} bytes: {left_out:,} entries are left out here; "
        "`trace.json` and the HTML report have all of them.**\n"
    )


def _blocks(trace: Trace) -> Iterator[str]:
    """Yield the page in blocks, of which the last ones may be left out."""
    links = links_of(trace)
    sign = "✅" if trace.result == "kept" else "❌"
    yield f"# {sign} {trace.result}\n\n{_origin(trace)}\n\n{_counts(trace)}"
    for number, finding in enumerate(trace.findings):
        yield ("\n## Findings\n\n" if number == 0 else "") + _finding(finding, links)
    heading = "\n## Requirements\n\n| requirement | verdict | witnesses | text |\n| --- | --- | --- | --- |\n"
    witnesses = {witness.id: witness for witness in trace.witnesses}
    for number, traced in enumerate(worst_first(trace.requirements)):
        yield (heading if number == 0 else "") + _requirement(traced, witnesses, links)
    failed = [witness for witness in trace.witnesses if witness.detail]
    for number, witness in enumerate(sorted(failed, key=lambda witness: witness.id)):
        yield ("\n## Details\n" if number == 0 else "") + _detail(witness)


def _origin(trace: Trace) -> str:
    facts = [f"revision {_code(trace.revision)}" if trace.revision else "no revision"]
    facts += [f"{_inline(name)} {_code(value)}" for name, value in sorted(trace.environment.items())]
    return " · ".join(facts)


def _counts(trace: Trace) -> str:
    rows = [
        f"| {SYMBOLS[verdict]} {verdict.value} | {count} | {MEANINGS[verdict]} |\n"
        for verdict in SYMBOLS
        if (count := trace.summary.get(verdict, 0))
    ]
    return "| verdict | requirements | what it means |\n| --- | ---: | --- |\n" + "".join(rows)


def _finding(finding: Finding, links: Links) -> str:
    place = ""
    if finding.location:
        target = links.to_line(finding.location)
        name = _code(str(finding.location))
        place = f"[{name}]({target}): " if target else f"{name}: "
    keys = "".join(f" {_code(key)}" for key in finding.requirements)
    remedy = f"\n  → {_inline(finding.remedy)}" if finding.remedy else ""
    return f"- {place}{_inline(finding.message)}{keys}{remedy}\n"


def _requirement(traced: TracedRequirement, witnesses: dict[str, Witness], links: Links) -> str:
    requirement = traced.requirement
    target = links.to_line(requirement.location, requirement.last_line)
    key = f"[{_cell_code(requirement.key)}]({target})" if target else _cell_code(requirement.key)
    kinds = Counter(witnesses[name].kind for name in traced.witnesses if name in witnesses)
    text = on_one_line(requirement.text)
    if len(text) > TEXT_LENGTH:
        text = text[: TEXT_LENGTH - 1] + "…"
    return f"| {key} | {_verdict(traced)} | {count_witnesses(kinds)} | {_inline(text)} |\n"


def _verdict(traced: TracedRequirement) -> str:
    word = f"{SYMBOLS[traced.verdict]} {traced.verdict.value}"
    if traced.verdict is Verdict.WAIVED and traced.waiver:
        reason = _inline(traced.waiver.reason)
        return f"{word} until {traced.waiver.until}: {reason} ({traced.evidence.value})"
    return word


def _detail(witness: Witness) -> str:
    text = escape_controls(witness.detail or "")
    fence = "`" * max(3, _longest_ticks(text) + 1)
    title = f"{_code(witness.id)} {witness.outcome.value}"
    return f"\n{title}\n\n{fence}text\n{text}\n{fence}\n"


def _inline(text: str) -> str:
    return _MARKUP.sub(r"\\\1", on_one_line(text))


def _code(text: str) -> str:
    line = on_one_line(text)
    ticks = "`" * (_longest_ticks(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def _cell_code(text: str) -> str:
    return _code(text).replace("|", r"\|")


def _longest_ticks(text: str) -> int:
    return max((len(found) for found in _TICKS.findall(text)), default=0)
