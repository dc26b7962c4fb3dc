"""The HTML report is complete, offline and escaped, and equal for equal traces."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from specwitness.errors import EvidenceError
from specwitness.model import Trace, Verdict, WitnessKind
from specwitness.report import render_html
from tests.support.sample_trace import HOSTILE, sample_trace

TRACE = sample_trace()
HTML = render_html(TRACE)
LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction", "ping"}


class _Reader(HTMLParser):
    """Collects what a browser would see: tags with attributes, and words outside script and style."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._mute = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._mute = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._mute = self._mute and tag not in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._mute:
            self.words.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


PAGE = _read(HTML)
WORDS = " ".join(" ".join(PAGE.words).split())


def _marked(attribute: str, value: str) -> list[dict[str, str | None]]:
    return [attributes for _, attributes in PAGE.tags if attributes.get(attribute) == value]


def test_equal_traces_give_equal_bytes() -> None:
    assert render_html(sample_trace()) == HTML


def test_page_loads_nothing_from_other_places() -> None:
    loads = [(tag, name) for tag, attrs in PAGE.tags for name in attrs if name in LOADING]
    links = [attrs.get("href") for tag, attrs in PAGE.tags if tag == "link"]
    assert loads == []
    assert links == ["data:,"]
    assert "url(" not in HTML.split("</style>")[0]
    assert "@import" not in HTML.split("</style>")[0]


def test_content_security_policy_allows_only_what_the_page_needs() -> None:
    [policy] = _marked("http-equiv", "Content-Security-Policy")
    assert str(policy["content"]).startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )


def test_hostile_text_creates_no_element() -> None:
    tags = [tag for tag, _ in PAGE.tags]
    handlers = [name for _, attrs in PAGE.tags for name in attrs if name.startswith("on")]
    assert tags.count("script") == 1
    assert tags.count("style") == 1
    assert "img" not in tags
    assert handlers == []


def test_hostile_text_is_shown_as_text() -> None:
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert WORDS.count(shown) >= 5


def test_no_control_or_direction_character_reaches_the_page() -> None:
    assert re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", HTML) is None


def test_links_lead_only_to_web_pages_and_anchors() -> None:
    targets = [str(attrs["href"]) for tag, attrs in PAGE.tags if tag == "a" and "href" in attrs]
    assert {target.split(":")[0] for target in targets if not target.startswith("#")} == {"https"}


def test_each_requirement_has_one_anchor_one_proof_and_one_row() -> None:
    for traced in TRACE.requirements:
        key = traced.requirement.key
        assert len(_marked("id", key)) == 1, key
        assert len(_marked("data-proof", key)) == 1, key
        assert len(_marked("data-row", key)) == 1, key


def test_each_link_into_the_page_has_its_target() -> None:
    places = {attrs.get("id") for _, attrs in PAGE.tags}
    inner = {str(attrs["href"])[1:] for _, attrs in PAGE.tags if str(attrs.get("href", "")).startswith("#")}
    assert inner
    assert inner <= places


def test_each_requirement_is_shown_in_its_spec_word_by_word() -> None:
    for traced in TRACE.requirements:
        plain = re.sub(r"[*`|]", " ", traced.requirement.text)
        assert all(word in WORDS for word in plain.split()), traced.requirement.key


def test_every_line_of_the_spec_is_in_the_source_view() -> None:
    source = HTML.split('<details class="source">')[1].split("</details>")[0]
    lines = [re.sub(r"\s+", " ", line).strip() for line in _read(source).words if line.strip()]
    expected = [re.sub(r"\s+", " ", line).strip() for line in TRACE.specs[0].text.split("\n") if line.strip()]
    assert lines[1:] == expected


def test_filter_has_a_button_for_each_verdict_with_its_count() -> None:
    for verdict in Verdict:
        [button] = _marked("data-verdict", verdict.value)[:1]
        assert button["aria-pressed"] == "false"
        assert f"{verdict.value} {TRACE.summary.get(verdict, 0)}" in WORDS


def test_waiver_shows_its_reason_its_date_and_the_verdict_without_it() -> None:
    proof = _proof("003/FR-010")
    assert "Waived until 2027-03-31" in proof
    assert "Reason comes with the export of user data" in proof
    assert "Without the waiver – silent" in proof


def test_examples_row_is_shown_with_its_outcome() -> None:
    row = next(
        witness for witness in TRACE.witnesses if "a PEM public key" in (witness.example or {}).values()
    )
    assert row.location
    proof = _proof(row.requirements[0])
    assert f"a PEM public key ✗ failed {row.location.line} AssertionError: the answer is 200" in proof
    assert "a JSON Web Key ✓ passed" in proof


def test_fuzz_checks_form_a_table_of_operations_and_credentials() -> None:
    proof = _proof("003/FR-022")
    assert "operation expired forged none valid" in proof
    assert re.search(r"GET /api/tasks \S+:74 ✗ failed 1,217 ✓ passed 1,217", proof)
    assert "expired token was answered with 200" in proof


def test_lines_are_linked_at_the_commit() -> None:
    assert 'href="https://git.example/acme/tasks/blob/66052cb0c1d2e3f405162738495a6b7c8d9e0f10/' in HTML


@pytest.mark.parametrize(
    "change",
    [
        {"revision": "66052cb0c1d2e3f405162738495a6b7c8d9e0f10-dirty"},
        {"revision": None},
        {"repository": None},
        {"repository": "javascript:alert(1)//"},
    ],
)
def test_lines_are_not_linked_without_a_commit(change: dict[str, str | None]) -> None:
    html = render_html(TRACE.model_copy(update=change))
    assert "/blob/" not in html
    assert "javascript:alert(1)//" not in [attrs.get("href") for _, attrs in _read(html).tags]
    assert "features/003-jwt-auth-middleware.feature:141" in html


def test_proof_can_be_read_without_javascript() -> None:
    tags = [tag for tag, attrs in PAGE.tags if tag == "details" and "data-proof" in attrs]
    hidden = [tag for tag, attrs in PAGE.tags if "hidden" in attrs]
    assert len(tags) == len(TRACE.requirements)
    assert hidden == ["p", "aside"]


def test_requirement_without_its_spec_is_shown() -> None:
    html = render_html(TRACE.model_copy(update={"specs": TRACE.specs[:1]}))
    assert 'id="004/FR-001"' in html


def test_long_detail_says_how_much_is_left_out() -> None:
    first = next(witness for witness in TRACE.witnesses if witness.kind is WitnessKind.TEST)
    noisy = first.model_copy(update={"detail": "y" * 20_007})
    witnesses = tuple(noisy if witness.id == first.id else witness for witness in TRACE.witnesses)
    html = render_html(TRACE.model_copy(update={"witnesses": witnesses}))
    assert "… 7 more characters in trace.json" in html


def test_missing_witness_is_an_error() -> None:
    with pytest.raises(EvidenceError, match=r"spec\.md:\d+: the trace names the witness"):
        render_html(TRACE.model_copy(update={"witnesses": ()}))


def test_kept_run_is_reported_as_kept_without_findings() -> None:
    kept = _kept()
    html = render_html(kept)
    assert "<title>kept" in html
    assert 'id="findings"' not in html
    assert "has passed evidence or a waiver" in html


def _kept() -> Trace:
    fine = tuple(
        traced
        for traced in TRACE.requirements
        if traced.verdict in {Verdict.PROVEN, Verdict.UNFALSIFIED, Verdict.WAIVED}
    )
    return TRACE.model_copy(update={"result": "kept", "findings": (), "requirements": fine})


def _proof(key: str) -> str:
    start = HTML.index(f'data-proof="{key}"')
    reader = _read(HTML[start : HTML.index("</details>", start)].split(">", 1)[1])
    return " ".join(" ".join(reader.words).split())
