"""docs/verifier.md refers only to requirements and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verifier.md").read_text(encoding="utf-8")
SPEC = (ROOT / "specs" / "003-jwt-auth-middleware" / "spec.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "003/" in line]


def test_every_row_names_a_requirement_of_the_spec() -> None:
    assert len(ROWS) >= 35
    for row in ROWS:
        keys = re.findall(r"003/(FR-\d+)", row)
        assert keys, row
        for key in keys:
            assert f"**{key}**" in SPEC, row


def test_every_row_names_an_existing_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for row in ROWS:
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        for name in names:
            assert f"def {name}(" in tests, name
