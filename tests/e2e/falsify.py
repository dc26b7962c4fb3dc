"""`python -m tests.e2e.falsify`: breaks the front end in several ways, and checks that a test fails each time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from junitparser import Error, Failure, JUnitXml

from tests.support.both_sides import FRONT_END, ROOT, find_missing, is_required

ASSERTION_PREFIXES = ("AssertionError", "assert ", "Failed: ")
TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Falsifier:
    """A fault to plant in the front end.

    Attributes:
        claim: The claim that the fault breaks.
        file: The file to change, relative to `frontend/`.
        old: The text to replace; it must occur exactly once.
        new: The replacement.
        test: The test that must fail, relative to `tests/e2e/`.
    """

    claim: str
    file: str
    old: str
    new: str
    test: str


FALSIFIERS = (
    Falsifier(
        "tokens contain no personal data",
        "lib/tokens.ts",
        "    definePayload: ({ session }) => ({ sid: session.id }),\n",
        "",
        "test_tokens.py::test_token_matches_the_contract_and_has_no_personal_data",
    ),
    Falsifier(
        "tokens are stored in memory only",
        "lib/token-store.ts",
        "    held = fetched;\n",
        '    held = fetched;\n    localStorage.setItem("token", token);\n',
        "test_tokens.py::test_token_is_stored_in_the_memory_of_the_page_only",
    ),
    Falsifier(
        "an expired token is replaced by a new one",
        "lib/token-store.ts",
        "    const token = await fetchToken();\n",
        '    const token = ((globalThis as Record<string, unknown>)["t"] ??= await fetchToken()) as string;\n',
        "test_tokens.py::test_expired_token_is_rejected_and_the_page_renews_it",
    ),
    Falsifier(
        "verification rows are deleted with the user",
        "lib/erasure.ts",
        'value: user.email, connector: "OR" },\n      { field: "value", operator: "contains", value: user.email',
        'value: user.email },\n      { field: "value", operator: "contains", value: user.email',
        "test_journey.py::test_deleted_account_is_gone_on_both_sides_and_an_old_token_cannot_restore_it",
    ),
    Falsifier(
        "signing out in one tab signs out all tabs",
        "lib/browser.ts",
        "  openChannel().postMessage(null);\n",
        "  openChannel();\n",
        "test_journey.py::test_leaving_in_one_tab_signs_out_all_tabs",
    ),
)


def main() -> int:
    """Try all falsifiers. Returns 0 if an assertion failed for every one of them."""
    if missing := find_missing():
        sys.stderr.write(f"falsify: skipping the front end, because {missing}\n")
        return int(is_required(os.environ))
    outcomes = [try_falsifier(falsifier) for falsifier in FALSIFIERS]
    for falsifier, outcome in zip(FALSIFIERS, outcomes, strict=True):
        sys.stdout.write(f"{outcome}: {falsifier.claim} (frontend/{falsifier.file})\n")
    return 0 if {outcome.partition(" ")[0] for outcome in outcomes} == {"red"} else 1


def try_falsifier(falsifier: Falsifier) -> str:
    """Plant the fault in a copy of the front end, run the test, and return its outcome."""
    # The copy hard-links the npm packages, so it has to be on the same file system.
    with tempfile.TemporaryDirectory(prefix="falsify-", dir=ROOT / "build") as folder:
        copy = Path(folder) / "frontend"
        ignored = shutil.ignore_patterns(".next", "*.tsbuildinfo")
        shutil.copytree(FRONT_END, copy, ignore=ignored, symlinks=True, copy_function=os.link)
        file = copy / falsifier.file
        text = file.read_text(encoding="utf-8")
        if text.count(falsifier.old) != 1:
            return f"did not apply: the text occurs {text.count(falsifier.old)} times"
        file.unlink()  # breaks the hard link, so that the original does not change
        file.write_text(text.replace(falsifier.old, falsifier.new), encoding="utf-8")
        return _run_test(falsifier, Path(folder))


def _run_test(falsifier: Falsifier, folder: Path) -> str:
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run(  # fixed arguments
        [*command, f"tests/e2e/{falsifier.test}"],
        cwd=ROOT,
        env={**os.environ, "E2E_FRONT_END": str(folder / "frontend"), "REQUIRE_E2E": "1"},
        capture_output=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode == 0 or not report.exists():
        return "green" if done.returncode == 0 else "crashed before any test ran"
    results = [result for suite in JUnitXml.fromfile(str(report)) for case in suite for result in case.result]
    messages = [result.message or "" for result in results if isinstance(result, Failure | Error)]
    is_asserted = any(message.startswith(ASSERTION_PREFIXES) for message in messages)
    return "red" if is_asserted else f"crashed ({' '.join(messages)[:200]})"


if __name__ == "__main__":
    sys.exit(main())
