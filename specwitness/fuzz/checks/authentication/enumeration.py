"""Account enumeration: a login refuses a wrong password and an unknown name with the same response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.words import LOGIN_CODES, LOGIN_NAMES, SECRETS
from specwitness.fuzz.checks.isolation.two_users import make_absent
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.users.identity import ALICE
from specwitness.openapi import strip_base

if TYPE_CHECKING:
    from specwitness.fuzz.session.context import Context

_LOCKED = frozenset({423, 429})
_WRONG = "not-the-password-9"


def check_enumeration(context: Context) -> None:
    """Log in with alice's name and with two unknown names, each with a wrong password; compare the responses.

    Nothing is tried where the users do not log in by an operation of the contract.
    """
    login = context.plan.login
    if login is None:
        return
    path = strip_base(login.path, context.client.base)
    endpoint = context.surface.match(login.method, path)
    good = dict(login.bodies.get(ALICE, {}))
    names, secrets = split_login(good)
    if endpoint is None or not secrets or not names:
        return
    wrong = {**good, **dict.fromkeys(secrets, _WRONG)}
    bodies: list[dict[str, Any]] = [
        wrong,
        *({**wrong, **{name: make_absent(wrong[name], number) for name in names}} for number in range(2)),
    ]
    requests = [login.request_for(body) for body in bodies]
    attacks = ("a wrong password", "a name that nobody has", "another name that nobody has")
    responses = [
        context.send(endpoint, "existence", attack, request)
        for attack, request in zip(attacks, requests, strict=True)
    ]
    echoes = [body[name] for body in bodies for name in names]
    known, first, second = (take_fingerprint(response, echoes) for response in responses)
    # A difference between two unknown names, such as a request id, is no finding.
    places = differ(known, first) - differ(first, second)
    # A locked account or a rate limit says nothing about the lookup.
    is_looked_up = not any(response.succeeded or response.status in _LOCKED for response in responses)
    if is_looked_up:
        context.judged(endpoint, "existence")
    else:
        context.note_lack(
            endpoint, "existence", "the login refused no wrong password, or locked the caller out"
        )
    if places and is_looked_up:
        place = "status" if "status" in places else min(places)
        came = f" ({responses[0].status}, and {responses[1].status})" if place == "status" else ""
        text = f"reveals who has an account: with a wrong password {place} differs{came}"
        context.report(endpoint, "existence", text, requests[0])


def split_login(body: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Find the members of a login that name the account, and those that prove who logs in.

    `{"email": "…", "password": "…"}` gives `["email"]` and `["password"]`.
    """
    secrets = [name for name in body if SECRETS.occurs_in(name) or LOGIN_CODES.occurs_in(name)]
    names = [
        name
        for name, value in body.items()
        if name not in secrets and name in LOGIN_NAMES and isinstance(value, str) and value
    ]
    return names, secrets


CHECKS = (Check(name="existence", order=101, scope=Scope.RUN, run_once=check_enumeration),)
