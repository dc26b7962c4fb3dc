"""The table of rules in docs/contract.md is that of the code."""

from __future__ import annotations

from pathlib import Path

from specwitness.contract import RULES

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"


def render_rules() -> str:
    """Return the table as the page must have it."""
    rows = [f"| `{rule.code}` | {rule.kind} | {rule.level} | {rule.reports} |\n" for rule in RULES.values()]
    return "".join(["| rule | kind | level | what it reports |\n|---|---|---|---|\n", *rows])


def test_page_lists_every_rule() -> None:
    assert render_rules() in PAGE.read_text(encoding="utf-8"), f"put this table into it:\n{render_rules()}"
