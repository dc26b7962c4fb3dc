"""The table of rules in docs/contract.md is equal to the rules in the code."""

from __future__ import annotations

from pathlib import Path

from specwitness.contract import RULES

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"


def render_rules() -> str:
    """Make the table from the rules in the code."""
    rows = [f"| `{rule.code}` | {rule.kind} | {rule.level} | {rule.tells} |\n" for rule in RULES.values()]
    return "".join(["| rule | kind | level | what is told |\n|---|---|---|---|\n", *rows])


def test_page_has_the_table_of_all_rules() -> None:
    assert render_rules() in PAGE.read_text(encoding="utf-8"), (
        f"docs/contract.md is out of date: replace its table by\n{render_rules()}"
    )
