"""Bad credentials: every forged, expired or misplaced credential, on a request that is otherwise good."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.endpoint import in_order
from specwitness.fuzz.checks.isolation.two_users import find_trace
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.results.results import NO_OBJECT
from specwitness.fuzz.results.severity import Severity
from specwitness.fuzz.tokens.attack import Attack, Material
from specwitness.fuzz.tokens.keys import list_unfit_key_attacks
from specwitness.fuzz.tokens.refusal import find_echo, judge_refusal
from specwitness.fuzz.tokens.table import ATTACKS
from specwitness.fuzz.users.credentials import Credentials, authorize, find_credentials, read_location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context


CREDENTIAL_CHECKS = ("none", "forged", "expired", "claims")
_FORBIDDEN = HTTPStatus.FORBIDDEN


def check_credentials(context: Context, endpoint: Endpoint) -> None:
    """Send every bad credential to an operation whose baseline request got a 2xx.

    The whole table of attacks is sent to one operation for each combination of security schemes, and
    in a deep run to every operation. All others get the attacks that are marked as core.
    """
    if endpoint.is_protected:
        caller = context.admin if context.admin and endpoint.id in context.by_admin else context.alice
        is_whole = endpoint.id in _choose_representatives(context)
        _send_bad_credentials(context, endpoint, caller, is_whole=is_whole)
    elif endpoint.is_optional:
        check_optional(context, endpoint)


def check_unreached(context: Context, endpoint: Endpoint) -> None:
    """Send bad credentials to an operation that refused the good ones of both users with 403."""
    is_reached = endpoint.id in context.by_admin or endpoint.id in context.succeeded
    statuses = context.results.result(endpoint, "privilege").statuses
    if endpoint.is_protected and not is_reached and set(statuses) == {_FORBIDDEN}:
        _send_bad_credentials(context, endpoint, context.alice, is_whole=False)


def _choose_representatives(context: Context) -> set[str]:
    """Choose the operations that get the whole table: one for each combination of security schemes."""
    answered = context.plan.wanted & (context.succeeded.keys() | context.by_admin.keys())
    if context.is_deep:
        return set(answered)
    reached = [endpoint for endpoint in in_order(context.surface.endpoints) if endpoint.id in answered]
    reached.sort(
        key=lambda endpoint: (
            endpoint.method != "GET",
            endpoint.id in context.by_admin,
            len(endpoint.path_names),
        )
    )
    found: dict[str, str] = {}
    for endpoint in reached:
        found.setdefault(str([sorted(schemes) for schemes in endpoint.security]), endpoint.id)
    return set(found.values())


def _send_bad_credentials(context: Context, endpoint: Endpoint, caller: Actor, *, is_whole: bool) -> None:
    request = context.builder.build(endpoint, caller, fresh=endpoint.method == "DELETE")
    alternatives = find_credentials(endpoint, context.surface, caller.identity)
    if request is None or not alternatives:
        lack = NO_OBJECT if request is None else "the identity has no credential for its security schemes"
        for check in CREDENTIAL_CHECKS:
            context.results.skip(endpoint, check, lack)
        return
    is_observed = not endpoint.is_safe and not context.state and caller is context.alice
    before = context.observe(endpoint, _values_in(context, endpoint)) if is_observed else []
    state = context.state() if context.state else None
    all_refused = True
    attacks = (*context.plan.extra, *ATTACKS, *list_unfit_key_attacks(context.mint))
    for credentials in alternatives:
        for attack, bad in _prepare(context, request, credentials, attacks, name=caller.name, whole=is_whole):
            kind = credentials[0][0].kind
            response = context.client.send(bad)
            context.results.count(endpoint, attack.check, attack.name, response.status)
            all_refused = all_refused and not response.succeeded
            context.judged(endpoint, attack.check)
            _judge(context, endpoint, attack, kind=kind, exchange=(bad, response))
            _judge_fetches(context, endpoint, attack, bad)
            if context.state:
                now = context.state()
                is_changed, state = now != state, now
                if not response.succeeded:
                    context.judged(endpoint, "side_effect")
                if is_changed and not response.succeeded:
                    text = f"with {attack.name}: the stored state changed"
                    context.report(endpoint, "side_effect", text, bad)
    all_refused = _check_other_schemes(context, endpoint, request, caller) and all_refused
    if all_refused and (change := context.find_change(before)):
        context.report(
            endpoint, "side_effect", f"refused every bad credential, and yet {change[0]}", change[1]
        )
    elif before and all_refused:
        context.judged(endpoint, "side_effect")


def _check_other_schemes(context: Context, endpoint: Endpoint, request: Request, caller: Actor) -> bool:
    """Send valid credentials of schemes that the operation does not accept, such as an API key for a token.

    Returns:
        Whether every such credential was refused.
    """
    accepted_schemes = {name for schemes in endpoint.security for name in schemes}
    # Two schemes may use the same header: a bearer token and basic credentials in `Authorization`.
    used_places = {
        _place_of(name, context.surface.schemes[name])
        for name in accepted_schemes
        if name in context.surface.schemes
    }
    is_refused = True
    for name, scheme in context.surface.schemes.items():
        value = caller.identity.value_for(name)
        place = _place_of(name, scheme)
        if value is None or place in used_places:
            continue
        used_places.add(place)
        signed = read_location(name, scheme).put(request, value)
        attack = f"a credential of {name}, which is not taken here"
        response = context.send(endpoint, "none", attack, signed)
        context.judged(endpoint, "none")
        if response.succeeded:
            is_refused = False
            text = f"with {attack}: expected 401, came {response.status} (the contract's security)"
            context.results.report(endpoint, "none", attack, text=text, request=signed)
    return is_refused


def _place_of(name: str, scheme: dict[str, Any]) -> tuple[str, str]:
    location = read_location(name, scheme)
    return location.part, location.name.lower() if location.part == "header" else location.name


def _values_in(context: Context, endpoint: Endpoint) -> tuple[object, ...]:
    named_object = context.builder.obtain(endpoint, context.alice) if endpoint.path_names else None
    return named_object.values if named_object else ()


def _prepare(
    context: Context,
    request: Request,
    credentials: Credentials,
    attacks: tuple[Attack, ...],
    *,
    name: str,
    whole: bool,
) -> Iterator[tuple[Attack, Request]]:
    """Attack each credential of an alternative in turn, with the others in place."""
    for location, value in credentials:
        other = context.bob.identity.value_for(location.scheme) if context.bob else None
        material = Material(location, value, name, context.mint, other, context.key_host)
        good = authorize(request, credentials)
        for attack in attacks:
            # An attack marked `accepted` is a valid credential. After the account is erased, none is valid.
            if attack.accepted and context.is_over:
                continue
            if (whole or attack.core) and (change := attack.prepare(material)) is not None:
                context.results.redaction.hide_alike(attack.recipe(material), value)
                yield attack, change(good)


def _judge(
    context: Context, endpoint: Endpoint, attack: Attack, *, kind: str, exchange: tuple[Request, Response]
) -> None:
    request, response = exchange
    if attack.accepted:
        if not response.succeeded and response.status == HTTPStatus.UNAUTHORIZED:
            text = f"with {attack.name}: expected to be let in ({attack.breaks}), came {response.status}"
            context.results.report(
                endpoint, attack.check, attack.name, text=text, request=request, severity=attack.severity
            )
        return
    for fault in (*judge_refusal(response, attack, kind, endpoint), *find_echo(request, response)):
        text = f"with {attack.name}: {fault.text} ({attack.breaks})"
        context.results.report(
            endpoint,
            attack.check,
            f"{attack.name}: {fault.kind}" if fault.kind.startswith("status") else fault.kind,
            text=text,
            request=request,
            severity=fault.severity,
        )


def _judge_fetches(context: Context, endpoint: Endpoint, attack: Attack, request: Request) -> None:
    """Report a service that fetched a URL from a token, such as its `jku`: the attacker chooses the URL."""
    if context.key_host is not None and context.key_host.take_calls():
        text = f"with {attack.name}: the service asked there ({attack.breaks})"
        context.results.report(endpoint, attack.check, f"{attack.name}: asked", text=text, request=request)


def check_optional(context: Context, endpoint: Endpoint) -> None:
    """Send bad credentials to an operation that also accepts anonymous requests.

    The service may refuse them, or respond as to an anonymous request. It must not respond as to the owner.
    """
    request = context.builder.build(endpoint, context.alice)
    alternatives = find_credentials(endpoint, context.surface, context.alice.identity)
    if request is None or not alternatives:
        return
    location, value = alternatives[0][0]
    as_owner = context.send(
        endpoint, "forged", "the owner's credentials", authorize(request, alternatives[0])
    )
    anonymous = context.send(endpoint, "none", "no credentials", request)
    _judge_anonymous(context, endpoint, (request, anonymous))
    is_distinguishable = bool(differ(take_fingerprint(as_owner), take_fingerprint(anonymous)))
    is_pending = True
    material = Material(location, value, context.alice.name, context.mint, host=context.key_host)
    for attack in (*ATTACKS, *list_unfit_key_attacks(context.mint)):
        is_left_out = attack.severity is Severity.SHOULD and not context.is_deep
        change = None if attack.accepted or not attack.brings or is_left_out else attack.prepare(material)
        is_first = is_pending and attack.check == "forged"
        if change is None or not (is_distinguishable or is_first):
            continue
        bad = change(authorize(request, alternatives[0]))
        response = context.send(endpoint, attack.check, attack.name, bad)
        is_pending = is_pending and not is_first
        context.judged(endpoint, attack.check)
        if not response.succeeded:
            continue
        if is_distinguishable and not differ(take_fingerprint(as_owner), take_fingerprint(response)):
            text = f"with {attack.name}: answers as to the owner ({attack.breaks})"
            context.results.report(
                endpoint, attack.check, attack.name, text=text, request=bad, severity=attack.severity
            )
        elif is_first:
            text = f"with {attack.name}: expected 401, came {response.status} as without one (RFC 6750 §3.1)"
            kind = "a bad one is taken for none"
            context.results.report(
                endpoint, attack.check, kind, text=text, request=bad, severity=Severity.SHOULD
            )


def _judge_anonymous(context: Context, endpoint: Endpoint, exchange: tuple[Request, Response]) -> None:
    """Report a response that shows alice's data without credentials, and hides it from bob."""
    request, anonymous = exchange
    bob = context.bob
    if bob is None or not anonymous.succeeded or find_trace(anonymous, context.alice) is None:
        return
    as_bob = context.client.send(context.builder.sign(endpoint, bob, request))
    context.judged(endpoint, "none")
    if as_bob.succeeded and find_trace(as_bob, context.alice) is None:
        text = "without credentials shows data that is hidden from other users"
        context.report(endpoint, "none", text, request)


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
