"""The fuzz run: every operation with every credential, and one witness for each of them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from specwitness.errors import TargetError
from specwitness.fuzz.drive import BAD_CREDENTIALS, Drive
from specwitness.fuzz.target import Credential, Target
from specwitness.model import Outcome, Witness, WitnessKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.config import FuzzConfig
    from specwitness.fuzz.tally import Tally
    from specwitness.openapi import Contract, Operation

CHECKS = {
    Credential.VALID: "conformance",
    Credential.NONE: "none",
    Credential.FORGED: "forged",
    Credential.EXPIRED: "expired",
}
_UNAUTHORIZED = 401


def fuzz(
    contract: Contract, target: Target, settings: FuzzConfig, progress: Callable[[str], None]
) -> tuple[Witness, ...]:
    """Try every operation of the contract, with the good credential and with bad ones.

    A bad credential must be refused as RFC 6750 §3 says and must change nothing;
    with the good one the service must keep its contract.

    Args:
        contract: The hand-written contract.
        target: The running service.
        settings: Depth, seed, and which check testifies for what.
        progress: Told what is being done.

    Returns:
        One witness an operation and check. Equal settings on an equal service give equal witnesses.

    Raises:
        TargetError: The service cannot be driven, or refuses the good credential everywhere.
    """
    is_any_protected = any(operation.protected for operation in contract.operations)
    drive = Drive(contract, target, settings, progress)
    if is_any_protected and drive.authorizations[Credential.VALID] is None:
        raise TargetError(
            "the target has no valid token, and the contract protects operations",
            where="Target.authorization",
            remedy="return the Authorization header of a user for Credential.VALID",
        )
    drive.run()
    _refuse_locked_service(contract, drive)
    return tuple(
        _testify(operation, credential, drive, settings)
        for operation in contract.operations
        for credential in (Credential.VALID, *(BAD_CREDENTIALS if operation.protected else ()))
    )


def _refuse_locked_service(contract: Contract, drive: Drive) -> None:
    tallies = [drive.tallies[each.id, Credential.VALID] for each in contract.operations if each.protected]
    answered = [tally for tally in tallies if tally.cases]
    if answered and all(set(tally.statuses) == {_UNAUTHORIZED} for tally in answered):
        raise TargetError(
            "the valid token is refused everywhere: each protected operation answered 401 to each call",
            where="Target.authorization",
            remedy="check the token's secret, issuer, audience and clock",
        )


def _testify(operation: Operation, credential: Credential, drive: Drive, settings: FuzzConfig) -> Witness:
    tally = drive.tallies[operation.id, credential]
    control = drive.tallies[operation.id, Credential.VALID]
    observed = {status for each in Credential for status in drive.tallies[operation.id, each].statuses}
    outcome, detail = _judge(tally, control, credential, drive)
    counts = dict(tally.counts)
    if credential is Credential.VALID:
        documented = _documented(operation, drive.contract)
        seen = {status for status in documented if any(_fits(status, each) for each in observed)}
        counts |= {"documented": len(documented), "observed": len(seen)}
        unseen = ", ".join(sorted(documented - seen))
        detail = detail or (f"never observed: {unseen}" if unseen else None)
    else:
        counts["control"] = control.succeeded
    return Witness(
        id=f"fuzz:{operation.id}:{CHECKS[credential]}",
        kind=WitnessKind.FUZZ,
        name=_name(operation, credential),
        requirements=_find_requirements(operation, credential, observed, settings),
        outcome=outcome,
        location=operation.location,
        example={"operation": operation.name, "credential": credential.value},
        counts=counts,
        detail=drive.redaction.clean(detail) if detail else None,
    )


def _judge(tally: Tally, control: Tally, credential: Credential, drive: Drive) -> tuple[Outcome, str | None]:
    if tally.breaches:
        return Outcome.FAILED, tally.describe_breaches()
    if credential not in (Credential.VALID, Credential.NONE) and drive.authorizations[credential] is None:
        return Outcome.SKIPPED, f"the target has no {credential.value}"
    if not control.succeeded:
        return Outcome.SKIPPED, f"never answered 2xx: with a valid token came {control.describe_statuses()}"
    if not tally.cases:
        return Outcome.SKIPPED, "no case could be generated"
    return Outcome.PASSED, None


def _name(operation: Operation, credential: Credential) -> str:
    if credential is Credential.VALID:
        return f"{operation.name} keeps its contract"
    return f"{operation.name} {credential.phrase}"


def _documented(operation: Operation, contract: Contract) -> set[str]:
    responses = contract.library.get((*operation.tokens, "responses")) or {}
    return {str(status) for status in responses if str(status) != "default"}


def _fits(pattern: str, status: int) -> bool:
    return pattern == str(status) or pattern.lower() == f"{status // 100}xx"


def _find_requirements(
    operation: Operation, credential: Credential, observed: set[int], settings: FuzzConfig
) -> tuple[str, ...]:
    statuses = observed if credential is Credential.VALID else {_UNAUTHORIZED}
    keys = list(operation.requirements)
    for pattern, more in sorted(operation.response_requirements.items()):
        if any(_fits(pattern, status) for status in statuses):
            keys += more
    patterns = settings.checks.get(CHECKS[credential])
    return tuple(
        key
        for key in dict.fromkeys(keys)
        if patterns is None or any(fnmatchcase(key, pattern) for pattern in patterns)
    )
