"""The matrix as `make isolation` prints it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from tests.isolation.matrix import MATRIX, OPERATIONS, ROOT
from tests.isolation.scene import Caller, Row
from tests.isolation.show import find_faults, format_markdown, format_text, main

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED = {name: MATRIX[name].cells for name in OPERATIONS}


def spoil(
    operation: str, caller: Caller, row: Row, words: str
) -> dict[str, Mapping[tuple[Caller, Row], str]]:
    return {**EXPECTED, operation: {**EXPECTED[operation], (caller, row): words}}


@pytest.mark.requirement("003/FR-009")
def test_command_runs_the_matrix_and_prints_the_expected_outcomes() -> None:
    command = [sys.executable, "-m", "tests.isolation.show", "--markdown"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stdout, done.stderr) == (0, format_markdown(EXPECTED), "")


def test_unknown_argument_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--html"]) == 2
    assert capsys.readouterr().err == "isolation: unknown argument '--html'; the only option is --markdown\n"


def test_unexpected_outcome_is_reported_with_the_line_of_its_operation() -> None:
    (fault,) = find_faults(spoil("getTask", Caller.ANOTHER, Row.OTHERS, "200 another's task"))
    assert fault == (
        f"{OPERATIONS['getTask'].location}: getTask for another user, another's row: \"200 another's task\","
        " expected '404 task_not_found'"
    )


def test_unexpected_outcomes_are_red() -> None:
    console = Console(width=400, force_terminal=True, color_system="standard", no_color=False)
    with console.capture() as capture:
        for line in format_text(spoil("getMe", Caller.OWNER, Row.NONE, "500 leaked [x]")):
            console.print(line)
    printed = capture.get()
    assert "500 leaked [x]" in printed
    assert printed.count("\x1b[1;31m") == 1


def test_every_outcome_is_shown_within_80_columns() -> None:
    text = "\n".join(line.plain for line in format_text(EXPECTED))
    outcomes = {words for cells in EXPECTED.values() for words in cells.values()}
    assert [words for words in outcomes if words not in " ".join(text.split())] == []
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_callers_with_the_same_outcomes_share_a_line_of_the_markdown() -> None:
    text = format_markdown(EXPECTED)
    assert text.count("| getTask (`GET /api/tasks/{task_id}`) | owner, another user |") == 1
    assert format_markdown(spoil("getTask", Caller.OWNER, Row.NONE, "x")).count("| getTask ") == 3
