"""Steps of the edge cases."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then, when

from backend.testing.issuer import Issuer, make_subject
from tests.bdd.steps.patterns import REQUEST
from tests.support.credentials import Mint, of_size
from tests.support.world import NOON, ORIGIN, PREVIOUS_SECRET, SECRET, UNKNOWN_SECRET

if TYPE_CHECKING:
    from tests.support.world import World


@given(parsers.parse("a leeway of {seconds:d} seconds"))
def allow_leeway(world: World, seconds: int) -> None:
    world.start(JWT_LEEWAY_SECONDS=str(seconds))


@when(parsers.re(rf"{REQUEST} is sent with a token that ended (?P<age>\d+) seconds ago$"))
def send_ended(world: World, request: str, age: str) -> None:
    token = world.mint().with_claims(iat=int(world.now) - 900, exp=int(world.now) - int(age))
    world.send(request, {"Authorization": f"Bearer {token}"})


@when(parsers.re(rf"{REQUEST} is sent with a valid token of (?P<size>\d+) bytes$"))
def send_sized(world: World, request: str, size: str) -> None:
    token = of_size(world.mint(), int(size))
    assert len(token) == int(size)
    world.send(request, {"Authorization": f"Bearer {token}"})


@given("a secret that was rotated with the previous one accepted until noon")
def rotate(world: World) -> None:
    noon = datetime.fromtimestamp(NOON, tz=UTC).isoformat()
    world.start(BETTER_AUTH_SECRET_PREVIOUS=PREVIOUS_SECRET, BETTER_AUTH_SECRET_PREVIOUS_UNTIL=noon)


@when(parsers.re(rf"{REQUEST} is sent (?P<moment>.*noon) with a token of the (?P<secret>\w+) secret$"))
def send_at(world: World, request: str, moment: str, secret: str) -> None:
    world.now = NOON + {"one second before noon": -1, "at noon": 0, "one second after noon": 1}[moment]
    signing = {"previous": PREVIOUS_SECRET, "current": SECRET, "unknown": UNKNOWN_SECRET}[secret]
    token = Mint(Issuer(signing, ORIGIN, ORIGIN), make_subject("alice"), world.now).good()
    world.send(request, {"Authorization": f"Bearer {token}"})


@when(parsers.re(rf"{REQUEST} is sent with two Authorization headers$"))
def send_twice(world: World, request: str) -> None:
    value = world.authorization("alice")["Authorization"]
    world.send(request, [("Authorization", value), ("Authorization", value)])


@given(parsers.parse("{count:d} users with a task each"))
def make_users(world: World, count: int) -> None:
    world.notes["titles"] = {f"user-{number}": f"Task of {uuid.uuid4()}" for number in range(count)}
    for name, title in world.notes["titles"].items():
        world.create_task(name, title)


@when(parsers.parse("all of them list their tasks {times:d} times at once"))
def list_at_once(world: World, times: int) -> None:
    calls = [name for _ in range(times) for name in world.notes["titles"]]

    def read(name: str) -> tuple[str, int, list[str]]:
        response = world.client.get("/api/tasks", headers=world.authorization(name))
        return name, response.status_code, [task["title"] for task in response.json().get("items", [])]

    with ThreadPoolExecutor(max_workers=len(world.notes["titles"])) as pool:
        world.notes["lists"] = list(pool.map(read, calls))


@then("each answer holds the caller's own task and nothing else")
def check_lists(world: World) -> None:
    assert len(world.notes["lists"]) == 25 * len(world.notes["titles"])
    for name, status, titles in world.notes["lists"]:
        assert (status, titles) == (200, [world.notes["titles"][name]])
