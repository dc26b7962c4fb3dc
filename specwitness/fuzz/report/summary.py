"""The report of a fuzz run on the terminal, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from specwitness.fuzz.verdicts import NEVER_OBSERVED
from specwitness.model import Outcome, Witness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

    from specwitness.fuzz.run import FuzzRun

_SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "–", Outcome.XFAILED: "–"}
_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "yellow",
    Outcome.XFAILED: "",
}
_MANY = 3
# The details of a check that passed are printed if they begin with one of these.
_ADVICE = ("hygiene: ", f"{NEVER_OBSERVED}: ")


def result_of(run: FuzzRun) -> str:
    """Give the result in one word.

    Returns:
        `broken` if a check failed. `invalid` if the service stopped to respond, or no check passed; in a
        contract with protected operations, no check of one of them: a public `GET /health` that works
        says nothing of them. `kept` otherwise.
    """
    if any(witness.outcome is Outcome.FAILED for witness in run.witnesses):
        return "broken"
    if run.broken_off:
        return "invalid"
    protected = {operation.name for operation in run.operations if operation.is_protected}
    of_protected = [witness for witness in run.witnesses if _operation_of(witness) in protected]
    is_kept = any(witness.outcome is Outcome.PASSED for witness in of_protected or run.witnesses)
    return "kept" if is_kept else "invalid"


def list_unreached(run: FuzzRun) -> list[str]:
    """Give the ids of the operations without any 2xx, on which the checks did not run."""
    return [operation.id for operation in run.operations if not operation.is_reached]


def as_json(run: FuzzRun) -> dict[str, Any]:
    """Give the run as the members of `build/fuzz/fuzz.json`."""
    return {
        "version": 1,
        "result": result_of(run),
        "profile": run.profile,
        "seed": run.seed,
        "requests": {
            "checks": run.requests.checks,
            "schemathesis": run.requests.schemathesis,
            "throttled": run.requests.throttled,
        },
        "statuses": asdict(run.coverage),
        "unreached": list_unreached(run),
        "witnesses": [
            {**witness.model_dump(mode="json"), "attacks": dict(run.attacks.get(witness.id, {}))}
            for witness in run.witnesses
        ],
    }


def print_run(run: FuzzRun, console: Console, overrides: Mapping[str, Any] | None = None) -> None:
    """Print the table of operations and checks, each failure with its `curl` lines, and the result.

    Args:
        run: The run.
        console: The terminal.
        overrides: The settings of the command line, which the line of a test repeats.
    """
    table = Table("operation", "checks, with cases", pad_edge=False)
    for operation in dict.fromkeys(_operation_of(witness) for witness in run.witnesses):
        table.add_row(operation, _describe_checks(run, operation))
    console.print(table)
    failed = [witness for witness in run.witnesses if witness.outcome is Outcome.FAILED]
    for witness in failed:
        title = f"{witness.location}: {witness.name} [{check_of(witness)[1]}]"
        console.print(Text(title, "bold red"), soft_wrap=True)
        console.print(
            describe_failure(witness, overrides or {}), soft_wrap=True, highlight=False, markup=False
        )
    for line in _describe_gaps(run):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    for witness in run.witnesses:
        if witness.outcome is Outcome.PASSED and (witness.detail or "").startswith(_ADVICE):
            console.print(f"{witness.name}: {witness.detail}", soft_wrap=True, highlight=False, markup=False)
    for line in describe_limits(run):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    result = result_of(run)
    checks = f"{len(run.witnesses)} checks"
    line = f"{result}: {len(failed)} of {checks} failed" if failed else f"{result}: {checks}"
    line += f", {run.requests.checks} + {run.requests.schemathesis} requests"
    coverage = run.coverage
    line += f", {coverage.observed} of {coverage.documented} documented statuses"
    if missing := len(list_unreached(run)):
        line += f", {missing} of {len(run.operations)} operations never reached"
    line += f", profile {run.profile}, seed {run.seed}"
    console.print(Text(line, "bold green" if result == "kept" else "bold red"), soft_wrap=True)


def _describe_gaps(run: FuzzRun) -> Iterator[str]:
    """Say which checks were skipped, and why: a line for each operation and reason.

    More than three operations with the same checks and reason share one line.
    """
    found: dict[tuple[str, str | None], list[str]] = {}
    for witness in run.witnesses:
        if witness.outcome is Outcome.SKIPPED:
            key = (_operation_of(witness), witness.detail)
            found.setdefault(key, []).append(check_of(witness)[1])
    alike: dict[tuple[str, str | None], list[str]] = {}
    for (operation, reason), checks in found.items():
        alike.setdefault((", ".join(checks), reason), []).append(operation)
    for (checks_text, reason), operations in alike.items():
        if len(operations) > _MANY:
            yield f"not tried: {len(operations)} operations [{checks_text}]: {reason}"
        else:
            yield from (f"not tried: {operation} [{checks_text}]: {reason}" for operation in operations)


def describe_limits(run: FuzzRun) -> Iterator[str]:
    """Say what limited the run: waits on 429, no list of routes, no writes, an early end."""
    requests = run.requests
    if requests.throttled:
        yield f"the service answered 429: waited {requests.throttled} times, {requests.waited:.0f} s in all"
    if not run.reads_routes:
        yield "over HTTP no routes are read: shadow tried other methods only, at the contract's own paths"
    if not run.may_write:
        yield "only read: --allow-writes sends methods that change something to another machine too"
    if run.broken_off:
        yield f"broken off: {run.broken_off}"


def describe_failure(witness: Witness, overrides: Mapping[str, Any]) -> str:
    """Describe a failure, with the `curl` line of each case and a line for a test that repeats it.

    Args:
        witness: The witness of the check that failed.
        overrides: The settings of the command line, which the line of the test repeats.
    """
    operation, check = check_of(witness)
    words = [
        json.dumps(operation),
        json.dumps(check),
        *(f"{name}={value!r}" for name, value in overrides.items()),
    ]
    line = f"from specwitness.fuzz.replay import replay; assert replay({', '.join(words)}) == []"
    return f"{witness.detail or ''}\n  pytest: {line}"


def check_of(witness: Witness) -> tuple[str, str]:
    """Give the id of the operation and the check that a witness is for."""
    operation, _, check = witness.id.removeprefix("fuzz:").rpartition(":")
    return operation, check


def _operation_of(witness: Witness) -> str:
    """Give the operation as `METHOD /path`."""
    return str((witness.example or {}).get("operation", ""))


def _describe_checks(run: FuzzRun, operation: str) -> Text:
    """Give the checks of an operation with their signs and numbers of cases, such as `✓ isolation 4`."""
    line = Text()
    for witness in run.witnesses:
        if _operation_of(witness) == operation:
            check, cases = check_of(witness)[1], witness.counts.get("cases", 0)
            line.append(f"{_SIGNS[witness.outcome]} {check} {cases}  ", _STYLES[witness.outcome])
    return line
