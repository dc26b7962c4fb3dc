"""Steps of story 6 and of two edge cases: deny-list, scopes, maximum age and cached tokens."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from pytest_bdd import given, parsers, then, when

from backend.core.dependencies import require_scopes
from backend.core.tokens.claims import Principal
from backend.testing.issuer import Issuer, make_subject
from tests.bdd.steps.patterns import REQUEST
from tests.support.credentials import Mint
from tests.support.world import NOON, ORIGIN, PREVIOUS_SECRET, World

HOUR = 3600
YEAR = 365 * 24 * HOUR
CALLERS = {
    "the session of alice": ("alice", "session-1"),
    "another session of alice": ("alice", "session-2"),
    "no session of alice": ("alice", None),
    "the session of bob": ("bob", "session-3"),
}


@given(parsers.re(r"a service that keeps its deny-list in (?P<place>memory|postgresql)$"))
def keep_deny_list(world: World, place: str) -> None:
    world.start(REVOCATIONS=place)


@when(parsers.re(r'the (?P<denied>session|subject|session at another issuer) of "(?P<name>\w+)" is denied$'))
def deny(world: World, denied: str, name: str) -> None:
    assert world.app is not None
    deny_list, end = world.app.state.authenticator.deny_list, world.now + HOUR
    if denied == "subject":
        world.client.call(deny_list.deny_subject, ORIGIN, make_subject(name), end)
    else:
        issuer = ORIGIN if denied == "session" else "https://elsewhere.example"
        world.client.call(deny_list.deny_session, issuer, "session-1", end)


@when(parsers.re(rf"{REQUEST} is sent with a token of (?P<caller>{'|'.join(CALLERS)})$"))
def send_of_session(world: World, request: str, caller: str) -> None:
    name, session = CALLERS[caller]
    world.send_token(world.mint(name).with_claims(sid=session), request)


@given(parsers.parse('a new endpoint that asks for the scope "{scope}"'))
def add_scoped_endpoint(world: World, scope: str) -> None:
    world.start()
    assert world.app is not None

    @world.app.get("/new")
    async def response(principal: Annotated[Principal, Depends(require_scopes(scope))]) -> str:
        return principal.subject


@when(parsers.parse('the new endpoint is called with a token whose scope is "{scope}"'))
def call_with_scope(world: World, scope: str) -> None:
    world.send_token(world.mint().with_claims(scope=None if scope == "none" else scope), "GET /new")


@then(parsers.parse('the challenge asks for the scope "{scope}"'))
def check_scope(world: World, scope: str) -> None:
    challenge = world.response.headers["www-authenticate"]
    assert challenge == f'Bearer realm="tasks", error="insufficient_scope", scope="{scope}"'


@given(parsers.parse("a maximum age of {seconds:d} seconds and no leeway"))
def bound_age(world: World, seconds: int) -> None:
    world.start(JWT_MAX_AGE_SECONDS=str(seconds), JWT_LEEWAY_SECONDS="0")


@when(parsers.re(rf"{REQUEST} is sent with a token issued (?P<age>\d+) seconds ago that ends in a year$"))
def send_old(world: World, request: str, age: str) -> None:
    issued_at = int(world.now) - int(age)
    world.send_token(world.mint().with_claims(iat=issued_at, exp=issued_at + YEAR), request)


@when(parsers.re(rf"{REQUEST} is sent with a token that was accepted before it (?P<event>.+)$"))
def send_again(world: World, request: str, event: str) -> None:
    token = _prepare(world, event)
    for _ in range(2):
        assert world.send_token(token, request).status_code == 200
    assert world.app is not None
    assert len(world.app.state.authenticator.cache) == 1
    match event:
        case "expired":
            world.now += HOUR
        case "was signed by a secret that ended":
            world.now = NOON
        case "was signed by a key that was taken away":
            assert world.key_server is not None
            assert world.key_mint is not None
            world.key_server.publish(world.key_mint.second)
            before = world.app.state.authenticator.keys.current()
            world.make_keys_due()
            world.await_keys(lambda keys: keys.current() is not before)
        case "was denied":
            deny(world, "session", "alice")
    world.send_token(token, request)


def _prepare(world: World, event: str) -> str:
    """Start the service that an event needs, and mint a token that is valid before the event."""
    if event == "was signed by a key that was taken away":
        world.open_key_set("EdDSA")
        assert world.key_mint is not None
        return world.key_mint.token(world.key_mint.first)
    if event == "was signed by a secret that ended":
        noon = datetime.fromtimestamp(NOON, tz=UTC).isoformat()
        world.start(BETTER_AUTH_SECRET_PREVIOUS=PREVIOUS_SECRET, BETTER_AUTH_SECRET_PREVIOUS_UNTIL=noon)
        world.now = NOON - 60
        return Mint(Issuer(PREVIOUS_SECRET, ORIGIN, ORIGIN), make_subject("alice"), world.now).good()
    return world.mint().with_claims(sid="session-1")
