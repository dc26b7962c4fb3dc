"""The text of a spec on the page: complete, and marked at its requirements."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from specwitness.report.links import Links
from specwitness.report.spec_view import Mark, render_inline, render_spec

NOWHERE = Links(base=None)
LINES = [
    "",
    "a",
    "  b",
    "    a",
    "\tb",
    "- a",
    "-",
    "1. **b**: a",
    "# a",
    "---",
    "> a",
    "```a",
    "~~~",
    "| a | b |",
    "|---|",
    "|:--|--:|",
    "a | b | b",
    "a\\|b | `b|a`",
    "[a](b 'a')",
    "[a](<b a>",
    "[a]: b",
    "[a][b]",
    "![a](b)",
    "<https://a.b/a>",
    "<!-- a -->",
    "<b>a</b>",
    "*a **b*",
    "~~a~~",
    "&lt;a \\*b",
]
# With pytest's assertion hook on, each of Hypothesis's own asserts costs a representation.
QUICK = settings(max_examples=30, deadline=None)
SPECS = st.lists(st.sampled_from(LINES), max_size=8).map("\n".join)


def _mark(key: str, line: int) -> Mark:
    return Mark(key, line, Markup("<b>head of {}</b> ").format(key), Markup("<i>proof of {}</i>").format(key))


def _render(text: str, *marks: Mark, links: Links = NOWHERE) -> str:
    return str(render_spec(text, marks, links, "specs/001-x"))


def test_list_item_starts_with_its_mark_and_ends_with_its_proof() -> None:
    html = _render("- one\n- two\n\n  more of two\n- three\n", _mark("K", 2))
    assert re.search(r'<li class="req" id="K" data-key="K">\s*(<p>)?<b>head of K</b> two', html)
    assert re.search(r"more of two</p>\s*<i>proof of K</i></li>", html)


def test_table_row_has_its_mark_and_the_proof_follows_the_table() -> None:
    html = _render("| a |\n|---|\n| one |\n| two |\n", _mark("K", 4))
    assert '<tr class="req" id="K" data-key="K">\n<td><b>head of K</b> two</td>' in html
    assert html.index("</table>") < html.index("proof of K")


def test_line_inside_a_paragraph_has_its_mark_at_its_start() -> None:
    html = _render("first\nsecond\n", _mark("A", 1), _mark("B", 2))
    assert '<p class="req" id="A" data-key="A"><b>head of A</b> first' in html
    assert '<span class="req" id="B" data-key="B"><b>head of B</b> </span>second' in html


def test_line_inside_a_code_block_is_marked_before_the_block() -> None:
    html = _render("```text\nFR-001: x\n```\n", _mark("K", 2))
    assert html.index('id="K"') < html.index("<pre>")


def test_line_past_the_end_is_marked_at_the_end() -> None:
    assert 'id="K"' in _render("only\n", _mark("K", 9))


def test_headings_are_one_level_below_those_of_the_report() -> None:
    assert _render("# a\n\n###### b\n") == "<h2>a</h2>\n<h6>b</h6>\n"


def test_comment_and_raw_html_are_shown_as_text() -> None:
    html = _render("<!-- hidden --> and <b>tags</b>\n")
    assert html == "<p>&lt;!-- hidden --&gt; and &lt;b&gt;tags&lt;/b&gt;</p>\n"


def test_image_is_shown_as_text() -> None:
    html = _render("![alt words](https://x.example/p.png)\n")
    assert "<img" not in html
    assert "alt words" in html
    assert "(https://x.example/p.png)" in html


def test_link_shows_its_target_as_text() -> None:
    html = _render('[the plan](plan.md "a title")\n')
    assert html == '<p><a>the plan</a><span class="target"> (plan.md a title)</span></p>\n'


def test_relative_link_leads_to_the_commit() -> None:
    html = _render("[the plan](plan.md)\n", links=Links(base="https://g.example/r/blob/abc1234"))
    assert 'href="https://g.example/r/blob/abc1234/specs/001-x/plan.md"' in html


def test_link_definition_is_shown() -> None:
    assert "hidden.example" in _render("[label]: https://hidden.example\n")


def test_language_of_a_code_block_is_shown() -> None:
    assert '<p class="info">gherkin</p>' in _render("```gherkin\nx\n```\n")


def test_statement_is_rendered_without_links() -> None:
    assert (
        render_inline("**MUST** [see](https://x.example) `<b>`")
        == "<strong>MUST</strong> see <code>&lt;b&gt;</code>"
    )


@pytest.mark.parametrize("target", ["ftp://a.example/x", "#K", "//evil.example/x"])
def test_link_that_is_not_to_a_web_page_becomes_text(target: str) -> None:
    html = _render(f"[a]({target})\n", links=Links(base="https://g.example/r/blob/abc1234"))
    assert html == f'<p><a>a</a><span class="target"> ({target})</span></p>\n'


def test_empty_list_item_has_its_mark() -> None:
    assert '<li class="req" id="K" data-key="K">\n<b>head of K</b> <i>proof of K</i></li>' in _render(
        "-", _mark("K", 1)
    )


def test_line_of_a_tight_list_item_has_its_mark() -> None:
    assert '<span class="req" id="K" data-key="K"><b>head of K</b> </span>two' in _render(
        "-\n  two", _mark("K", 2)
    )


@QUICK
@given(SPECS, st.integers(1, 8))
def test_mark_is_placed_once_in_any_text(text: str, line: int) -> None:
    html = _render(text, _mark("K", line))
    assert html.count("head of K") == 1
    assert html.count("proof of K") == 1
    assert html.count('id="K"') == 1


@QUICK
@given(SPECS)
def test_every_letter_of_a_spec_is_kept(text: str) -> None:
    words = re.sub("<[^>]*>", "", _render(text))
    lost = Counter(text) - Counter(unescape(words))
    assert {"a", "b"}.isdisjoint(lost)


def test_cell_without_a_column_is_shown() -> None:
    html = _render("| a |\n|---|\n| one | two \\| x | three |\n")
    assert "<td>one</td>\n<td> two \\| x </td><td> three </td></tr>" in html
