"""Steps of story 8: CORS, the database that Better Auth shares, and recorded tokens of Better Auth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from pytest_bdd import given, parsers, then, when

from backend.testing.key_server import KeyServer
from tests.bdd.steps.patterns import CREDENTIAL, REQUEST
from tests.support.better_auth import auth_schema
from tests.support.recorded_tokens import read_recording
from tests.support.service import connect

if TYPE_CHECKING:
    from tests.support.world import World

SAFELISTED = {"accept", "accept-language", "content-language"}  # need no preflight
ACTS = {
    "read": "select * from {}",
    "write": "insert into {} default values",
    "delete": "delete from {}",
}
PAGE = r'a page of "(?P<origin>[^"]+)"'


@given(parsers.parse('pages of the front end at "{origin}"'))
def open_pages(world: World, origin: str) -> None:
    world.start(FRONTEND_ORIGINS=origin)


@when(parsers.re(rf"{PAGE} sends a preflight for {REQUEST}$"))
def send_preflight(world: World, origin: str, request: str) -> None:
    method, _, path = request.partition(" ")
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    world.send(f"OPTIONS {path}", asked)


@then(parsers.parse('the answer allows only the headers "{one}" and "{other}", and only for "{origin}"'))
def check_preflight(world: World, one: str, other: str, origin: str) -> None:
    headers = world.response.headers
    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Access-Control-Allow-Methods"] == "DELETE, GET, POST, PUT"
    allowed = {name.lower() for name in headers["Access-Control-Allow-Headers"].split(", ")}
    assert allowed - SAFELISTED == {one.lower(), other.lower()}
    assert "Access-Control-Allow-Credentials" not in headers
    assert "Origin" in headers["Vary"]


@when(parsers.re(rf'{PAGE} sends {REQUEST} with the token of "(?P<name>\w+)"$'))
def send_from_page(world: World, origin: str, request: str, name: str) -> None:
    world.send(request, {"Origin": origin, **world.authorization(name)})


@when(parsers.re(rf"{PAGE} sends {REQUEST} with (?P<credential>{CREDENTIAL})$"))
def send_credential_from_page(world: World, origin: str, request: str, credential: str) -> None:
    world.send_with(credential, request, {"Origin": origin})


@then(parsers.re(rf"{PAGE} may read the answer$"))
def check_readable(world: World, origin: str) -> None:
    headers = world.response.headers
    assert headers["Access-Control-Allow-Origin"] == origin
    shown = headers["Access-Control-Expose-Headers"].split(", ")
    assert {"WWW-Authenticate", "Retry-After", "Location"} <= set(shown)
    assert headers["Vary"] == "Origin"


@then(parsers.re(rf"no {PAGE.removeprefix('a ')} may read the answer$"))
def check_unreadable(world: World, origin: str) -> None:
    assert origin not in world.response.headers.values()
    assert not [name for name in world.response.headers if name.startswith("access-control-")]
    assert world.response.headers["Vary"] == "Origin"


@given("Better Auth's tables beside the service's")
def add_tables(world: World, database_url: str) -> None:
    tables = auth_schema(database_url)
    tables.__enter__()
    world.notes["owner"] = database_url
    world.defer(lambda: tables.__exit__(None, None, None))


@when(parsers.re(r'the role "(?P<role>\w+)" tries to (?P<act>\w+) the table "(?P<table>[\w.]+)"$'))
def reach(world: World, role: str, act: str, table: str) -> None:
    statement = sql.SQL(ACTS[act]).format(sql.Identifier(*table.split(".")))
    with connect(world.notes["owner"]) as connection, connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        try:
            connection.execute(statement)
            world.notes["changed"] = "done"
        except psycopg.errors.InsufficientPrivilege:
            world.notes["changed"] = "refused"


@given(parsers.parse('a deployment for tokens of Better Auth in the mode "{mode}"'))
def deploy_recorded(world: World, mode: str) -> None:
    recording = read_recording(mode)
    world.now = recording.issued_at
    world.notes["mode"] = mode
    if recording.keys is None:
        world.start(BETTER_AUTH_SECRET=recording.secret, BETTER_AUTH_URL=recording.issuer)
        return
    server = KeyServer()
    server.document = json.dumps(recording.keys).encode()
    server.start()
    world.defer(server.stop)
    world.start(
        BETTER_AUTH_SECRET=None,
        BETTER_AUTH_URL=recording.issuer,
        JWKS_URL=server.url,
        JWT_ALGORITHMS="EdDSA",
    )
    world.await_keys(lambda keys: keys.current() is not None)


@when(parsers.re(rf'{REQUEST} is sent with the token of Better Auth(?: in the mode "(?P<mode>[\w-]+)")?$'))
def send_recorded(world: World, request: str, mode: str | None) -> None:
    world.send_token(read_recording(mode or world.notes["mode"]).token, request)
