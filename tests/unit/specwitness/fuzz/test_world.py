"""Good requests: values by what the contract names, versions that were read, objects that differ."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from specwitness.fuzz.identity import Identity
from specwitness.fuzz.values import Maker
from specwitness.fuzz.wire import Answer
from specwitness.fuzz.world import World
from tests.support.surfaces import make_surface

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.surface import Endpoint, Surface
    from specwitness.fuzz.wire import Request

ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
THINGS: dict[str, Any] = {
    "/things": {"post": {"operationId": "makeThing"}},
    "/things/{id}": {
        "parameters": [ID],
        "get": {"operationId": "readThing"},
        "put": {
            "operationId": "writeThing",
            "parameters": [{"name": "If-Match", "in": "header", "schema": {"type": "string"}}],
            "requestBody": {
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "properties": {"version": {"type": "integer"}}}
                    }
                }
            },
        },
    },
    "/moves": {
        "post": {
            "operationId": "moveThing",
            "requestBody": {
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "from_thing_id": {"type": "string"},
                                "to_thing_id": {"type": "string"},
                            },
                        }
                    }
                }
            },
        }
    },
}


class Things:
    """A client whose service has things, each in version 7."""

    may_write = True

    def __init__(self) -> None:
        self.made = 0

    def send(self, request: Request) -> Answer:
        if request.method == "POST":
            self.made += 1
        body = b'{"id": "t%d", "version": 7}' % self.made
        return Answer(200, {"etag": ['"seven"'], "content-type": ["application/json"]}, body)


def open_world(paths: dict[str, Any]) -> tuple[World, Callable[[str], Endpoint]]:
    surface: Surface = make_surface(paths)
    world = World(surface, Things())  # type: ignore[arg-type]  # all of a client that a world calls
    return world, lambda name: next(each for each in surface.endpoints if each.id == name)


def test_write_names_the_version_that_the_object_has_now() -> None:
    world, find = open_world(THINGS)
    request = world.build(find("writeThing"), world.actor(Identity("alice"), 1))
    assert request is not None
    assert request.body == b'{"version": 7}'
    assert ("If-Match", '"seven"') in request.headers


def test_member_that_may_be_null_names_an_object_all_the_same() -> None:
    paths = copy.deepcopy(THINGS)
    body = paths["/moves"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["to_thing_id"] = {"type": ["string", "null"]}
    world, find = open_world(paths)
    request = world.build(find("moveThing"), world.actor(Identity("alice"), 1))
    assert request is not None
    assert request.body == b'{"from_thing_id": "t1", "to_thing_id": "t2"}'


def test_two_members_of_one_kind_name_two_objects() -> None:
    world, find = open_world(THINGS)
    alice = world.actor(Identity("alice"), 1)
    request = world.build(find("moveThing"), alice)
    assert request is not None
    assert request.body == b'{"from_thing_id": "t1", "to_thing_id": "t2"}'
    again = world.build(find("moveThing"), alice)
    assert again is not None
    assert again.body == request.body


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "example": "EUR"}, "EUR"),
        ({"type": "integer", "examples": [30, 60]}, 30),
        ({"type": "string", "default": "plain"}, "plain"),
    ],
)
def test_value_that_the_contract_names_is_taken_where_it_is_asked_for(
    schema: dict[str, Any], value: object
) -> None:
    assert Maker("alice", {}, told=True).make(schema) == value
    assert Maker("alice", {}).make({key: each for key, each in schema.items() if key != "default"}) != value


@pytest.mark.parametrize("pattern", ["^[a-z]*$", "^[A-Z]+$", "^[A-Z0-9]+$", "^[a-z0-9]+$"])
def test_text_is_the_users_own_however_the_pattern_has_it_spelled(pattern: str) -> None:
    maker, other = Maker("alices1zq", {}), Maker("bobs1zq", {})
    texts = [maker.make({"type": "string", "pattern": pattern}) for _ in range(2)]
    assert len(set(texts)) == len(texts)
    assert all(maker.is_in(each) and not other.is_in(each) for each in texts)
