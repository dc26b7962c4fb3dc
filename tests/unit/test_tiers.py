"""`make test` leaves the slow tests out visibly, `make test-all` and CI run them, and `make verify` runs all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SLOW_FILE = "tests/e2e/test_database.py"


LEFT = re.compile(r"^Slow tests left to make test-all: [1-9]\d*$", re.MULTILINE)


def run_pytest(*words: str) -> str:
    """Run pytest; give what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    return done.stdout


def plan(*words: str) -> str:
    """Give the commands that make would run, in an environment that is set up."""
    command = ["make", "--dry-run", "--assume-old=.venv/installed", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_summary_counts_the_slow_tests_that_are_left() -> None:
    said = run_pytest("--collect-only", SLOW_FILE, "-m", "not slow")
    assert LEFT.search(said), said
    assert f"{SLOW_FILE}::" not in said


def test_summary_counts_them_where_workers_run_side_by_side() -> None:
    said = run_pytest("-p", "xdist", "-n", "1", "-m", "not slow", SLOW_FILE, "tests/unit/test_scorecard.py")
    assert LEFT.search(said), said
    assert "passed" in said


def test_run_of_all_tests_leaves_none() -> None:
    said = run_pytest("--collect-only", SLOW_FILE)
    assert f"{SLOW_FILE}::" in said
    assert not LEFT.search(said), said


def test_both_tiers_together_are_all_tests() -> None:
    quick, slow = (plan(target).splitlines()[-1] for target in ("test", "test-slow"))
    assert quick.endswith('-m "not slow"')
    assert slow == quick.replace('"not slow"', "slow")
    assert plan("test-all").splitlines()[-2:] == [quick, slow]


def test_ci_runs_both_tiers_with_coverage() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "\n  make test coverage=yes\n  make test-slow\n" in script
    assert "coverage report" in plan("test", "coverage=yes")


def test_proof_runs_all_tests() -> None:
    assert "slow" not in plan("verify")
