"""Whether a login tells who has an account: a wrong password and a name that nobody has are refused alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specwitness.fuzz.api.words import LOGIN_CODES, LOGIN_NAMES, SECRETS
from specwitness.fuzz.checks.isolation.two_users import make_absent
from specwitness.fuzz.checks.registry import Check, Scope
from specwitness.fuzz.results.fingerprint import differ, take_fingerprint
from specwitness.fuzz.users.identity import ALICE
from specwitness.openapi import strip_base

if TYPE_CHECKING:
    from specwitness.fuzz.session.context import Trial

_LOCKED = frozenset({423, 429})
_WRONG = "not-the-password-9"


def check_enumeration(trial: Trial) -> None:
    """Log in as alice and as nobody, both with a wrong password, and compare the refusals.

    Nothing is tried where the users do not log in by an operation of the contract.
    """
    login = trial.plan.login
    if login is None:
        return
    path = strip_base(login.path, trial.client.base)
    endpoint = trial.surface.match(login.method, path)
    good = dict(login.bodies.get(ALICE, {}))
    secrets = [name for name in good if SECRETS.occurs_in(name) or LOGIN_CODES.occurs_in(name)]
    names = [
        name
        for name, value in good.items()
        if name not in secrets and name in LOGIN_NAMES and isinstance(value, str) and value
    ]
    if endpoint is None or not secrets or not names:
        return
    wrong = {**good, **dict.fromkeys(secrets, _WRONG)}
    bodies: list[dict[str, Any]] = [
        wrong,
        *({**wrong, **{name: make_absent(wrong[name], number) for name in names}} for number in range(2)),
    ]
    requests = [login.request_for(entry) for entry in bodies]
    attacks = ("a wrong password", "a name that nobody has", "another name that nobody has")
    answers = [
        trial.send(endpoint, "existence", attack, request)
        for attack, request in zip(attacks, requests, strict=True)
    ]
    echoes = [entry[name] for entry in bodies for name in names]
    known, first, second = (take_fingerprint(response, echoes) for response in answers)
    # What differs between two names that nobody has says nothing of one that somebody has.
    places = differ(known, first) - differ(first, second)
    # Who is locked out, or called too often, was not looked up.
    is_looked_up = not any(response.succeeded or response.status in _LOCKED for response in answers)
    if is_looked_up:
        trial.judged(endpoint, "existence")
    else:
        trial.lack(endpoint, "existence", "the login refused no wrong password, or locked the caller out")
    if places and is_looked_up:
        place = "status" if "status" in places else min(places)
        came = f" ({answers[0].status}, and {answers[1].status})" if place == "status" else ""
        text = f"tells who has an account: with a wrong password {place} differs{came}"
        trial.blame(endpoint, "existence", text, requests[0])


CHECKS = (Check(name="existence", order=101, scope=Scope.RUN, run_once=check_enumeration),)
