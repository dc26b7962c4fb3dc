"""The base that CI compares the contract with: a named one, the fork from main, or the commit before."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(".ci/contract_base.sh").resolve()
AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    call = ["git", "-C", str(folder), *AUTHOR, *words]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--message", text)
    return git(folder, "rev-parse", "HEAD")


def find_base(folder: Path, base: str | None = None) -> str:
    kept = {
        name: value for name, value in os.environ.items() if name != "BASE" and not name.startswith("GIT_")
    }
    # git must not find a repository above the folder.
    kept |= {"GIT_CEILING_DIRECTORIES": str(folder.parent)} | ({"BASE": base} if base else {})
    done = subprocess.run([SCRIPT], cwd=folder, check=True, capture_output=True, text=True, env=kept)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def test_branch_is_compared_with_its_fork_from_main(repository: Path) -> None:
    fork = commit(repository, "one")
    git(repository, "checkout", "--quiet", "-b", "branch")
    for text in ("two", "three"):
        commit(repository, text)
    git(repository, "checkout", "--quiet", "main")
    git(repository, "update-ref", "refs/remotes/origin/main", commit(repository, "of others"))
    git(repository, "checkout", "--quiet", "branch")
    assert find_base(repository) == fork


def test_main_itself_is_compared_with_the_commit_before(repository: Path) -> None:
    before = commit(repository, "one")
    git(repository, "update-ref", "refs/remotes/origin/main", commit(repository, "two"))
    assert find_base(repository) == before


def test_repository_without_a_remote_is_compared_with_the_commit_before(repository: Path) -> None:
    before = commit(repository, "one")
    commit(repository, "two")
    assert find_base(repository) == before


def test_first_commit_has_no_base(repository: Path) -> None:
    assert find_base(repository) == ""
    commit(repository, "one")
    assert find_base(repository) == ""


def test_folder_without_git_has_no_base(tmp_path: Path) -> None:
    assert find_base(tmp_path) == ""


def test_named_base_is_used(repository: Path) -> None:
    commit(repository, "one")
    commit(repository, "two")
    assert find_base(repository, "origin/release") == "origin/release"


def test_ci_compares_the_contract_with_its_base() -> None:
    assert "\n  make contract\n" in Path(".ci/run").read_text(encoding="utf-8")
