"""Steps of story 3: one authentication mechanism for all routes, weak secrets, and the health endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.routing import iter_route_contexts
from pytest_bdd import given, parsers, then, when

from backend.core.config import load_settings
from backend.core.errors import ConfigurationError
from backend.core.http.routing import requires_caller
from tests.support.service import PSEUDONYM_KEY, UNREACHABLE_DATABASE
from tests.support.world import ORIGIN, SECRET

if TYPE_CHECKING:
    from tests.support.world import World

WEAK_SECRETS: dict[str, str | None] = {
    "missing": None,
    "empty": "",
    "31 bytes long": "0123456789abcdefghijklmnopqrstu",
    "one character repeated": "a" * 64,
    "a PEM public key": "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    "a JSON Web Key": '{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}',
}


@given("the running service")
def run_service(world: World) -> None:
    world.start()


@when("its routes are listed")
def list_routes(world: World) -> None:
    assert world.app is not None
    world.notes["routes"] = {
        route.path: requires_caller(route.dependant) for route in iter_route_contexts(world.app.routes)
    }


@then(parsers.parse("each one outside the public list resolves the caller through {dependency}"))
def check_protected(world: World, dependency: str) -> None:
    assert dependency == "get_current_user_id"
    protected = {path for path, is_protected in world.notes["routes"].items() if is_protected}
    assert protected == {path for path in world.notes["routes"] if path.startswith("/api/")}
    assert len(protected) >= 4


@then(parsers.parse("the public list is {first} and {second}"))
def check_public(world: World, first: str, second: str) -> None:
    public = {path for path, is_protected in world.notes["routes"].items() if not is_protected}
    assert public == {first, second}


@given(parsers.parse("a deployment whose secret is {secret}"))
def deploy(world: World, secret: str) -> None:
    world.notes["environ"] = {
        "BETTER_AUTH_URL": ORIGIN,
        "DATABASE_URL": UNREACHABLE_DATABASE,
        "PSEUDONYM_KEY": PSEUDONYM_KEY,
    }
    if (value := WEAK_SECRETS[secret]) is not None:
        world.notes["environ"]["BETTER_AUTH_SECRET"] = value


@when("the service starts")
def start_service(world: World) -> None:
    try:
        load_settings(world.notes["environ"])
    except ConfigurationError as error:
        world.notes["refusal"] = str(error)


@then("it refuses to start")
def check_refused(world: World) -> None:
    assert "refusal" in world.notes


@then(parsers.parse("the message names the setting {setting} and not its value"))
def check_message(world: World, setting: str) -> None:
    message = world.notes["refusal"]
    assert setting in message
    value = world.notes["environ"].get(setting)
    assert not value or value not in message
    with pytest.raises(ConfigurationError):
        load_settings(world.notes["environ"])
    secret = load_settings(world.notes["environ"] | {setting: SECRET}).secret
    assert secret is not None
    assert secret.get_secret_value() == SECRET


@when(parsers.re(r"anybody sends (?P<request>[A-Z]+ \S+)$"))
def send_as_anybody(world: World, request: str) -> None:
    world.send(request)


@then("the body says that the service lives and is ready")
def check_ready(world: World) -> None:
    assert world.response.json() == {"live": True, "ready": True}


@given("a service whose database is out of reach")
def lose_database(world: World) -> None:
    world.start(DATABASE_URL=UNREACHABLE_DATABASE)


@then("the body says that the service lives and is not ready")
def check_not_ready(world: World) -> None:
    assert world.response.json() == {"live": True, "ready": False}
    assert world.send("GET /health?probe=live").json() == {"live": True}
    assert world.response.status_code == 200


@then("the answer says when to try again")
def check_retry(world: World) -> None:
    assert int(world.response.headers["retry-after"]) > 0
