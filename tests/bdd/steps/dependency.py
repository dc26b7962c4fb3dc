"""Steps of story 2: the dependency that provides the caller's user id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then, when

from backend.core.dependencies import CurrentUserId  # noqa: TC001  # FastAPI reads it at run time
from backend.testing.issuer import make_subject
from tests.bdd.steps.patterns import CREDENTIAL, REQUEST

if TYPE_CHECKING:
    from tests.support.world import World


@given(parsers.parse("a new endpoint that declares `CurrentUserId`"))
@given("a new endpoint that declares CurrentUserId")
def add_endpoint(world: World) -> None:
    world.start()
    assert world.app is not None
    world.notes["received"] = []

    @world.app.get("/new")
    async def receive(user_id: CurrentUserId) -> None:
        world.notes["received"].append(user_id)


@when(parsers.parse('"{name}" calls the new endpoint'))
def call_endpoint(world: World, name: str) -> None:
    world.send_as(name, "GET /new")


@when(parsers.re(rf"the new endpoint is called with (?P<credential>{CREDENTIAL})$"))
def call_endpoint_with(world: World, credential: str) -> None:
    world.send_with(credential, "GET /new")


@then(parsers.parse('the endpoint received the user id of "{name}"'))
def check_received(world: World, name: str) -> None:
    assert world.response.status_code == 200
    assert world.notes["received"] == [make_subject(name)]


@then("the endpoint's code did not run")
def check_not_run(world: World) -> None:
    assert world.notes["received"] == []


@when(parsers.re(rf"{REQUEST} is sent with (?P<credential>{CREDENTIAL}) and a body that is not JSON$"))
def send_bad_body(world: World, request: str, credential: str) -> None:
    world.send_with(credential, request, content=b"{not json")
