"""Steps of story 1: valid and bad credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bdd import parsers, then, when

from backend.testing.issuer import make_subject
from tests.bdd.steps.patterns import CREDENTIAL, REQUEST

if TYPE_CHECKING:
    from tests.support.world import World


@then(parsers.parse('the body names "{name}" as the caller'))
def check_caller(world: World, name: str) -> None:
    assert world.response.json() == {"user_id": make_subject(name)}


@when(parsers.re(rf"{REQUEST} is sent without credentials$"))
def send_without_credentials(world: World, request: str) -> None:
    world.send(request)


@when(parsers.re(rf"{REQUEST} is sent with (?P<credential>{CREDENTIAL})$"))
def send_with_credential(world: World, request: str, credential: str) -> None:
    world.send_with(credential, request)


@when(parsers.re(rf'{REQUEST} is sent with "(?P<value>.*)" in the Authorization header$'))
def send_header(world: World, request: str, value: str) -> None:
    world.send(request, {"Authorization": value})


@when(parsers.re(rf'{REQUEST} is sent with the token of "(?P<name>\w+)" in the (?P<place>.+)$'))
def send_elsewhere(world: World, request: str, name: str, place: str) -> None:
    token = world.mint(name).good()
    match place:
        case "query string":
            world.send(f"{request}?access_token={token}")
        case "cookie":
            world.send(request, {"Cookie": f"access_token={token}; better-auth.session_token={token}"})
        case "form body":
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            world.send(request, form, content=f"access_token={token}")
        case _:
            raise AssertionError(place)


@when(parsers.re(rf'{REQUEST} is sent with the scheme written "(?P<scheme>\w+)"$'))
def send_scheme(world: World, request: str, scheme: str) -> None:
    world.send(request, {"Authorization": f"{scheme} {world.mint().good()}"})


@then("no cache may keep the answer")
def check_not_cached(world: World) -> None:
    assert world.response.headers["cache-control"] == "private, no-store"
