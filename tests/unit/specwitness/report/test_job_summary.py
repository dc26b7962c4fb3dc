"""The job summary in Markdown: counts, findings, and a note where it is cut."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from specwitness.report import render_markdown
from tests.support.sample_trace import sample_trace

TRACE = sample_trace()
TEXT = render_markdown(TRACE)


def test_equal_traces_give_equal_bytes() -> None:
    assert render_markdown(sample_trace()) == TEXT


def test_result_is_the_heading() -> None:
    assert TEXT.startswith("# ❌ broken\n")


def test_each_verdict_is_counted() -> None:
    for verdict, count in TRACE.summary.items():
        assert f" {verdict.value} | {count} |" in TEXT


def test_finding_has_its_line_its_keys_and_its_remedy() -> None:
    [line] = [line for line in TEXT.split("\n") if "no witness ran for it" in line and line.startswith("- ")]
    assert "`specs/003-jwt-auth-middleware/spec.md:304`" in line
    assert "`003/SC-005`" in line
    assert "  → name it in a scenario or a test" in TEXT


def test_each_requirement_has_one_row() -> None:
    rows = [line for line in TEXT.split("\n") if line.startswith("| [`")]
    assert len(rows) == len(TRACE.requirements)
    assert all(row.replace(r"\|", "").count("|") == 5 for row in rows)


def test_hostile_text_stays_text() -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(TEXT)
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in TEXT
    assert "\u202e" not in TEXT


@pytest.mark.parametrize("limit", [2_000, 5_000, 10_000, 20_000])
def test_summary_over_the_limit_is_cut_with_a_note(limit: int) -> None:
    text = render_markdown(TRACE, limit_bytes=limit)
    assert len(text.encode()) <= limit
    assert text.startswith("# ❌ broken\n")
    assert f"Shortened to {limit:,} bytes: " in text.split("\n")[-2]
    assert "`trace.json`" in text.split("\n")[-2]


def test_summary_within_the_limit_is_complete() -> None:
    assert render_markdown(TRACE, limit_bytes=len(TEXT.encode())) == TEXT
    assert "Shortened" in render_markdown(TRACE, limit_bytes=len(TEXT.encode()) - 1)


def test_backticks_cannot_end_a_detail_early() -> None:
    first = TRACE.witnesses[0].model_copy(update={"detail": "```\n# not a heading"})
    text = render_markdown(TRACE.model_copy(update={"witnesses": (first, *TRACE.witnesses[1:])}))
    assert "````text\n```\n# not a heading\n````\n" in text
