"""The falsifiers apply to the code as it is; `make falsify` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.falsifiers.__main__ import FALSIFIERS, PAGE, ROOT, TESTS

if TYPE_CHECKING:
    from tests.falsifiers.model import Falsifier


@pytest.mark.parametrize("falsifier", FALSIFIERS, ids=lambda falsifier: falsifier.check)
def test_falsifier_changes_one_place_of_an_existing_module(falsifier: Falsifier) -> None:
    text = (ROOT / "backend" / falsifier.file).read_text(encoding="utf-8")
    assert text.count(falsifier.old) == 1
    assert falsifier.old != falsifier.new
    compile(text.replace(falsifier.old, falsifier.new), falsifier.file, "exec")


@pytest.mark.parametrize("falsifier", FALSIFIERS, ids=lambda falsifier: falsifier.check)
def test_falsifier_names_tests_that_exist(falsifier: Falsifier) -> None:
    missing = [name for name in falsifier.tests if not (ROOT / TESTS / name.partition("::")[0]).exists()]
    assert not missing


def test_page_lists_each_falsifier_with_its_module_and_a_test_that_exists() -> None:
    lines = [line for line in (ROOT / PAGE).read_text(encoding="utf-8").splitlines() if "`003/" in line]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    assert [row[:3] for row in rows] == [
        [falsifier.check, falsifier.requirement, f"backend/{falsifier.file}"] for falsifier in FALSIFIERS
    ]
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    # pytest-bdd makes the names of scenarios: test_us7ac3_alice_sends_request...
    missing = [row[4] for row in rows if f"def {row[4]}(" not in code and not row[4].startswith("test_us")]
    assert not missing
