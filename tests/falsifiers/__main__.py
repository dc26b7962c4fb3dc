"""`python -m tests.falsifiers [WORD ...]`: removes checks from the code one at a time, and sees a test fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml
from rich.console import Console
from rich.progress import track

from tests.falsifiers.account_checks import ACCOUNT_FALSIFIERS
from tests.falsifiers.browser_checks import BROWSER_FALSIFIERS
from tests.falsifiers.dependency_checks import DEPENDENCY_FALSIFIERS
from tests.falsifiers.isolation_checks import ISOLATION_FALSIFIERS
from tests.falsifiers.key_checks import KEY_FALSIFIERS
from tests.falsifiers.model import Falsifier, Result
from tests.falsifiers.token_checks import TOKEN_FALSIFIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("backend", "contracts", "features", "specs", "tests", "pyproject.toml")
TESTS = Path("tests/unit/backend/core")
REPORT = "report.xml"
OUTPUT = Path("build/falsifiers.json")
PAGE = Path("docs/checks.md")
TIMEOUT_SECONDS = 120
COLUMNS = 5
FALSIFIERS = (
    *TOKEN_FALSIFIERS,
    *KEY_FALSIFIERS,
    *DEPENDENCY_FALSIFIERS,
    *ISOLATION_FALSIFIERS,
    *BROWSER_FALSIFIERS,
    *ACCOUNT_FALSIFIERS,
)
ASSERTION_PREFIXES = ("AssertionError", "assert ", "Failed: ")


def main(words: Sequence[str]) -> int:
    """Try all falsifiers, or those whose description contains all of these words.

    Without words, also writes build/falsifiers.json and docs/checks.md.

    Returns:
        0 if an assertion failed for every one of them, 2 if no description matches, else 1.
    """
    chosen = [falsifier for falsifier in FALSIFIERS if all(word in falsifier.check for word in words)]
    console = Console()
    if not chosen:
        console.print(f"no check has {' and '.join(words)} in its description", markup=False)
        return 2
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(track(pool.map(try_falsifier, chosen), "removing checks", len(chosen)))
    bad = [result for result in results if result.outcome != "red"]
    for result in bad:
        file = f"backend/{result.falsifier.file}"
        text = f"{result.outcome}: {result.falsifier.check} ({file}) {result.noticed_by}"
        console.print(text, markup=False)
    console.print(f"a test failed for {len(results) - len(bad)} of {len(results)} removed checks")
    if not words:
        OUTPUT.parent.mkdir(parents=True, exist_ok=True)
        OUTPUT.write_text(
            json.dumps([_describe(result) for result in results], indent=2) + "\n", encoding="utf-8"
        )
        PAGE.write_text(make_page(results), encoding="utf-8")
    return 1 if bad else 0


def try_falsifier(falsifier: Falsifier) -> Result:
    """Remove one check in a copy of the repository, and run the tests that must fail."""
    with tempfile.TemporaryDirectory(prefix="falsify-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, copy / name, ignore=ignore, symlinks=True)
            else:
                shutil.copy(source, copy / name)
        module = copy / "backend" / falsifier.file
        text = module.read_text(encoding="utf-8")
        if text.count(falsifier.old) != 1:
            return Result(falsifier, "did not apply", f"the text occurs {text.count(falsifier.old)} times")
        module.write_text(text.replace(falsifier.old, falsifier.new), encoding="utf-8")
        return _run_tests(falsifier, copy)


def _run_tests(falsifier: Falsifier, copy: Path) -> Result:
    files = [os.path.normpath(TESTS / name) for name in falsifier.tests]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={REPORT}",
        *files,
    ]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    try:
        done = subprocess.run(  # fixed arguments
            command,
            cwd=copy,
            env=environ,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result(falsifier, "timed out")
    if done.returncode == 0:
        return Result(falsifier, "green")
    return _read_report(falsifier, copy / REPORT)


def _read_report(falsifier: Falsifier, report: Path) -> Result:
    """Find the first failed test, and whether an assertion failed in it."""
    if not report.exists():
        return Result(falsifier, "crashed", "before any test ran")
    for suite in JUnitXml.fromfile(str(report)):
        for case in suite:
            for result in case.result:
                if isinstance(result, Failure | Error):
                    name = f"{case.classname.rpartition('.')[2]}::{case.name}"
                    is_asserted = (result.message or "").startswith(ASSERTION_PREFIXES)
                    return Result(falsifier, "red" if is_asserted else "crashed", name)
    return Result(falsifier, "crashed", "the report names no test")


def _describe(result: Result) -> dict[str, str]:
    falsifier = result.falsifier
    return {
        "check": falsifier.check,
        "requirement": falsifier.requirement,
        "file": f"backend/{falsifier.file}",
        "outcome": result.outcome,
        "noticed_by": result.noticed_by,
    }


def make_page(results: Iterable[Result]) -> str:
    """Make docs/checks.md, which lists every check with the first test that fails without it."""
    rows = [
        _write_row(result.falsifier, result.outcome, result.noticed_by.partition("::")[2].partition("[")[0])
        for result in results
    ]
    return PAGE_HEAD.format(count=len(rows)) + "".join(rows)


def refresh_page(page: str) -> str:
    """Give the page with the names and places of the checks as they are now; results stay as they were.

    Raises:
        ValueError: A check has no result yet.
    """
    lines = [[cell.strip("` ") for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    results = {cells[0]: (cells[3], cells[4]) for cells in lines if len(cells) == COLUMNS}
    missing = [falsifier.check for falsifier in FALSIFIERS if falsifier.check not in results]
    if missing:
        raise ValueError(f"{PAGE} has no result for {', '.join(missing)}: run make falsify")
    rows = [_write_row(falsifier, *results[falsifier.check]) for falsifier in FALSIFIERS]
    return PAGE_HEAD.format(count=len(rows)) + "".join(rows)


def _write_row(falsifier: Falsifier, outcome: str, noticed_by: str) -> str:
    return (
        f"| {falsifier.check} | `{falsifier.requirement}` | `backend/{falsifier.file}` "
        f"| {outcome} | `{noticed_by}` |\n"
    )


PAGE_HEAD = """\
# Each check of the verifier matters

See the tests fail without one check, or without each in turn:

```sh
.venv/bin/python -m tests.falsifiers size cap     # the checks whose names have these words
make falsify                                      # all of them; writes this page
```

The command removes {count} checks of the verifier and of the isolation, one at a time, in a copy of the repository, and \
runs the tests. *red* means that an assertion failed. The other results would be *green* (no test noticed), *crashed* \
and *timed out*. `make docs` brings names and places of the checks up to date and keeps the results.

| removed check | requirement | file | tests | first test that fails |
|---|---|---|---|---|
"""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
