"""From the results of a run to witnesses: one for each operation and check."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from specwitness.fuzz.checks.authentication.bad_credentials import CREDENTIAL_CHECKS
from specwitness.fuzz.checks.registry import named_checks
from specwitness.fuzz.results.coverage import find_documented, find_observed, find_unseen, fits
from specwitness.fuzz.results.severity import Level
from specwitness.model import Outcome, Witness, WitnessKind

if TYPE_CHECKING:
    from specwitness.config import FuzzConfig
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.engine import Engine

NEVER_OBSERVED = "never observed"
_UNAUTHORIZED = 401


def is_tried(endpoint: Endpoint, check: str, engine: Engine) -> bool:
    """Tell whether an operation gets a witness for a check."""
    tally = engine.trial.ledger.tallies.get((endpoint.id, check))
    settings = engine.settings
    if settings.only and check not in settings.only:
        return False
    ledger = engine.trial.ledger
    is_noted = tally is not None and bool(tally.cases or tally.breaches or tally.judged)
    is_gap = (endpoint.id, check) in ledger.gaps or (endpoint.id, check) in ledger.lacks
    # An operation that a check does not fit has no witness for it, rather than one that says nothing.
    return named_checks()[check].is_due(endpoint) or is_noted or is_gap


def testify(endpoint: Endpoint, check: str, engine: Engine, settings: FuzzConfig) -> Witness:
    """Give the witness of an operation and a check: its outcome, requirements and figures."""
    ledger = engine.trial.ledger
    tally = ledger.tally(endpoint, check)
    control = ledger.tally(endpoint, "conformance")
    outcome, detail = _judge(endpoint, check, engine, settings)
    counts = dict(tally.counts)
    if check == "conformance":
        documented, unseen = find_documented(endpoint), find_unseen(endpoint, ledger)
        counts |= {"documented": len(documented), "observed": len(documented) - len(unseen)}
        detail = detail or (f"{NEVER_OBSERVED}: {', '.join(unseen)}" if unseen else None)
    else:
        counts |= {"attacks": len(tally.attacks), "control": control.succeeded}
        # Some cases are judged by requests that another check counts.
        counts["cases"] = max(tally.cases, tally.judged)
    return Witness(
        id=f"fuzz:{endpoint.id}:{check}",
        kind=WitnessKind.FUZZ,
        name=f"{endpoint.operation.name} {named_checks()[check].title}",
        requirements=_find_requirements(endpoint, check, engine),
        outcome=outcome,
        location=endpoint.operation.location,
        example={"operation": endpoint.operation.name, "check": check},
        counts=counts,
        detail=ledger.redaction.clean(detail) if detail else None,
    )


def _judge(
    endpoint: Endpoint, check: str, engine: Engine, settings: FuzzConfig
) -> tuple[Outcome, str | None]:
    ledger = engine.trial.ledger
    tally, control = ledger.tally(endpoint, check), ledger.tally(endpoint, "conformance")
    if tally.at_level(Level.MUST) or (settings.strict and tally.breaches):
        return Outcome.FAILED, tally.describe_breaches()
    advice = f"hygiene: {tally.describe_breaches()}" if tally.breaches else None
    if gap := ledger.gaps.get((endpoint.id, check)):
        return Outcome.SKIPPED, gap
    if not control.succeeded and not (check == "privilege" and tally.cases):
        who = "with a valid token " if endpoint.is_protected else ""
        never = f"never answered 2xx: {who}came {control.describe_statuses()}"
        return Outcome.SKIPPED, ledger.lacks.get((endpoint.id, check), never)
    if check == "conformance" and _awaits_every_status(engine) and find_unseen(endpoint, ledger):
        return Outcome.FAILED, None
    if not tally.judged and check != "conformance":
        return Outcome.SKIPPED, _describe_lack(endpoint, check, engine)
    return Outcome.PASSED, advice


def _awaits_every_status(engine: Engine) -> bool:
    """Tell whether a documented status that never came breaks the run: where all was to be tried, and was."""
    settings = engine.settings
    is_whole = settings.profile == "deep" and not settings.only and not engine.client.is_late
    return settings.strict and is_whole


def _describe_lack(endpoint: Endpoint, check: str, engine: Engine) -> str:
    ledger = engine.trial.ledger
    if reason := ledger.lacks.get((endpoint.id, check)):
        return reason
    if ledger.tally(endpoint, check).cases:
        return "nothing that came could be compared with what is right"
    if check == "expired" and not engine.trial.mint:
        return "the target has no expired token, and no mint to make one with"
    return "no case could be made"


def _find_requirements(endpoint: Endpoint, check: str, engine: Engine) -> tuple[str, ...]:
    statuses = _find_statuses(endpoint, check, engine)
    # A state says something of the answers that are due in it, and nothing of the others.
    keys = [] if check == "situation" else list(endpoint.operation.requirements)
    for pattern, more in sorted(endpoint.operation.response_requirements.items()):
        if any(fits(pattern, status) for status in statuses):
            keys += more
    patterns = engine.settings.checks.get(check)
    return tuple(
        key
        for key in dict.fromkeys(keys)
        if patterns is None or any(fnmatchcase(key, pattern) for pattern in patterns)
    )


def _find_statuses(endpoint: Endpoint, check: str, engine: Engine) -> set[int]:
    """Give the statuses whose requirements a check has something to say of."""
    if check in CREDENTIAL_CHECKS:
        return {_UNAUTHORIZED}
    ledger = engine.trial.ledger
    if check != "situation":
        return find_observed(endpoint, ledger)
    # Those that were due: of the one that did not come, a failure has to be told.
    tried = ledger.tally(endpoint, check).attacks
    return {status for each in engine.target.situations if each.name in tried for status in each.statuses}
