"""Holds docs/contract.md to the rules that there are."""

from __future__ import annotations

from pathlib import Path

from specwitness.contract import RULES

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"


def render_rules() -> str:
    """The table of the page, as the code has it."""
    rows = [f"| `{rule.code}` | {rule.kind} | {rule.level} | {rule.tells} |\n" for rule in RULES.values()]
    return "".join(["| rule | kind | level | what is told |\n|---|---|---|---|\n", *rows])


def test_page_lists_every_rule_as_the_code_has_it() -> None:
    assert render_rules() in PAGE.read_text(encoding="utf-8"), f"put this table into it:\n{render_rules()}"
