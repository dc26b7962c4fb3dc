"""`python -m tests.e2e.falsify`: takes what the front end promises away in turn, and sees a test turn red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from junitparser import Error, Failure, JUnitXml

from tests.support.both_sides import FRONT_END, ROOT, find_lack, is_required

BY_ASSERTION = ("AssertionError", "assert ", "Failed: ")
TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Falsifier:
    """A named way to break the front end.

    Attributes:
        promise: What is taken away, in words.
        file: Below `frontend/`.
        old: A text that stands in it once.
        new: What is put in its place.
        test: The test that should notice.
    """

    promise: str
    file: str
    old: str
    new: str
    test: str


FALSIFIERS = (
    Falsifier(
        "tokens carry nothing on the person",
        "lib/tokens.ts",
        "    definePayload: ({ session }) => ({ sid: session.id }),\n",
        "",
        "test_tokens.py::test_token_fits_the_contract_and_carries_nothing_on_the_person",
    ),
    Falsifier(
        "tokens are kept in memory alone",
        "lib/token-store.ts",
        "    held = fetched;\n",
        '    held = fetched;\n    localStorage.setItem("token", token);\n',
        "test_tokens.py::test_token_is_in_the_memory_of_the_page_and_nowhere_else",
    ),
    Falsifier(
        "a token that ends is replaced by another",
        "lib/token-store.ts",
        "    const token = await fetchToken();\n",
        '    const token = ((globalThis as Record<string, unknown>)["t"] ??= await fetchToken()) as string;\n',
        "test_tokens.py::test_token_that_ends_is_renewed_unnoticed_and_refused_from_then_on",
    ),
    Falsifier(
        "what was to be verified is erased with its user",
        "lib/erasure.ts",
        'value: user.email, connector: "OR" },\n      { field: "value", operator: "contains", value: user.email',
        'value: user.email },\n      { field: "value", operator: "contains", value: user.email',
        "test_journey.py::test_erased_account_is_gone_on_both_sides_and_no_old_token_brings_it_back",
    ),
    Falsifier(
        "whoever leaves in one tab is out in every tab",
        "lib/browser.ts",
        "  openChannel().postMessage(null);\n",
        "  openChannel();\n",
        "test_journey.py::test_whoever_leaves_in_one_tab_is_out_in_every_tab",
    ),
)


def main() -> int:
    """Try each; 0 when a test noticed all of them by an assertion."""
    if lack := find_lack():
        sys.stderr.write(f"falsify: the front end is left out, since {lack}\n")
        return int(is_required(os.environ))
    outcomes = [try_falsifier(each) for each in FALSIFIERS]
    for falsifier, outcome in zip(FALSIFIERS, outcomes, strict=True):
        sys.stdout.write(f"{outcome}: {falsifier.promise} (frontend/{falsifier.file})\n")
    return 0 if {outcome.partition(" ")[0] for outcome in outcomes} == {"red"} else 1


def try_falsifier(falsifier: Falsifier) -> str:
    """Break a copy of the front end, and tell how the test ended."""
    # Beside the front end, since its packages are linked and not copied.
    with tempfile.TemporaryDirectory(prefix="falsify-", dir=ROOT / "build") as folder:
        copy = Path(folder) / "frontend"
        ignored = shutil.ignore_patterns(".next", "*.tsbuildinfo")
        shutil.copytree(FRONT_END, copy, ignore=ignored, symlinks=True, copy_function=os.link)
        file = copy / falsifier.file
        text = file.read_text(encoding="utf-8")
        if text.count(falsifier.old) != 1:
            return f"did not apply, stands {text.count(falsifier.old)} times"
        file.unlink()  # else the linked original would change
        file.write_text(text.replace(falsifier.old, falsifier.new), encoding="utf-8")
        return _run_test(falsifier, Path(folder))


def _run_test(falsifier: Falsifier, folder: Path) -> str:
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run(  # ours, on a copy of ours
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
    messages = [each.message or "" for each in results if isinstance(each, Failure | Error)]
    is_asserted = any(message.startswith(BY_ASSERTION) for message in messages)
    return "red" if is_asserted else f"crashed ({' '.join(messages)[:200]})"


if __name__ == "__main__":
    sys.exit(main())
