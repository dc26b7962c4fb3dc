"""The matrix of bad credentials, on a request that is otherwise good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import in_order
from specwitness.fuzz.checks.isolation.two_users import find_trace
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import Attack, Material
from specwitness.fuzz.tokens.keys import list_unfit_key_attacks
from specwitness.fuzz.tokens.refusal import find_echo, judge_refusal
from specwitness.fuzz.tokens.table import ATTACKS
from specwitness.fuzz.users.credentials import Credentials, authorize, find_credentials, seat_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Answer, Request
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Trial


CREDENTIAL_CHECKS = ("none", "forged", "expired", "claims")
_FORBIDDEN = 403


def check_credentials(trial: Trial, endpoint: Endpoint) -> None:
    """Send every bad credential to an operation that answered its caller with 2xx.

    The whole table is sent to one operation of each kind of protection, and in a deep run to all;
    the other operations get its core.
    """
    if endpoint.is_protected:
        caller = trial.admin if trial.admin and endpoint.id in trial.by_admin else trial.alice
        is_whole = endpoint.id in _choose_representatives(trial)
        _send_bad_credentials(trial, endpoint, caller, is_whole=is_whole)
    elif endpoint.is_optional:
        check_optional(trial, endpoint)


def check_unreached(trial: Trial, endpoint: Endpoint) -> None:
    """Send bad credentials to an operation that refused the good ones of both users with 403."""
    is_reached = endpoint.id in trial.by_admin or endpoint.id in trial.succeeded
    statuses = trial.ledger.tally(endpoint, "privilege").statuses
    if endpoint.is_protected and not is_reached and set(statuses) == {_FORBIDDEN}:
        _send_bad_credentials(trial, endpoint, trial.alice, is_whole=False)


def _choose_representatives(trial: Trial) -> set[str]:
    """Choose the operations that get the whole table: one for each combination of security schemes."""
    answered = trial.plan.wanted & (trial.succeeded.keys() | trial.by_admin.keys())
    if trial.is_deep:
        return set(answered)
    reached = [endpoint for endpoint in in_order(trial.surface.endpoints) if endpoint.id in answered]
    reached.sort(
        key=lambda endpoint: (
            endpoint.method != "GET",
            endpoint.id in trial.by_admin,
            len(endpoint.path_names),
        )
    )
    found: dict[str, str] = {}
    for endpoint in reached:
        found.setdefault(str([sorted(schemes) for schemes in endpoint.security]), endpoint.id)
    return set(found.values())


def _send_bad_credentials(trial: Trial, endpoint: Endpoint, caller: Actor, *, is_whole: bool) -> None:
    request = trial.world.build(endpoint, caller, fresh=endpoint.method == "DELETE")
    alternatives = find_credentials(endpoint, trial.surface, caller.identity)
    if request is None or not alternatives:
        for check in CREDENTIAL_CHECKS:
            trial.ledger.skip(endpoint, check, "the identity has no credential for its security schemes")
        return
    is_observed = not endpoint.is_safe and not trial.state and caller is trial.alice
    before = trial.observe(endpoint, _values_in(trial, endpoint)) if is_observed else []
    state = trial.state() if trial.state else None
    all_refused = True
    attacks = (*trial.plan.extra, *ATTACKS, *list_unfit_key_attacks(trial.mint))
    for credentials in alternatives:
        for attack, bad in _prepare(trial, request, credentials, attacks, name=caller.name, whole=is_whole):
            kind = credentials[0][0].kind
            answer = trial.client.send(bad)
            trial.ledger.count(endpoint, attack.check, attack.name, answer.status)
            all_refused = all_refused and not answer.succeeded
            trial.judged(endpoint, attack.check)
            _judge(trial, endpoint, attack, kind=kind, exchange=(bad, answer))
            _judge_fetches(trial, endpoint, attack, bad)
            if trial.state:
                now = trial.state()
                is_changed, state = now != state, now
                if not answer.succeeded:
                    trial.judged(endpoint, "side_effect")
                if is_changed and not answer.succeeded:
                    text = f"with {attack.name}: the stored state changed"
                    trial.blame(endpoint, "side_effect", text, bad)
    all_refused = _check_other_schemes(trial, endpoint, request, caller) and all_refused
    if all_refused and (change := trial.find_change(before)):
        trial.blame(endpoint, "side_effect", f"refused every bad credential, and yet {change[0]}", change[1])
    elif before and all_refused:
        trial.judged(endpoint, "side_effect")


def _check_other_schemes(trial: Trial, endpoint: Endpoint, request: Request, caller: Actor) -> bool:
    """Call with a credential that is good elsewhere, such as a key for a token; say if it is refused."""
    named = {name for schemes in endpoint.security for name in schemes}
    # Two schemes may mean the same header.
    taken = {_place_of(name, trial.surface.schemes[name]) for name in named if name in trial.surface.schemes}
    is_refused = True
    for name, scheme in trial.surface.schemes.items():
        value = caller.identity.value_for(name)
        place = _place_of(name, scheme)
        if value is None or place in taken:
            continue
        taken.add(place)
        signed = seat_of(name, scheme).put(request, value)
        attack = f"a credential of {name}, which is not taken here"
        answer = trial.send(endpoint, "none", attack, signed)
        trial.judged(endpoint, "none")
        if answer.succeeded:
            is_refused = False
            text = f"with {attack}: expected 401, came {answer.status} (the contract's security)"
            trial.ledger.blame(endpoint, "none", attack, text=text, request=signed)
    return is_refused


def _place_of(name: str, scheme: dict[str, Any]) -> tuple[str, str]:
    seat = seat_of(name, scheme)
    return seat.location, seat.name.lower() if seat.location == "header" else seat.name


def _values_in(trial: Trial, endpoint: Endpoint) -> tuple[object, ...]:
    thing = trial.world.obtain(endpoint, trial.alice) if endpoint.path_names else None
    return thing.values if thing else ()


def _prepare(
    trial: Trial,
    request: Request,
    credentials: Credentials,
    attacks: tuple[Attack, ...],
    *,
    name: str,
    whole: bool,
) -> Iterator[tuple[Attack, Request]]:
    """Attack each credential of an alternative in turn, with the others in place."""
    for seat, value in credentials:
        other = trial.bob.identity.value_for(seat.scheme) if trial.bob else None
        material = Material(seat, value, name, trial.mint, other, trial.key_host)
        good = authorize(request, credentials)
        for attack in attacks:
            # Who has erased their account is let in by nothing any more.
            if attack.accepted and trial.is_over:
                continue
            if (whole or attack.core) and (change := attack.prepare(material)) is not None:
                trial.ledger.redaction.hide_alike(attack.recipe(material), value)
                yield attack, change(good)


def _judge(
    trial: Trial, endpoint: Endpoint, attack: Attack, *, kind: str, exchange: tuple[Request, Answer]
) -> None:
    request, answer = exchange
    if attack.accepted:
        if not answer.succeeded and answer.status == 401:  # noqa: PLR2004  # refused
            text = f"with {attack.name}: expected to be let in ({attack.breaks}), came {answer.status}"
            trial.ledger.blame(
                endpoint, attack.check, attack.name, text=text, request=request, level=attack.level
            )
        return
    for fault in (*judge_refusal(answer, attack, kind, endpoint), *find_echo(request, answer)):
        text = f"with {attack.name}: {fault.text} ({attack.breaks})"
        trial.ledger.blame(
            endpoint,
            attack.check,
            f"{attack.name}: {fault.kind}" if fault.kind.startswith("status") else fault.kind,
            text=text,
            request=request,
            level=fault.level,
        )


def _judge_fetches(trial: Trial, endpoint: Endpoint, attack: Attack, request: Request) -> None:
    """Tell of a service that asked the address that a token named: any address, within its network too."""
    if trial.key_host is not None and trial.key_host.take_calls():
        text = f"with {attack.name}: the service asked there ({attack.breaks})"
        trial.ledger.blame(endpoint, attack.check, f"{attack.name}: asked", text=text, request=request)


def check_optional(trial: Trial, endpoint: Endpoint) -> None:
    """Try an operation whose credentials are optional: a bad one must not act as its owner.

    The answer is a refusal, or that of somebody without credentials.
    """
    request = trial.world.build(endpoint, trial.alice)
    alternatives = find_credentials(endpoint, trial.surface, trial.alice.identity)
    if request is None or not alternatives:
        return
    seat, value = alternatives[0][0]
    own = trial.send(endpoint, "forged", "the owner's credentials", authorize(request, alternatives[0]))
    anonymous = trial.send(endpoint, "none", "no credentials", request)
    _judge_anonymous(trial, endpoint, (request, anonymous))
    is_told_apart = bool(differ(take_fingerprint(own), take_fingerprint(anonymous)))
    is_pending = True
    material = Material(seat, value, trial.alice.name, trial.mint, host=trial.key_host)
    for attack in (*ATTACKS, *list_unfit_key_attacks(trial.mint)):
        is_spared = attack.level is Level.SHOULD and not trial.is_deep
        change = None if attack.accepted or not attack.brings or is_spared else attack.prepare(material)
        is_first = is_pending and attack.check == "forged"
        if change is None or not (is_told_apart or is_first):
            continue
        bad = change(authorize(request, alternatives[0]))
        answer = trial.send(endpoint, attack.check, attack.name, bad)
        is_pending = is_pending and not is_first
        trial.judged(endpoint, attack.check)
        if not answer.succeeded:
            continue
        if is_told_apart and not differ(take_fingerprint(own), take_fingerprint(answer)):
            text = f"with {attack.name}: answers as to the owner ({attack.breaks})"
            trial.ledger.blame(
                endpoint, attack.check, attack.name, text=text, request=bad, level=attack.level
            )
        elif is_first:
            text = f"with {attack.name}: expected 401, came {answer.status} as without one (RFC 6750 §3.1)"
            kind = "a bad one is taken for none"
            trial.ledger.blame(endpoint, attack.check, kind, text=text, request=bad, level=Level.SHOULD)


def _judge_anonymous(trial: Trial, endpoint: Endpoint, exchange: tuple[Request, Answer]) -> None:
    """See whether nobody is shown what another user is not: then it is private."""
    request, anonymous = exchange
    bob = trial.bob
    if bob is None or not anonymous.succeeded or find_trace(anonymous, trial.alice) is None:
        return
    theirs = trial.client.send(trial.world.sign(endpoint, bob, request))
    trial.judged(endpoint, "none")
    if theirs.succeeded and find_trace(theirs, trial.alice) is None:
        text = "without credentials shows what is hidden from other users"
        trial.blame(endpoint, "none", text, request)


def _is_due(endpoint: Endpoint) -> bool:
    return endpoint.is_protected


CHECKS = (
    Check(
        name="none",
        order=10,
        title="with no credentials",
        tries=(
            "the request without credentials, with a credential in another place, and with one that "
            "is good elsewhere (a key, a cookie) where the contract does not take it"
        ),
        requirements="a request without credentials is refused",
        run=check_credentials,
        reports=("forged", "expired", "claims", "side_effect"),
        is_due=_is_due,
    ),
    Check(
        name="forged",
        order=11,
        title="with forged credentials",
        tries=(
            "tokens with another signature, algorithm or key; credentials that are cut or spelled in "
            "other ways"
        ),
        requirements="a token whose signature is not the issuer's is refused",
        is_due=_is_due,
    ),
    Check(
        name="expired",
        order=12,
        title="with credentials whose time is over",
        tries=("tokens that have expired, or are not valid yet; the credentials of a session after its end"),
        requirements="an expired token is refused",
        is_due=_is_due,
    ),
    Check(
        name="claims",
        order=13,
        title="with credentials for somebody or something else",
        tries=(
            "signed tokens of another issuer or for another audience, without a subject, or with odd claims"
        ),
        requirements="issuer, audience and subject are checked",
    ),
    Check(
        name="none",
        order=95,
        scope=Scope.CALLABLE,
        run=check_unreached,
        reports=("forged", "expired", "claims"),
    ),
)
