"""`python -m benchmarks`, each with so few rounds that the figures mean nothing: it runs, and writes its page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.environment import inherit

ROOT = Path(__file__).parents[2]
FEW = {
    "tokens": "from benchmarks import tokens as it; it.ROUNDS = 1; it.TOKENS_A_ROUND = {'HS256': 2, 'EdDSA': 2}",
    "authentication": (
        "from benchmarks import authentication as it;"
        " it.ROUNDS, it.REQUESTS_A_ROUND, it.USERS, it.IN_FLIGHT = 1, 5, 10, 5"
    ),
    "existence": "from benchmarks import existence as it; it.measure.__defaults__ = (2,)",
    "detection": (
        "from benchmarks import detection as it; it.TOOLS = {it.OURS: it.TOOLS[it.OURS]};"
        " it.measure.__defaults__ = (range(1, 2), frozenset({'orders-read-any'}))"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pages to write into."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


def run(folder: Path, name: str) -> str:
    """Run a benchmark as `python -m benchmarks` does, after a line that makes it small."""
    code = f"{FEW[name]}; from benchmarks.__main__ import main; import sys; sys.exit(main(['{name}']))"
    done = subprocess.run(
        [sys.executable, "-c", f"if __name__ == '__main__': exec({code!r})"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **inherit()},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / f"build/bench/{name}.json").exists()
    return done.stdout


def test_tokens_are_measured_and_written_into_their_page(folder: Path) -> None:
    assert "written into docs/performance.md" in run(folder, "tokens")
    page = (folder / "docs/performance.md").read_text(encoding="utf-8")
    assert "| | HS256 | EdDSA |\n" in page
    assert "\n| PyJWT | " in page
    assert (folder / "docs/images/tokens.svg").read_bytes().startswith(b"<?xml")


def test_authentication_is_measured(folder: Path) -> None:
    assert "protected over open" in run(folder, "authentication")


def test_existence_is_measured(folder: Path) -> None:
    assert "getTask" in run(folder, "existence")


def test_detection_is_measured_and_written_into_its_page(folder: Path) -> None:
    assert "written into docs/detection.md" in run(folder, "detection")
    assert "\n| **found** | " in (folder / "docs/detection.md").read_text(encoding="utf-8")
