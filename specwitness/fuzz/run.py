"""The fuzz run: every operation, every check, and one witness for each pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemathesis.python.asgi import shutdown_lifespans

from specwitness.errors import TargetError
from specwitness.fuzz.api.endpoint import read_surface
from specwitness.fuzz.bridge.drive import Drive
from specwitness.fuzz.checks.registry import named_checks, refuse_unknown
from specwitness.fuzz.engine import Engine
from specwitness.fuzz.results.coverage import Coverage, measure
from specwitness.fuzz.tokens.attack import Attack
from specwitness.fuzz.verdicts import is_tried, testify

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.target import Target
    from specwitness.model import Witness
    from specwitness.openapi import Contract


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
    refuse_unknown(settings.only, "--check")
    refuse_unknown(settings.checks, "[tool.specwitness.fuzz.checks]")
    if target.reset:
        target.reset()
    try:
        engine = Engine(read_surface(contract), target, settings, progress)
        _refuse_mute_target(engine)
        extra, drive = _own_attacks(target), Drive(engine.trial, settings, progress)
        ending = {each.id for each in engine.surface.endpoints if each.is_ending} & engine.wanted()
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
        testify(endpoint, check, engine, settings)
        for endpoint in engine.surface.endpoints
        if endpoint.id in wanted
        for check in named_checks()
        if is_tried(endpoint, check, engine)
    )
    return FuzzRun(tuple(witnesses), sent, drive.sent, engine)


def _drive(engine: Engine, drive: Drive, wanted: set[str]) -> None:
    """Let Schemathesis call operations, in a service that is as it was in the beginning."""
    engine.renew()
    is_wanted = not engine.settings.only or "conformance" in engine.settings.only
    if wanted and is_wanted and not engine.broken_off:
        drive.run(wanted)
        engine.broken_off = drive.broken_off
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
