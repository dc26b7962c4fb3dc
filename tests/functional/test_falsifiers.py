"""`python -m tests.falsifiers`, for a single check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.falsifiers.__main__ import main

if TYPE_CHECKING:
    import pytest


def test_removed_check_turns_a_test_red(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "cap"]) == 0
    assert "1 of 1 checks, taken away, turn a test red" in capsys.readouterr().out


def test_name_that_no_check_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coffee"]) == 2
    assert "no check has coffee in its name" in capsys.readouterr().out
