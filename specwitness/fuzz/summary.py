"""What a fuzz run has to tell: on the terminal, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from specwitness.fuzz.run import NEVER_OBSERVED
from specwitness.model import Outcome

if TYPE_CHECKING:
    from rich.console import Console

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.run import FuzzRun
    from specwitness.model import Witness

_SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "–", Outcome.XFAILED: "–"}
_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "yellow",
    Outcome.XFAILED: "",
}


# What a check that passed has to say all the same.
_TOLD = ("hygiene: ", f"{NEVER_OBSERVED}: ")


def result_of(run: FuzzRun) -> str:
    """Say `kept`, `broken`, or `invalid` where no operation answered its owner.

    What is public says nothing of the others: of protected operations one at least has to be reached.
    """
    if any(each.outcome is Outcome.FAILED for each in run.witnesses):
        return "broken"
    protected = {each.operation.name for each in run.engine.surface.endpoints if each.is_protected}
    telling = [each for each in run.witnesses if (each.example or {}).get("operation") in protected]
    is_kept = any(each.outcome is Outcome.PASSED for each in telling or run.witnesses)
    return "kept" if is_kept else "invalid"


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
            "throttled": run.engine.client.throttled,
        },
        "statuses": asdict(run.coverage),
        "witnesses": [
            {**each.model_dump(mode="json"), "attacks": _attacks_of(run, each)} for each in run.witnesses
        ],
    }


def print_run(run: FuzzRun, settings: FuzzConfig, console: Console) -> None:
    """Print the table of operations and checks, what is wrong with how to see it, and the result."""
    table = Table("operation", "checks, with cases", pad_edge=False)
    for operation in dict.fromkeys((each.example or {}).get("operation", "") for each in run.witnesses):
        table.add_row(operation, _describe_checks(run, operation))
    console.print(table)
    for each in run.witnesses:
        if each.outcome is Outcome.FAILED:
            _print_failure(each, console)
    for each in run.witnesses:
        if each.outcome is Outcome.SKIPPED:
            console.print(
                f"not tried: {each.name}: {each.detail}", soft_wrap=True, highlight=False, markup=False
            )
        elif each.outcome is Outcome.PASSED and (each.detail or "").startswith(_TOLD):
            console.print(f"{each.name}: {each.detail}", soft_wrap=True, highlight=False, markup=False)
    result = result_of(run)
    count = sum(each.outcome is Outcome.FAILED for each in run.witnesses)
    told = f": {count} of {len(run.witnesses)} checks failed" if count else f": {len(run.witnesses)} checks"
    line = f"{result}{told}, {run.sent} + {run.driven} requests"
    coverage = run.coverage
    line += f", {coverage.observed} of {coverage.documented} documented statuses"
    line += f", profile {settings.profile}, seed {settings.seed}"
    console.print(Text(line, "bold green" if result == "kept" else "bold red"), soft_wrap=True)


def _print_failure(witness: Witness, console: Console) -> None:
    operation, check = witness.id.removeprefix("fuzz:").rpartition(":")[::2]
    console.print(Text(f"{witness.location}: {witness.name} [{check}]", "bold red"), soft_wrap=True)
    console.print(witness.detail or "", soft_wrap=True, highlight=False, markup=False)
    snippet = (
        f'  pytest: from specwitness.fuzz.replay import replay; assert replay("{operation}", "{check}") == []'
    )
    console.print(snippet, soft_wrap=True, highlight=False, markup=False)


def _describe_checks(run: FuzzRun, operation: str) -> Text:
    """Give every check of an operation with its sign and its number of cases."""
    line = Text()
    for each in run.witnesses:
        if (each.example or {}).get("operation") == operation:
            check, cases = each.id.rpartition(":")[2], each.counts.get("cases", 0)
            line.append(f"{_SIGNS[each.outcome]} {check} {cases}  ", _STYLES[each.outcome])
    return line


def _attacks_of(run: FuzzRun, witness: Witness) -> dict[str, int]:
    operation, check = witness.id.removeprefix("fuzz:").rpartition(":")[::2]
    tally = run.engine.trial.ledger.tallies.get((operation, check))
    return dict(sorted(tally.attacks.items())) if tally else {}
