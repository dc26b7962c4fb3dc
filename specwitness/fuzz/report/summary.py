"""What a fuzz run has to tell: on the terminal, and as JSON."""

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

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.run import FuzzRun

_SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "–", Outcome.XFAILED: "–"}
_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "yellow",
    Outcome.XFAILED: "",
}
_MANY = 3
# What a check that passed has to say all the same.
_TOLD = ("hygiene: ", f"{NEVER_OBSERVED}: ")


def result_of(run: FuzzRun) -> str:
    """Say `kept`, `broken`, or `invalid` where no operation answered its owner, or none any more.

    What is public says nothing of the others: of protected operations one at least has to be reached.
    """
    if any(each.outcome is Outcome.FAILED for each in run.witnesses):
        return "broken"
    if run.engine.broken_off:
        return "invalid"
    protected = {each.operation.name for each in run.engine.surface.endpoints if each.is_protected}
    telling = [each for each in run.witnesses if (each.example or {}).get("operation") in protected]
    is_kept = any(each.outcome is Outcome.PASSED for each in telling or run.witnesses)
    return "kept" if is_kept else "invalid"


def list_unreached(run: FuzzRun) -> list[str]:
    """Give the ids of the operations that never answered 2xx: nothing was tried on them."""
    wanted, ledger = run.engine.wanted(), run.engine.trial.ledger
    return [
        each.id
        for each in run.engine.surface.endpoints
        if each.id in wanted and not ledger.tally(each, "conformance").succeeded
    ]


def as_json(run: FuzzRun, settings: FuzzConfig) -> dict[str, Any]:
    """Give the run as plain data."""
    return {
        "version": 1,
        "result": result_of(run),
        "profile": settings.profile,
        "seed": settings.seed,
        "requests": {
            "checks": run.sent,
            "schemathesis": run.driven,
            "throttled": run.engine.client.patience.times,
        },
        "statuses": asdict(run.coverage),
        "unreached": list_unreached(run),
        "witnesses": [
            {**each.model_dump(mode="json"), "attacks": _attacks_of(run, each)} for each in run.witnesses
        ],
    }


def print_run(
    run: FuzzRun, settings: FuzzConfig, console: Console, given: Mapping[str, Any] | None = None
) -> None:
    """Print the table of operations and checks, what is wrong with how to see it, and the result.

    Args:
        run: The run.
        settings: What it ran with.
        console: Where to.
        given: What the command line said, and a test has to say too.
    """
    table = Table("operation", "checks, with cases", pad_edge=False)
    for operation in dict.fromkeys((each.example or {}).get("operation", "") for each in run.witnesses):
        table.add_row(operation, _describe_checks(run, operation))
    console.print(table)
    for each in run.witnesses:
        if each.outcome is Outcome.FAILED:
            console.print(
                Text(f"{each.location}: {each.name} [{check_of(each)[1]}]", "bold red"), soft_wrap=True
            )
            console.print(describe_failure(each, given or {}), soft_wrap=True, highlight=False, markup=False)
    for line in _describe_gaps(run):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    for each in run.witnesses:
        if each.outcome is Outcome.PASSED and (each.detail or "").startswith(_TOLD):
            console.print(f"{each.name}: {each.detail}", soft_wrap=True, highlight=False, markup=False)
    for line in describe_limits(run):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    result = result_of(run)
    count = sum(each.outcome is Outcome.FAILED for each in run.witnesses)
    told = f": {count} of {len(run.witnesses)} checks failed" if count else f": {len(run.witnesses)} checks"
    line = f"{result}{told}, {run.sent} + {run.driven} requests"
    coverage = run.coverage
    line += f", {coverage.observed} of {coverage.documented} documented statuses"
    if missing := len(list_unreached(run)):
        line += f", {missing} of {len(run.engine.wanted())} operations never reached"
    line += f", profile {settings.profile}, seed {settings.seed}"
    console.print(Text(line, "bold green" if result == "kept" else "bold red"), soft_wrap=True)


def _describe_gaps(run: FuzzRun) -> Iterator[str]:
    """Say what was not tried, and why: a line for each operation and reason, or one for many alike."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for each in run.witnesses:
        if each.outcome is Outcome.SKIPPED:
            operation = str((each.example or {}).get("operation", ""))
            found.setdefault((operation, each.detail), []).append(check_of(each)[1])
    # What holds for many is said once.
    alike: dict[tuple[str, str | None], list[str]] = {}
    for (operation, reason), checks in found.items():
        alike.setdefault((", ".join(checks), reason), []).append(operation)
    for (checks_told, reason), operations in alike.items():
        if len(operations) > _MANY:
            yield f"not tried: {len(operations)} operations [{checks_told}]: {reason}"
        else:
            yield from (f"not tried: {each} [{checks_told}]: {reason}" for each in operations)


def describe_limits(run: FuzzRun) -> Iterator[str]:
    """Say what kept the run from seeing more."""
    client, patience = run.engine.client, run.engine.client.patience
    if patience.times:
        yield f"the service said 429: waited {patience.times} times, {patience.seconds:.0f} s in all"
    if run.engine.target.app is None:
        yield "over HTTP no routes are read: shadow tried other methods at the contract's own paths alone"
    if not client.may_write:
        yield "only read: methods that change something go to another machine with --allow-writes alone"
    if run.engine.broken_off:
        yield f"broken off: {run.engine.broken_off}"


def describe_failure(witness: Witness, given: Mapping[str, Any]) -> str:
    """Say what is wrong, with the `curl` line of each case and the line of a test that shows it again."""
    operation, check = check_of(witness)
    words = [json.dumps(operation), json.dumps(check), *(f"{name}={each!r}" for name, each in given.items())]
    line = f"from specwitness.fuzz.replay import replay; assert replay({', '.join(words)}) == []"
    return f"{witness.detail or ''}\n  pytest: {line}"


def check_of(witness: Witness) -> tuple[str, str]:
    """Give the operation's id and the check that a witness is for."""
    operation, _, check = witness.id.removeprefix("fuzz:").rpartition(":")
    return operation, check


def _describe_checks(run: FuzzRun, operation: str) -> Text:
    """Give every check of an operation with its sign and its number of cases."""
    line = Text()
    for each in run.witnesses:
        if (each.example or {}).get("operation") == operation:
            check, cases = each.id.rpartition(":")[2], each.counts.get("cases", 0)
            line.append(f"{_SIGNS[each.outcome]} {check} {cases}  ", _STYLES[each.outcome])
    return line


def _attacks_of(run: FuzzRun, witness: Witness) -> dict[str, int]:
    tally = run.engine.trial.ledger.tallies.get(check_of(witness))
    return dict(sorted(tally.attacks.items())) if tally else {}
