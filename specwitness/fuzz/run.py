"""The fuzz run: every operation, every check, and one witness for each pair."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from schemathesis.python.asgi import shutdown_lifespans

from specwitness.errors import TargetError
from specwitness.fuzz.attacks import Attack, Level
from specwitness.fuzz.control import is_ending
from specwitness.fuzz.coverage import Coverage, find_documented, find_observed, find_unseen, fits, measure
from specwitness.fuzz.drive import Drive
from specwitness.fuzz.engine import Engine
from specwitness.fuzz.ledger import CHECKS, CREDENTIAL_CHECKS
from specwitness.fuzz.surface import read_surface
from specwitness.model import Outcome, Witness, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.surface import Endpoint
    from specwitness.fuzz.target import Target
    from specwitness.openapi import Contract

NEVER_OBSERVED = "never observed"
_UNAUTHORIZED = 401
# Operations that these do not fit have no witness for them, rather than one that says nothing.
_WHERE_TRIED = frozenset(CHECKS) - {"conformance", "none", "forged", "expired"}


@dataclass(frozen=True, slots=True)
class FuzzRun:
    """What a run gave: its witnesses, and how many requests it took."""

    witnesses: tuple[Witness, ...]
    sent: int
    driven: int
    engine: Engine

    @property
    def coverage(self) -> Coverage:
        """The statuses of the operations that the run was for."""
        wanted = self.engine.wanted()
        endpoints = [each for each in self.engine.surface.endpoints if each.id in wanted]
        return measure(endpoints, self.engine.trial.ledger)


def fuzz(
    contract: Contract, target: Target, settings: FuzzConfig, progress: Callable[[str], None]
) -> tuple[Witness, ...]:
    """Try every operation of the contract, and give one witness an operation and check.

    Equal settings on an equal service give equal witnesses.

    Raises:
        TargetError: The service cannot be driven, or refuses the good credential everywhere.
    """
    return run_fuzz(contract, target, settings, progress).witnesses


def run_fuzz(
    contract: Contract, target: Target, settings: FuzzConfig, progress: Callable[[str], None]
) -> FuzzRun:
    """Try every operation of the contract: our own checks first, then Schemathesis with its phases.

    Args:
        contract: The hand-written contract.
        target: The running service.
        settings: Depth, seed, and which check testifies for what.
        progress: Told what is being done.

    Raises:
        TargetError: The service cannot be driven, or refuses the good credential everywhere.
    """
    if target.reset:
        target.reset()
    try:
        engine = Engine(read_surface(contract), target, settings, progress)
        _refuse_mute_target(engine)
        extra, drive = _own_attacks(target), Drive(engine, settings, progress)
        ending = {each.id for each in engine.surface.endpoints if is_ending(each)} & engine.wanted()
        engine.begin(extra)
        sent = engine.client.sent
        _drive(engine, drive, engine.wanted() - ending)
        between = engine.client.sent
        engine.finish(extra)
        sent += engine.client.sent - between
        _drive(engine, drive, ending)
    finally:
        shutdown_lifespans()
        if target.reset:
            target.reset()
    wanted = engine.wanted()
    witnesses = (
        _testify(endpoint, check, engine, settings)
        for endpoint in engine.surface.endpoints
        if endpoint.id in wanted
        for check in CHECKS
        if _is_tried(endpoint, check, engine)
    )
    return FuzzRun(tuple(witnesses), sent, drive.sent, engine)


def _drive(engine: Engine, drive: Drive, wanted: set[str]) -> None:
    """Let Schemathesis call operations, in a service that is as it was in the beginning."""
    engine.renew()
    is_wanted = not engine.settings.only or "conformance" in engine.settings.only
    if wanted and is_wanted and not engine.broken_off:
        drive.run(wanted)
        engine.renew()


def _refuse_mute_target(engine: Engine) -> None:
    protected = [each for each in engine.surface.endpoints if each.is_protected]
    identity = engine.trial.alice.identity
    if protected and identity.token is None and not identity.values:
        raise TargetError(
            "the target has no valid token, and the contract protects operations",
            where="Target.identities",
            remedy="give identities: a Mint, Tokens, a Login, or an object with identify(name, client)",
        )


def _own_attacks(target: Target) -> tuple[Attack, ...]:
    """Take the bad credentials that the target itself gives."""
    return tuple(
        Attack(f"the target's {check} token", check, "RFC 6750", _give(token), core=True)
        for check, token in target.bad_tokens().items()
    )


def _give(token: str) -> Callable[[object], str]:
    return lambda _material: token


def _is_tried(endpoint: Endpoint, check: str, engine: Engine) -> bool:
    tally = engine.trial.ledger.tallies.get((endpoint.id, check))
    settings = engine.settings
    if settings.only and check not in settings.only:
        return False
    if check in CREDENTIAL_CHECKS and check != "claims":
        return endpoint.is_protected or (tally is not None and tally.cases > 0)
    is_open = tally is not None and bool(tally.cases or tally.breaches or tally.attacks)
    return check not in _WHERE_TRIED or is_open or (endpoint.id, check) in engine.trial.ledger.gaps


def _testify(endpoint: Endpoint, check: str, engine: Engine, settings: FuzzConfig) -> Witness:
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
    return Witness(
        id=f"fuzz:{endpoint.id}:{check}",
        kind=WitnessKind.FUZZ,
        name=f"{endpoint.operation.name} {CHECKS[check]}",
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
        return Outcome.SKIPPED, f"never answered 2xx: {who}came {control.describe_statuses()}"
    if check == "conformance" and _awaits_every_status(engine) and find_unseen(endpoint, ledger):
        return Outcome.FAILED, None
    if not tally.cases and not tally.attacks:
        return Outcome.SKIPPED, _describe_lack(check, engine)
    return Outcome.PASSED, advice


def _awaits_every_status(engine: Engine) -> bool:
    """Tell whether a documented status that never came breaks the run: where all was to be tried, and was."""
    settings = engine.settings
    is_whole = settings.profile == "deep" and not settings.only and not engine.client.is_late
    return settings.strict and is_whole


def _describe_lack(check: str, engine: Engine) -> str:
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
