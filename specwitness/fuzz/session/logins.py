"""Access of the users during a run: after a call that ended a session, the user logs in again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from specwitness.errors import TargetError
from specwitness.fuzz.api.purpose import is_of_user
from specwitness.fuzz.api.words import ACCESS_NOUNS, HANDLES, snake
from specwitness.fuzz.http.client import GoneError
from specwitness.fuzz.requests.responses import read_id
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.results.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context
    from specwitness.fuzz.users.identity import Identity

    Identify = Callable[[str], Identity | None]


ACCESS_LOST = "a user's access was lost before it was reached"
_ACCEPTED, _UNAUTHORIZED = HTTPStatus.ACCEPTED, HTTPStatus.UNAUTHORIZED
_DOTS_OF_JWS = 2


class LostError(GoneError):
    """The service refuses a user's valid credentials, and the target gives no others."""


def refuse_locked_out(context: Context) -> None:
    """Raise an error if the service refuses alice's or bob's credentials: then no check would be evidence.

    Raises:
        TargetError: The service refuses a user, or both users have the same token.
    """
    protected = [endpoint for endpoint in context.surface.endpoints if endpoint.is_protected]
    by_check = [context.results.result(protected_endpoint, "conformance") for protected_endpoint in protected]
    is_refused = any(_UNAUTHORIZED in result.statuses for result in by_check)
    if is_refused and not any(result.succeeded for result in by_check):
        raise TargetError(
            "the valid token is refused everywhere: no protected operation answered 2xx, but with 401",
            where="Target.identities",
            remedy="check the token's secret, issuer, audience and clock",
        )
    alice, bob, probe = context.alice, context.bob, _find_probe(context)
    if probe is not None and not _is_let_in(context, probe, alice):
        raise _lost(alice, None, f"{probe.operation.name} answers 401")
    if bob is None:
        return
    if alice.identity.token is not None and alice.identity.token == bob.identity.token:
        raise TargetError(
            "alice and bob have the same token: they have to be two users",
            where="Target.identities",
            remedy="give bob credentials of his own, or none at all",
        )
    if probe is not None and not _is_let_in(context, probe, bob):
        raise TargetError(
            f"bob's valid token is refused: {probe.operation.name} answered 401 to him, and not to alice",
            where="Target.identities",
            remedy="check bob's token; give no bob where there is one user alone",
        )


def learn_subjects(context: Context) -> None:
    """Learn the ids and handles of the users from operations such as `GET /me`."""
    self_readers = [
        endpoint for endpoint in context.surface.endpoints if endpoint.is_protected and endpoint.shows_caller
    ]
    for actor in (context.alice, context.bob):
        for reader in self_readers if actor is not None and _lacks_name(context, actor) else ():
            exchange = context.call(reader, actor) if actor else None
            if actor is None or exchange is None or not exchange.response.succeeded:
                continue
            response = exchange.response
            actor.handles = _read_handles(response.json())
            user_id = read_id(response, "id", "user")
            if actor.identity.subject is None and user_id is not None:
                actor.identity = replace(actor.identity, subject=str(user_id))
            if user_id is not None or actor.handles:
                break
    # A name that both users have, such as their team's, identifies nobody.
    if context.bob is not None:
        alike = context.alice.handles.items() & context.bob.handles.items()
        for actor in (context.alice, context.bob):
            actor.handles = dict(actor.handles.items() - alike)


def _read_handles(said: Any) -> dict[str, Any]:
    """Read the user's handles: `{"user": {"username": "ann"}, "team": {"slug": "x"}}` -> `username`."""
    inner = said.get("user", said.get("data")) if isinstance(said, dict) else None
    members = inner if isinstance(inner, dict) else said
    known = members.items() if isinstance(members, dict) else ()
    return {snake(name): value for name, value in known if name in HANDLES and isinstance(value, str)}


def _lacks_name(context: Context, actor: Actor) -> bool:
    """Tell whether a user's id is unknown, or a path needs a handle, as `/users/{username}` does."""
    return actor.identity.subject is None or any(
        is_of_user(name, shape) and name in HANDLES
        for endpoint in context.surface.endpoints
        for name, shape in endpoint.places
    )


def keep_access(context: Context, endpoint: Endpoint, identify: Identify) -> bool:
    """Log users in again after an operation that may have ended their access.

    Args:
        context: The run.
        endpoint: The operation that was called.
        identify: Gives new credentials by the user's name.

    Returns:
        Whether a user logged in again, or has ended the account.

    Raises:
        LostError: The service refuses a user's new credentials too.
    """
    is_refused, context.client.is_refused = context.client.is_refused, False
    is_touched = not endpoint.is_safe and _touches_access(endpoint)
    if context.is_over or not (is_refused or is_touched):
        return False
    try:
        return restore_access(context, identify, after=endpoint)
    except LostError:
        # `DELETE /me` erased the account: a lost access is the purpose of the operation.
        # A password changed by another user is a finding already.
        if not endpoint.is_account_end and not context.results.result(endpoint, "isolation").violations:
            raise
        context.is_over = True
        return True


def restore_access(context: Context, identify: Identify, after: Endpoint | None = None) -> bool:
    """Log users in again whose credentials are refused.

    Args:
        context: The run.
        identify: Gives new credentials by the user's name.
        after: The operation that was called last, for the message.

    Returns:
        Whether a user logged in again.

    Raises:
        LostError: The service refuses a user's new credentials too.
    """
    probe, has_changed = _find_probe(context), False
    for actor in (context.alice, context.bob):
        if probe is None or actor is None or _is_let_in(context, probe, actor):
            continue
        has_changed = True
        identity = _sign_in(actor, identify, after)
        actor.identity = identity
        context.results.redaction.hide(actor.name, [identity.token, *identity.values.values()])
        if not _is_let_in(context, probe, actor):
            raise _lost(actor, after, f"{probe.operation.name} answers 401")
    return has_changed


@contextmanager
def check_log_out(context: Context, endpoint: Endpoint) -> Iterator[None]:
    """Report credentials that still work after the logout in the `with` block."""
    yield
    probe = _find_probe(context)
    if not endpoint.is_log_out or probe is None or endpoint.id not in context.succeeded:
        return
    signed = context.request(probe, context.alice)
    if signed is None:
        return
    response = context.client.send(signed)
    context.results.count(endpoint, "expired", "the credentials of a session that is over", response.status)
    context.judged(endpoint, "expired")
    if response.succeeded:
        # A JWT without a list of revoked tokens stays valid until it expires: this is hygiene, and no hole.
        is_stateless = (context.alice.identity.token or "").count(".") == _DOTS_OF_JWS
        text = f"ends the session, and {probe.operation.name} with its credentials answers {response.status}"
        severity = Severity.SHOULD if is_stateless else Severity.MUST
        context.results.report(
            endpoint, "expired", "logged out", text=text, request=signed, severity=severity
        )


@contextmanager
def check_account_end(context: Context, endpoint: Endpoint) -> Iterator[None]:
    """Report an account that is shown unchanged after its deletion in the `with` block."""
    reader = context.builder.find("GET", endpoint.shape)
    is_account = endpoint.method == "DELETE" and endpoint.is_account_end
    is_seen = is_account and reader is not None and reader.id in context.succeeded
    signed = context.request(reader, context.alice) if reader and is_seen else None
    if reader is None or signed is None:
        yield
        return
    before = context.client.send(signed)
    texts = context.alice.maker.find_texts(before.text)
    yield
    done = context.alice.responses.get(endpoint.id)
    # A 202 means that the deletion has only begun; an account with `status: closed` is no longer as before.
    if done is not None and done.status != _ACCEPTED and texts:
        response = context.client.send(signed)
        context.results.count(endpoint, "deletion", "the account after its deletion", response.status)
        context.judged(endpoint, "deletion")
        is_as_before = not differ(take_fingerprint(before), take_fingerprint(response))
        if response.succeeded and is_as_before:
            context.report(
                endpoint, "deletion", f"answered 2xx, and {reader.operation.name} shows it still", signed
            )


def _touches_access(endpoint: Endpoint) -> bool:
    return endpoint.is_ending or ACCESS_NOUNS.occurs_in(endpoint.path)


def _find_probe(context: Context) -> Endpoint | None:
    """Find a protected GET that shows whether a user has access, if possible one that needs no object."""
    candidates = [
        endpoint for endpoint in context.reached() if endpoint.method == "GET" and endpoint.is_protected
    ]
    without_object = (
        option for option in candidates if not option.names_object and not context.uses.get(option.id)
    )
    return next(without_object, next(iter(candidates), None))


def _is_let_in(context: Context, probe: Endpoint, actor: Actor) -> bool:
    exchange = context.call(probe, actor)
    return exchange is None or exchange.response.status != _UNAUTHORIZED


def _sign_in(actor: Actor, identify: Identify, after: Endpoint | None) -> Identity:
    try:
        identity = identify(actor.name)
    except TargetError as error:
        raise _lost(actor, after, str(error)) from error
    if identity is None:
        raise _lost(actor, after, "the provider gives no other")
    return identity


def _lost(actor: Actor, after: Endpoint | None, reason: str) -> LostError:
    what = after.operation.name if after else "some call"
    return LostError(
        f"{what} ended {actor.name}'s access: {reason}",
        where="Target.identities",
        remedy="give a Login, which signs in again, or try the other operations by --operation",
    )
