"""Pages that `make docs` writes: none is out of date, and none can be without a test that says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytest_bdd.scenario import make_python_name

from tests.falsifiers.__main__ import FALSIFIERS, make_page, refresh_page
from tests.falsifiers.model import Result
from tests.pages.blocks import put_between, read_between
from tests.pages.made import CHECKS, DETECTION, PAGES
from tests.pages.pictures import PICTURE, count_requirements, read_note, write_note
from tests.proving_ground.catalogue import SERVICES

ROOT = Path(__file__).parents[2]
FEATURE = "features/003-jwt-auth-middleware.feature"


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_made_page_is_up_to_date(page: str) -> None:
    text = read(page)
    assert PAGES[page](text) == text, f"{page} is out of date: run make docs"


def test_first_page_fits_on_a_screen_or_two() -> None:
    assert len(read("README.md").splitlines()) <= 120


def test_detection_counts_every_planted_bug() -> None:
    bugs = sum(len(service.bugs) for service in SERVICES)
    assert f"\n{bugs} planted bugs at seed 1" in read(DETECTION), (
        "run .venv/bin/python -m benchmarks detection"
    )


def test_every_removed_check_turned_a_test_red_that_exists() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    # pytest-bdd names the tests of scenarios.
    scenarios = re.findall(r"^ *Scenario(?: Outline)?: (.*)$", read(FEATURE), re.MULTILINE)
    tests += "".join(f"def test_{make_python_name(name)}(" for name in scenarios)
    rows = re.findall(r"^\| .* \| (\w+) \| `(\w+)` \|$", read(CHECKS), re.MULTILINE)
    assert len(rows) == len(FALSIFIERS)
    assert [name for outcome, name in rows if outcome != "red" or f"def {name}(" not in tests] == []


def test_results_of_removed_checks_are_kept_and_a_new_check_needs_one() -> None:
    page = make_page(Result(falsifier, "red", "test_x::test_it[a]") for falsifier in FALSIFIERS)
    moved = page.replace("`backend/core/", "`elsewhere/")
    assert refresh_page(moved) == page
    with pytest.raises(ValueError, match=r"no result for .*: run make falsify"):
        refresh_page(page.replace(f"| {FALSIFIERS[0].check} |", "| another |"))


def test_picture_of_the_report_shows_all_requirements() -> None:
    note = read_note(PICTURE.read_bytes())
    assert note == str(count_requirements()), "the picture is old: run make verify, then make docs"


def test_note_in_a_picture_is_read_again() -> None:
    picture = PICTURE.read_bytes()
    assert read_note(write_note(picture, "7")) == "7"
    assert read_note(picture[:33] + picture[-12:]) == ""


def test_block_of_a_page_is_replaced() -> None:
    page = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n"
    assert put_between(page, "x", "new\n") == page.replace("old", "new")
    assert read_between(page, "x") == "old\n"
    with pytest.raises(ValueError, match="the page has no block y"):
        put_between(page, "y", "new\n")
