"""Function-level authorization: an operation for administrators refuses other users."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from specwitness.fuzz.api.words import PRIVILEGED, ROLE_EXTENSIONS
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.results.results import NO_OBJECT
from specwitness.fuzz.session.context import Case
from specwitness.fuzz.tokens.attack import Material
from specwitness.fuzz.users.credentials import BEARER, authorize, find_credentials

if TYPE_CHECKING:
    from specwitness.fuzz.api.endpoint import Endpoint
    from specwitness.fuzz.session.context import Context

_ADMIN = "admin"
_CONFLICT = HTTPStatus.CONFLICT
_SCOPES = ("scope", "scp", "scopes", "permissions")
_SPOOFED = (
    ("X-Role", "admin"),
    ("X-User-Role", "admin"),
    ("X-Roles", "admin"),
    ("X-Admin", "true"),
    ("X-Is-Admin", "true"),
    ("X-Scopes", "admin"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Internal", "true"),
)


def check_privilege(context: Context, endpoint: Endpoint) -> None:
    """Call an operation as users without the right, and with tokens that lack its scopes."""
    if not endpoint.is_protected:
        return
    if endpoint.is_privileged:
        for actor in (context.alice, context.bob):
            attack = "a user without the right"
            exchange = context.call(endpoint, actor, case=Case("privilege", attack)) if actor else None
            if exchange is None:
                context.note_lack(endpoint, "privilege", NO_OBJECT)
                continue
            signed, response = exchange
            context.judged(endpoint, "privilege", by=response)
            # A 409 is about the object's state: the service did not check the caller's right first.
            if response.succeeded or (response.status == _CONFLICT and "403" in endpoint.responses):
                context.report(
                    endpoint, "privilege", f"answered {response.status} to a user without the right", signed
                )
        _spoof(context, endpoint)
    _check_scopes(context, endpoint)


def _spoof(context: Context, endpoint: Endpoint) -> None:
    """Send headers and a cookie that claim the role, such as `X-Role: admin`."""
    signed = context.request(endpoint, context.alice)
    if signed is None:
        return
    role = _find_role(endpoint)
    claims = tuple((name, value.replace(_ADMIN, role)) for name, value in _SPOOFED)
    is_free = all(name.lower() != "cookie" for name, _ in signed.headers)
    cookie = (("Cookie", f"role={role}; roles={role}; is_admin=true"),) if is_free else ()
    signed = signed.with_headers((*claims, *cookie))
    response = context.send(endpoint, "privilege", "headers that claim the right", signed)
    context.judged(endpoint, "privilege", by=response)
    if response.succeeded:
        context.report(
            endpoint, "privilege", f"answered {response.status} to headers that claim the right", signed
        )


def _find_role(endpoint: Endpoint) -> str:
    """Find the role that the contract names: `x-roles: [auditor]` -> `auditor`; `admin` if it names none."""
    words = f"{endpoint.path} {endpoint.raw.get('summary', '')} {endpoint.raw.get('description', '')}"
    role_words = PRIVILEGED.find_in(words)
    # The last word counts: `/admin/queue`, described as "for moderators", is for moderators.
    declared = next(
        (named for name in ROLE_EXTENSIONS if (named := endpoint.raw.get(name))), (role_words or [_ADMIN])[-1]
    )
    role = str(next(iter(declared), _ADMIN) if isinstance(declared, list) else declared)
    return role if role.isascii() and role.isalnum() else _ADMIN


def _check_scopes(context: Context, endpoint: Endpoint) -> None:
    mint = context.mint
    scopes = {scope for schemes in endpoint.security for names in schemes.values() for scope in names}
    if mint is None or not scopes or endpoint.id not in context.succeeded:
        return
    payload = mint.payload(context.alice.name)
    name = next((claim for claim in _SCOPES if claim in payload), None)
    request = context.builder.build(endpoint, context.alice, fresh=endpoint.method == "DELETE")
    credentials = find_credentials(endpoint, context.surface, context.alice.identity)
    if name is None or request is None or not credentials or credentials[0][0][0].kind != BEARER:
        return
    location, value = credentials[0][0]
    material = Material(location, value, context.alice.name, mint)
    empty: object = [] if isinstance(payload[name], list) else ""
    for attack, claims in (
        ("a token without scopes", {name: ...}),
        ("a token with no scope in it", {name: empty}),
    ):
        bad = material.put(str(mint.mint(context.alice.name, None, **claims)))(
            authorize(request, credentials[0])
        )
        response = context.send(endpoint, "privilege", attack, bad)
        context.judged(endpoint, "privilege", by=response)
        if response.succeeded:
            context.report(endpoint, "privilege", f"answered {response.status} with {attack}", bad)


CHECKS = (
    Check(
        name="privilege",
        order=90,
        title="for users without the right",
        tries=(
            "operations for some users, as users without the right, and with headers and cookies that "
            "claim it; tokens without scopes. An operation is for some users by `x-roles: [admin]`, "
            "by a scope, or by the word admin, staff, operator … in path, tag or operationId"
        ),
        requirements="only administrators may call the operation",
        scope=Scope.CALLABLE,
        run=check_privilege,
    ),
)
