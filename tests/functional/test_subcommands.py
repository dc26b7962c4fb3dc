"""Each subcommand of `specwitness` as a process of its own: its exit status, and no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.proving_ground.catalogue import find_service
from tests.support.environment import inherit
from tests.support.fuzzed_repository import describe_mint, write_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC = """\
# Feature Specification: Sums

### User Story 1 - Add (Priority: P1)

1. **Given** the numbers 1 and 2, **When** they are added, **Then** the sum is 3. [FR-001]

### Functional Requirements

- **FR-001**: System MUST add.
"""
# `verify` and `contract` are tested as processes in test_verify_command and test_contract_command.
OUTPUTS = {
    "derive": "wrote features/001-sums.feature",
    "requirements": "specs/001-sums/spec.md:9: 001/FR-001 System MUST add.",
    "schema": '"$schema"',
}


def call(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "specwitness", *words],
        cwd=root,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "KEY": find_service("orders").mint.key,
            **inherit(),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_repository(tmp_path, find_service("orders").contract, describe_mint("orders"))
    (tmp_path / "specs/001-sums").mkdir(parents=True)
    (tmp_path / "specs/001-sums/spec.md").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nothing listens on, and that no other process can take meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("subcommand", OUTPUTS)
def test_subcommand_prints_its_result(repository: Path, subcommand: str) -> None:
    done = call(repository, subcommand)
    assert (done.returncode, done.stderr) == (0, "")
    assert OUTPUTS[subcommand] in done.stdout


def test_token_is_printed_alone(repository: Path, closed_port: int) -> None:
    done = call(repository, "token", "alice", "--base-url", f"http://127.0.0.1:{closed_port}")
    assert (done.returncode, done.stderr) == (0, "")
    assert [len(line.split(".")) for line in done.stdout.splitlines()] == [3]


def test_fuzz_run_that_reaches_no_service_is_invalid(repository: Path, closed_port: int) -> None:
    options = ("--contract", "openapi.yaml", "--base-url", f"http://127.0.0.1:{closed_port}")
    done = call(repository, "fuzz", *options)
    assert done.returncode == 2
    assert "the connection was refused → start the service" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
