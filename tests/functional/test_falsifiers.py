"""`python -m tests.falsifiers`, for a single check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.falsifiers.__main__ import PAGE, ROOT, main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow("runs tests on a copy of the repository")
def test_removed_check_turns_a_test_red(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / PAGE
    page.parent.mkdir()
    page.write_text(
        (ROOT / PAGE).read_text(encoding="utf-8").replace("| red |", "| green |", 1), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["8192", "bytes"]) == 0
    assert "a test failed for 1 of 1 removed checks" in capsys.readouterr().out
    assert "| green |" not in page.read_text(encoding="utf-8")


def test_name_that_no_check_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coffee"]) == 2
    assert "no check has coffee in its description" in capsys.readouterr().out
