"""`specwitness verify` on a small repository of its own: kept, broken, invalid."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command_line import run_specwitness
from tests.support.signals import dispositions
from tests.support.writers import await_fact

if TYPE_CHECKING:
    from tests.support.in_process import Ended

PYPROJECT = """\
[tool.pytest.ini_options]
enable_assertion_pass_hook = true
bdd_features_base_dir = "features"
addopts = ["--strict-markers"]
filterwarnings = ["error"]
"""
SPEC = """\
# Feature Specification: Sums

### User Story 1 - Add (Priority: P1)

1. **Given** the numbers <a> and <b>, **When** they are added, **Then** the sum is <sum>. [FR-001]

   | a | b | sum |
   |---|---|-----|
   | 1 | 2 | 3   |
   | 2 | 2 | 4   |

### Functional Requirements

- **FR-001**: System MUST add.
- **FR-002**: System MUST be pure.
"""
STEPS = """\
import pytest
from pytest_bdd import given, parsers, scenarios, then, when

scenarios("001-sums.feature")


@given(parsers.parse("the numbers {a:d} and {b:d}"), target_fixture="numbers")
def numbers(a, b):
    return [a, b]


@when("they are added", target_fixture="total")
def total(numbers):
    return sum(numbers)


@then(parsers.parse("the sum is {expected:d}"))
def check_sum(total, expected):
    assert total == expected


@pytest.mark.requirement("001/FR-002")
def test_adding_changes_nothing():
    numbers = [1, 2]
    assert sum(numbers) == 3
    assert numbers == [1, 2]
"""


# Only the plugins that the small repository needs: the others take a second to import.
LEAN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_bdd.plugin,specwitness.plugin"}


class Repository:
    """A Spec Kit repository in a folder, and the command run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def run(self, *words: str) -> Ended:
        """Run `specwitness` in this process; its pytest is a process of its own."""
        return run_specwitness(*words, folder=self.root, variables=LEAN)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `specwitness` as a process."""
        command = [sys.executable, "-m", "specwitness", *words]
        return subprocess.run(
            command,
            cwd=self.root,
            env={**os.environ, **LEAN},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def start(self, hangup: signal.Handlers) -> subprocess.Popen[str]:
        """Start `specwitness verify`; `hangup` is what it inherits for SIGHUP, which nohup ignores."""
        with dispositions(hangup=hangup):
            return subprocess.Popen(
                [sys.executable, "-m", "specwitness", "verify"],
                cwd=self.root,
                env={**os.environ, **LEAN},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    def await_file(self, name: str) -> str:
        """Wait until the run has written a file; give what it holds."""
        path = self.root / name
        await_fact(path.exists)
        return path.read_text(encoding="utf-8")

    def trace(self) -> dict[str, Any]:
        text = (self.root / "build/trace/trace.json").read_text(encoding="utf-8")
        trace: dict[str, Any] = json.loads(text)
        return trace


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with its derived feature, to be copied."""
    repository = Repository(tmp_path_factory.mktemp("derived"))
    repository.write("pyproject.toml", PYPROJECT)
    repository.write("specs/001-sums/spec.md", SPEC)
    repository.write("tests/test_sums.py", STEPS)
    assert repository.run("derive").returncode == 0
    return repository.root


@pytest.fixture
def repository(tmp_path: Path, derived: Path) -> Repository:
    shutil.copytree(derived, tmp_path, dirs_exist_ok=True)
    return Repository(tmp_path)


BREAKING = ("tests/test_sums.py", "return sum(numbers)", "return 3")
INVALID = ("pyproject.toml", "[tool.pytest", "[tool.specwitness]\nnonsense = 1\n\n[tool.pytest")


@pytest.mark.parametrize(
    ("change", "code"), [(None, 0), (BREAKING, 1), (INVALID, 2)], ids=["kept", "broken", "invalid"]
)
def test_result_is_the_exit_status_of_the_process(
    repository: Repository, change: tuple[str, str, str] | None, code: int
) -> None:
    if change:
        repository.change(*change)
    done = repository.call("verify")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_tested_repository_is_kept_and_a_second_run_writes_the_same_bytes(repository: Repository) -> None:
    first = repository.run("verify")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "kept" in first.stdout
    files = [*(repository.root / "features").iterdir(), *(repository.root / "build/trace").glob("*.*")]
    names = {path.name for path in files}
    assert {"001-sums.feature", "trace.json", "index.html", "summary.md"} <= names
    before = {path.name: path.read_bytes() for path in files if path.suffix != ".log"}
    assert repository.run("verify").returncode == 0
    assert {path.name: path.read_bytes() for path in files if path.suffix != ".log"} == before
    verdicts = {item["requirement"]["key"]: item["verdict"] for item in repository.trace()["requirements"]}
    assert verdicts == dict.fromkeys(["001/US1/AC1", "001/FR-001", "001/FR-002"], "unfalsified")
    assert len(repository.trace()["witnesses"]) == 3


WAITING = """\
import os
import time
from pathlib import Path

import pytest


@pytest.mark.requirement("001/FR-002")
def test_that_waits():
    Path("started.tmp").write_text(str(os.getpid()))
    Path("started.tmp").rename("started")
    while not Path("go").exists():
        time.sleep(0.02)
    assert Path("go").exists()
"""


def is_running(pid: str) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(") ")[2][0] != "Z"


@pytest.mark.parametrize(
    ("kind", "hangup"),
    [
        (signal.SIGTERM, signal.SIG_DFL),
        (signal.SIGTERM, signal.SIG_IGN),
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGINT, signal.SIG_DFL),
    ],
    ids=["kill", "kill after nohup", "closed terminal", "Ctrl-C"],
)
def test_signal_ends_the_run_and_the_tests_that_it_started(
    repository: Repository, kind: signal.Signals, hangup: signal.Handlers
) -> None:
    repository.write("tests/test_waiting.py", WAITING)
    with repository.start(hangup) as process:
        pid = repository.await_file("started")
        process.send_signal(kind)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 2
    assert said.endswith("invalid: interrupted before the end\n")
    assert not is_running(pid)
    assert not (repository.root / "build/trace/trace.json").exists()


def test_run_under_nohup_goes_on_when_its_terminal_is_closed(repository: Repository) -> None:
    repository.write("tests/test_waiting.py", WAITING)
    with repository.start(signal.SIG_IGN) as process:
        pid = repository.await_file("started")
        for one in (process.pid, int(pid)):
            os.kill(one, signal.SIGHUP)
        repository.write("go", "")
        out, said = process.communicate(timeout=300)
    assert process.returncode == 0, out + said
    assert repository.trace()["result"] == "kept"


FAULTS = {
    "a deleted step definition": (
        "tests/test_sums.py",
        '@then(parsers.parse("the sum is {expected:d}"))',
        "",
        ["features/001-sums.feature", "001/US1/AC1", "001/FR-001", "has no step definition"],
    ),
    "a reworded scenario": (
        "specs/001-sums/spec.md",
        "they are added",
        "they are summed up",
        [
            "specs/001-sums/spec.md:5: differs from features/001-sums.feature:",
            "[001/US1/AC1]",
            "specwitness derive",
            "001/US1/AC1 suspect: specs/001-sums/spec.md:5",
        ],
    ),
    "an unbound feature": (
        "tests/test_sums.py",
        'scenarios("001-sums.feature")',
        "",
        ["features/001-sums.feature:8: no test runs the scenario", "001/FR-001"],
    ),
    "a wrong result": (
        "tests/test_sums.py",
        "return sum(numbers)",
        "return 3",
        ["features/001-sums.feature:16:", "001/FR-001", "assert 3 == 4"],
    ),
    "an async step": (
        "tests/test_sums.py",
        "def check_sum",
        "async def check_sum",
        ["tests/test_sums.py:17: the step check_sum is async", "make it a plain def", "001/FR-001"],
    ),
    "a Then step that asserts nothing": (
        "tests/test_sums.py",
        "assert total == expected",
        "total == expected",
        ["tests/test_sums.py:17: the Then step check_sum made no assertion", "001/FR-001"],
    ),
    "a marked test that asserts nothing": (
        "tests/test_sums.py",
        "assert sum(numbers) == 3\n    assert numbers == [1, 2]",
        "sum(numbers)",
        ["tests/test_sums.py:22: test_adding_changes_nothing made no assertion", "001/FR-002"],
    ),
    "only skipped evidence": (
        "tests/test_sums.py",
        "numbers = [1, 2]\n    assert sum",
        'pytest.skip("later")\n    numbers = []\n    assert sum',
        [
            "specs/001-sums/spec.md:15: 001/FR-002 is silent: its witness was skipped, at tests/test_sums.py:22 (later)"
        ],
    ),
    "only xfailed evidence": (
        "tests/test_sums.py",
        '@pytest.mark.requirement("001/FR-002")',
        '@pytest.mark.xfail(reason="known")\n@pytest.mark.requirement("001/FR-002")',
        ["specs/001-sums/spec.md:15: 001/FR-002 is silent: its witness was xfailed", "known"],
    ),
    "a skipped Examples row": (
        "tests/test_sums.py",
        "return [a, b]",
        'if a == 2:\n        pytest.skip("later")\n    return [a, b]',
        [
            "features/001-sums.feature:16: US1/AC1",
            "was skipped: later [001/US1/AC1, 001/FR-001]",
            "→ make it run, or waive its requirements",
        ],
    ),
    "a requirement without evidence": (
        "specs/001-sums/spec.md",
        "- **FR-002**: System MUST be pure.",
        "- **FR-002**: System MUST be pure.\n- **FR-003**: System MUST multiply.",
        ["specs/001-sums/spec.md:16: 001/FR-003 is silent: no test, scenario or check that ran names it"],
    ),
    "a module that cannot be imported": (
        "tests/test_sums.py",
        "import pytest",
        "import pytest\nimport no_such_module",
        ["tests/test_sums.py:1: cannot be collected", "no_such_module", "001/FR-002"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_breaks_the_run_and_is_reported(repository: Repository, fault: str) -> None:
    name, old, new, expected = FAULTS[fault]
    repository.change(name, old, new)
    result = repository.run("verify")
    assert result.returncode == 1, result.stdout + result.stderr
    for text in expected:
        assert text in result.stdout
    assert repository.trace()["result"] == "broken"


def test_scenarios_deselected_by_a_conftest_are_reported(repository: Repository) -> None:
    repository.write("tests/conftest.py", "def pytest_collection_modifyitems(items):\n    items.clear()\n")
    result = repository.run("verify")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "features/001-sums.feature:8: no test runs the scenario" in result.stdout
    assert "001/FR-002 is silent: no test, scenario or check that ran names it" in result.stdout


def test_waiver_keeps_the_run_and_shows_the_verdict_without_it(repository: Repository) -> None:
    repository.change(
        "specs/001-sums/spec.md", "be pure.\n", "be pure.\n- **FR-003**: System MUST multiply.\n"
    )
    repository.change(
        "pyproject.toml",
        "[tool.pytest",
        "[[tool.specwitness.waivers]]\nrequirement = '001/FR-003'\nreason = 'comes with products'\n"
        "until = 2999-12-31\n\n[tool.pytest",
    )
    result = repository.run("verify")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "001/FR-003 waived until 2999-12-31: comes with products (silent)" in result.stdout


def test_expired_waiver_breaks_the_run_and_is_reported_at_its_line(repository: Repository) -> None:
    pyproject = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    waiver = (
        "[[tool.specwitness.waivers]]\nrequirement = '001/FR-002'\nreason = 'later'\nuntil = 2001-01-01\n"
    )
    repository.write("pyproject.toml", waiver + pyproject)
    result = repository.run("verify")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "pyproject.toml:2: the waiver of 001/FR-002 expired on 2001-01-01" in result.stdout


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pyproject.toml", "[tool.specwitness]\nspecs = ['none/*.md']\n", "no spec matches none/*.md"),
        ("pyproject.toml", "[tool.specwitness]\nnonsense = 1\n", "nonsense: no such setting"),
        (
            "pyproject.toml",
            "[tool.specwitness]\ncontract = 'openapi.yaml'\n",
            "contract is set and target is not",
        ),
        ("specs/001-sums/spec.md", "- **FR-1**: a\n- **FR-1**: b\n", "spec.md:2: 001/FR-1 is defined twice"),
        ("specs/001-sums/spec.md", "# Nothing\n", "specs/001-sums/spec.md: the specs have no requirements"),
        (
            "tests/conftest.py",
            "raise SystemExit(3)\n",
            "scenarios-and-tests.log: scenarios and tests stopped after",
        ),
    ],
)
def test_unreadable_input_is_invalid_and_leaves_no_report(
    repository: Repository, name: str, text: str, message: str
) -> None:
    repository.write("build/trace/trace.json", "the report of an earlier run")
    repository.write(name, text)
    result = repository.run("verify")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("invalid: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not (repository.root / "build/trace/trace.json").exists()


def test_difference_over_two_scenarios_names_both(repository: Repository) -> None:
    step = "**Given** the numbers 1 and 2, **When** they are added, **Then** the sum is 3."
    repository.change("specs/001-sums/spec.md", "### Func", f"2. {step}\n3. {step}\n\n### Func")
    result = repository.run("derive", "--check")
    assert result.returncode == 1
    assert "[001/US1/AC2, 001/US1/AC3]" in result.stdout


def test_reworded_story_title_is_reported_at_its_line_without_a_scenario(repository: Repository) -> None:
    story = "### User Story 2 - Again\n\n1. **Given** the numbers 1 and 2, **When** they are added, **Then** the sum is 3.\n"
    repository.change("specs/001-sums/spec.md", "### Func", f"{story}\n### Func")
    assert repository.run("derive").returncode == 0
    repository.change("specs/001-sums/spec.md", "Story 2 - Again", "Story 2 - Once more")
    result = repository.run("derive", "--check")
    assert result.returncode == 1
    assert "specs/001-sums/spec.md:12: differs from features/001-sums.feature:18 → run" in result.stdout


def test_derive_check_writes_nothing_and_reports_both_lines(repository: Repository) -> None:
    assert repository.run("derive", "--check").returncode == 0
    repository.change("specs/001-sums/spec.md", "they are added", "they are summed up")
    before = (repository.root / "features/001-sums.feature").read_bytes()
    result = repository.run("derive", "--check")
    assert result.returncode == 1
    assert "specs/001-sums/spec.md:5: differs from features/001-sums.feature:8" in result.stdout
    assert (repository.root / "features/001-sums.feature").read_bytes() == before


def test_requirements_are_listed_with_key_and_line(repository: Repository) -> None:
    result = repository.run("requirements")
    assert "specs/001-sums/spec.md:14: 001/FR-001 System MUST add." in result.stdout.splitlines()
    listed = json.loads(repository.run("requirements", "--json").stdout)
    assert [item["key"] for item in listed] == ["001/US1/AC1", "001/FR-001", "001/FR-002"]
