"""`specwitness fuzz` on a small service: kept, broken, invalid."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.services.outages import describe

ROOT = Path(__file__).parents[2]
PYPROJECT = """
[tool.specwitness]
contract = "openapi.json"
target = "opened:open_target"
"""
TARGET = """
from contextlib import contextmanager
from specwitness.fuzz import Tokens
from tests.services.outages import Condition, make_target

@contextmanager
def open_target():
    yield make_target(Condition(), {names})
"""


class Ran(NamedTuple):
    code: int
    said: str
    warned: str


def fuzz(root: Path, *options: str, names: str = "None", documented: tuple[int, ...] = ()) -> Ran:
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "opened.py").write_text(TARGET.format(names=names), encoding="utf-8")
    (root / "openapi.json").write_text(json.dumps(describe(*documented)), encoding="utf-8")
    command = [sys.executable, "-m", "specwitness", "fuzz", "--root", str(root), *options]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=600)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_service_that_keeps_its_contract_is_kept(tmp_path: Path) -> None:
    ran = fuzz(tmp_path, "--profile", "deep", "--strict")
    assert ran.code == 0, ran
    assert "8 of 8 documented statuses, profile deep, seed 1" in ran.said
    assert json.loads((tmp_path / "build/fuzz/fuzz.json").read_text())["statuses"]["server_errors"] == 0


def test_documented_status_that_never_came_breaks_a_strict_deep_run(tmp_path: Path) -> None:
    ran = fuzz(tmp_path, "--profile", "deep", "--strict", documented=(418,))
    assert ran.code == 1, ran
    assert "GET /things keeps its contract [conformance]\nnever observed: 418\n" in ran.said


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ('Tokens(alice="wrong", bob="wrong")', "the valid token is refused everywhere"),
        ("Tokens(alice='')", "the target has no valid token"),
    ],
    ids=["401 everywhere", "no token"],
)
def test_run_without_authentication_is_never_kept(tmp_path: Path, names: str, reason: str) -> None:
    ran = fuzz(tmp_path, "--check", "none", names=names)
    assert ran.code == 2, ran
    assert reason in ran.warned
