"""Impersonation: a request of bob with alice's id in `X-User-Id` or `?user_id=` is handled as bob's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from specwitness.fuzz.checks.isolation.two_users import absent_ids, impersonate

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.checks.isolation.two_users import Owned
    from specwitness.fuzz.http.message import Request, Response
    from specwitness.fuzz.requests.actor import Actor
    from specwitness.fuzz.session.context import Context

# A service may refuse unknown parameters with these statuses.
_UNKNOWN_PARAMETER = frozenset({400, 422})
_HEADERS = (
    "X-User-Id",
    "X-User",
    "X-Owner-Id",
    "X-Account-Id",
    "X-Customer-Id",
    "X-Tenant-Id",
    "X-Forwarded-User",
    "X-Remote-User",
    "X-Authenticated-User",
    "X-Impersonate-User",
)
_PARAMETERS = (
    "user_id",
    "userId",
    "user",
    "uid",
    "owner",
    "owner_id",
    "ownerId",
    "account_id",
    "accountId",
    "customer_id",
    "customerId",
)


class Attempt(NamedTuple):
    """The name of an attack, its request, and statuses that the contract need not document for it."""

    attack: str
    request: Request
    allowed: frozenset[int] = frozenset()


def claim_identity(endpoint: Endpoint, request: Request, subject: str) -> tuple[Attempt, ...]:
    """Put another user's id into undocumented headers and query parameters.

    Args:
        endpoint: The operation; its documented query parameters stay as they are.
        request: A request of the attacker.
        subject: The id of the user to impersonate.

    Returns:
        Two attempts: with headers and parameters, and with headers alone. The second is for services that
        refuse unknown parameters with 400 or 422.
    """
    known = {name.lower() for name, _ in request.headers}
    headers = tuple((name, subject) for name in _HEADERS if name.lower() not in known)
    named = {parameter.name for parameter in endpoint.parameters if parameter.location == "query"}
    parameters = tuple((name, subject) for name in _PARAMETERS if name not in named)
    claiming = request.with_headers(headers)
    return (
        Attempt(
            "headers and parameters that name the owner", claiming.with_query(parameters), _UNKNOWN_PARAMETER
        ),
        Attempt("headers that name the owner", claiming),
    )


def check_impersonation(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> None:
    """Call as bob with the ids of alice's objects, and with her own id in headers and parameters."""
    subject = context.alice.identity.subject
    path = owned.get(endpoint.last_collection)
    if subject is None or path is None or not subject.isprintable():
        return
    pairs = [_build(context, endpoint, bob, stored) for stored in (owned, absent_ids(owned, 0))]
    foreign, absent = pairs
    # If bob gets access without a claim, that is a finding already.
    is_open = bool(context.results.result(endpoint, "isolation").violations)
    if foreign is None or absent is None or is_open:
        return
    requests = zip(
        claim_identity(endpoint, foreign, subject), claim_identity(endpoint, absent, subject), strict=True
    )
    for (attack, request, allowed), (_, other, _) in requests:
        text = f"another's id, and {attack}"
        response = context.send(endpoint, "isolation", text, request, allowed=allowed)
        reference = context.client.send(other) if response.succeeded else None
        if reference is None or endpoint.is_safe or not reference.succeeded:
            context.judged(endpoint, "isolation", by=response)
        if reference is not None and not reference.succeeded:
            text = f"as another user, with {attack}, answered {response.status}"
            context.report(endpoint, "isolation", text, request)
        if response.status not in _UNKNOWN_PARAMETER:
            return


def _build(context: Context, endpoint: Endpoint, bob: Actor, owned: Owned) -> Request | None:
    path = owned[endpoint.last_collection]
    return context.request(endpoint, impersonate(context, bob, owned), path)


def find_change_by_claim(
    context: Context, endpoint: Endpoint, request: Request, seen: list[tuple[Endpoint, Request, Response]]
) -> tuple[str, str, Request] | None:
    """Call an operation on the caller's own data, such as `POST /basket/clear`, as bob with alice's id.

    Args:
        context: The run.
        endpoint: The operation.
        request: Bob's request.
        seen: What alice read before: operation, request and response.

    Returns:
        The attack, the change that alice sees, and the request; None if nothing of hers changed.
    """
    subject = context.alice.identity.subject
    if subject is None or not subject.isprintable():
        return None
    for attack, claiming, allowed in claim_identity(endpoint, request, subject):
        response = context.send(endpoint, "isolation", f"a call with {attack}", claiming, allowed=allowed)
        if response.succeeded and (change := context.find_change(seen)):
            return attack, change[0], claiming
        if response.status not in _UNKNOWN_PARAMETER:
            break
    return None
