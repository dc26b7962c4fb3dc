"""The fuzz run: our own checks and Schemathesis on every operation, and their result as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from specwitness.errors import TargetError
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.bridge.drive import Drive
from specwitness.fuzz.checks.registry import refuse_unknown
from specwitness.fuzz.engine import open_engine
from specwitness.fuzz.results.coverage import Coverage, measure
from specwitness.fuzz.tokens.attack import Attack
from specwitness.fuzz.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.engine import Engine
    from specwitness.fuzz.http.client import GoneError
    from specwitness.fuzz.target import Target
    from specwitness.model import Witness
    from specwitness.openapi import Contract


@dataclass(frozen=True, slots=True)
class TriedOperation:
    """One operation that a run was for.

    Attributes:
        id: Its `operationId`, or `METHOD /path`.
        is_reached: Whether it responded with 2xx; otherwise the checks did not run on it.
    """

    id: str
    name: str
    is_protected: bool
    is_reached: bool


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """The requests of a run.

    Attributes:
        checks: Those of our own checks.
        schemathesis: Those of Schemathesis.
        throttled: How often a response with status 429 was waited for.
        waited: Seconds of waiting for them, in all.
    """

    checks: int
    schemathesis: int
    throttled: int
    waited: float


@dataclass(frozen=True, slots=True)
class FuzzRun:
    """The result of a run.

    Attributes:
        witnesses: One for each operation and check.
        operations: Those that the run was for, in the contract's order.
        requests: How many were sent.
        coverage: The documented statuses of these operations, and those that came.
        attacks: How often each attack was sent, by the witness's id.
        violations: The kinds of violations, by operation id and check.
        profile: The depth, `quick` or `deep`.
        seed: The seed of the generated values.
        reads_routes: Whether the service was an app in this process, whose routes can be listed.
        may_write: Whether methods that change something were sent.
        broken_off: The error that ended the run early; None where the service responded to the end.
    """

    witnesses: tuple[Witness, ...]
    operations: tuple[TriedOperation, ...]
    requests: RequestCounts
    coverage: Coverage
    attacks: Mapping[str, Mapping[str, int]]
    violations: Mapping[tuple[str, str], tuple[str, ...]]
    profile: str
    seed: int
    reads_routes: bool
    may_write: bool
    broken_off: GoneError | None


def fuzz(
    contract: Contract, target: Target, settings: FuzzConfig, progress: Callable[[str], None]
) -> tuple[Witness, ...]:
    """Run all checks on every operation of the contract, and give a witness for each operation and check.

    Equal settings on an equal service give equal witnesses. For the arguments see `run_fuzz`.

    Raises:
        TargetError: The service cannot be called, or rejects the good credential everywhere.
    """
    return run_fuzz(contract, target, settings, progress).witnesses


def run_fuzz(
    contract: Contract, target: Target, settings: FuzzConfig, progress: Callable[[str], None]
) -> FuzzRun:
    """Run all checks on every operation of the contract: our own first, then those of Schemathesis.

    Args:
        contract: The hand-written contract.
        target: The service.
        settings: Depth, seed, time budget, and the requirements for which each check is evidence.
        progress: Gets a line of text before each step.

    Raises:
        ConfigError: A setting names a check that does not exist.
        TargetError: The service cannot be called, or rejects the good credential everywhere.
    """
    refuse_unknown(settings.only, "--check")
    refuse_unknown(settings.checks, "[tool.specwitness.fuzz.checks]")
    if target.reset:
        target.reset()
    try:
        with open_engine(read_surface(contract), target, settings, progress) as engine:
            sent, driven = _try_all(engine)
            return _sum_up(engine, sent, driven)
    finally:
        if target.reset:
            target.reset()


def _try_all(engine: Engine) -> tuple[int, int]:
    """Give the numbers of requests of our own checks and of Schemathesis."""
    _refuse_target_without_token(engine)
    extra, drive = _own_attacks(engine.target), Drive(engine.context, engine.settings, engine.progress)
    ending = {endpoint.id for endpoint in engine.surface.endpoints if endpoint.is_ending} & engine.wanted()
    engine.begin(extra)
    sent = engine.client.sent
    _drive(engine, drive, engine.wanted() - ending)
    between = engine.client.sent
    engine.finish(extra)
    sent += engine.client.sent - between
    _drive(engine, drive, ending)
    return sent, drive.sent


def _drive(engine: Engine, drive: Drive, wanted: set[str]) -> None:
    """Let Schemathesis call operations, after the service's data were restored."""
    engine.renew()
    is_wanted = not engine.settings.only or "conformance" in engine.settings.only
    if wanted and is_wanted and not engine.broken_off:
        drive.run(wanted)
        engine.broken_off = drive.broken_off
        engine.renew()


def _sum_up(engine: Engine, sent: int, driven: int) -> FuzzRun:
    settings, target, results = engine.settings, engine.target, engine.context.results
    throttling = engine.client.throttling
    wanted = engine.wanted()
    endpoints = [endpoint for endpoint in engine.surface.endpoints if endpoint.id in wanted]
    verdicts = Verdicts(
        results,
        settings,
        situations={situation.name: situation.statuses for situation in target.situations},
        has_mint=engine.context.mint is not None,
        is_whole=not engine.client.is_late,
    )
    return FuzzRun(
        witnesses=tuple(witness for endpoint in endpoints for witness in verdicts.testify(endpoint)),
        operations=tuple(
            TriedOperation(
                endpoint.id,
                endpoint.operation.name,
                endpoint.is_protected,
                is_reached=results.result(endpoint, "conformance").succeeded > 0,
            )
            for endpoint in endpoints
        ),
        requests=RequestCounts(sent, driven, throttling.times, throttling.seconds),
        coverage=measure(endpoints, results),
        attacks=MappingProxyType(
            {
                f"fuzz:{operation}:{check}": MappingProxyType(dict(sorted(result.attacks.items())))
                for (operation, check), result in results.by_check.items()
            }
        ),
        violations=MappingProxyType(
            {key: tuple(result.violations) for key, result in results.by_check.items()}
        ),
        profile=settings.profile,
        seed=settings.seed,
        reads_routes=target.app is not None,
        may_write=engine.client.may_write,
        broken_off=engine.broken_off,
    )


def _refuse_target_without_token(engine: Engine) -> None:
    is_any_protected = any(endpoint.is_protected for endpoint in engine.surface.endpoints)
    identity = engine.context.alice.identity
    if is_any_protected and identity.token is None and not identity.values:
        # A service that the command line names comes without a target: its users are in the settings.
        is_named = engine.target.base_url is not None and engine.target.identities is None
        raise TargetError(
            "the contract protects operations, and no user has a token"
            if is_named
            else "the target has no valid token, and the contract protects operations",
            where="[tool.specwitness.fuzz.identities]" if is_named else "Target.identities",
            remedy='name two users, as in tokens = { alice = "env:TOKEN_ALICE", bob = "env:TOKEN_BOB" }'
            if is_named
            else "give identities: a Mint, Tokens, a Login, or an object with identify(name, client)",
        )


def _own_attacks(target: Target) -> tuple[Attack, ...]:
    """Make an attack of each bad token that the target itself gives."""
    return tuple(
        Attack(f"the target's {check} token", check, "RFC 6750", _give(token), core=True)
        for check, token in target.bad_tokens().items()
    )


def _give(token: str) -> Callable[[object], str]:
    return lambda _material: token
