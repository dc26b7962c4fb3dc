"""Good requests: values by what the contract names, versions that were read, objects that differ."""

from __future__ import annotations

import copy
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any

import pytest

from specwitness.fuzz.http.message import Answer
from specwitness.fuzz.requests.actor import borrow
from specwitness.fuzz.requests.builder import World
from specwitness.fuzz.requests.draft import Draft, Options
from specwitness.fuzz.requests.values import Maker
from specwitness.fuzz.users.identity import Identity
from tests.support.surfaces import make_surface

if TYPE_CHECKING:
    from collections.abc import Callable

    from specwitness.fuzz.api.endpoint import Endpoint, Surface
    from specwitness.fuzz.http.message import Request

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
    examples = Draft(options=Options(prefer_examples=True))
    assert Maker("alice", {}).make(schema, draft=examples) == value
    assert Maker("alice", {}).make({key: each for key, each in schema.items() if key != "default"}) != value


@pytest.mark.parametrize("pattern", ["^[a-z]*$", "^[A-Z]+$", "^[A-Z0-9]+$", "^[a-z0-9]+$"])
def test_text_is_the_users_own_however_the_pattern_has_it_spelled(pattern: str) -> None:
    maker, other = Maker("alices1zq", {}), Maker("bobs1zq", {})
    texts = [maker.make({"type": "string", "pattern": pattern}) for _ in range(2)]
    assert len(set(texts)) == len(texts)
    assert all(maker.is_in(each) and not other.is_in(each) for each in texts)


def test_contract_that_insists_on_its_examples_is_obeyed_before_what_is_known() -> None:
    schema = {"type": "object", "properties": {"agent_id": {"type": "integer", "example": 3}}}
    maker = Maker("alice", {}, lookup=lambda name, _schema, _draft: 1 if name else ...)
    options = Options(prefer_examples=True)
    assert maker.make(schema, draft=Draft(options=options)) == {"agent_id": 1}
    options = Options(prefer_examples=True, examples_first=True)
    assert maker.make(schema, draft=Draft(options=options)) == {"agent_id": 3}


def test_plain_body_names_no_object_that_it_need_not() -> None:
    properties = {name: {"type": "string"} for name in ("title", "assigneeId", "created_by")}
    maker, draft = Maker("alice", {}), Draft(options=Options(omit_references=True))
    assert maker.make({"type": "object", "properties": properties}, draft=draft).keys() == {"title"}
    required = {"type": "object", "properties": properties, "required": ["assigneeId"]}
    assert maker.make(required, draft=draft).keys() == {"title", "assigneeId"}


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("to_iban", {"type": "string"}, "DE02"),
        ("iban", {"type": "string"}, "DE02"),
        ("limit", {"type": "integer"}, 5),
        ("limit", {"type": "string"}, ...),
        ("owner_name", {"type": "string"}, ...),
    ],
)
def test_value_that_an_answer_showed_is_borrowed(name: str, schema: dict[str, Any], value: object) -> None:
    world, _ = open_world(THINGS)
    alice = world.actor(Identity("alice"), 1)
    alice.answers["makeThing"] = Answer(200, {}, b'{"iban": "DE02", "limit": 5, "name": "A"}')
    assert borrow(alice, name, schema) == value


def test_lists_of_ids_name_the_objects_that_the_operation_speaks_of() -> None:
    ids = {"type": "object", "properties": {"ids": {"type": "array", "items": {"type": "string"}}}}
    user = {"name": "user_id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {
        "/api/{user_id}/things": {"parameters": [user], "post": {"operationId": "makeThing"}},
        "/api/{user_id}/things/{id}": {"parameters": [user, ID], "get": {"operationId": "readThing"}},
        "/api/{user_id}/bulk/delete": {
            "parameters": [user],
            "post": {
                "operationId": "deleteSeveral",
                "summary": "Delete several things",
                "requestBody": {"content": {"application/json": {"schema": ids}}},
            },
        },
    }
    world, find = open_world(paths)
    request = world.build(find("deleteSeveral"), world.actor(Identity("alice", subject="u1"), 1))
    assert request is not None
    assert (request.path, request.body) == ("/api/u1/bulk/delete", b'{"ids": ["t1"]}')


def test_form_with_a_file_carries_the_users_text() -> None:
    form = {
        "type": "object",
        "required": ["title", "image"],
        "properties": {"title": {"type": "string"}, "image": {"type": "string", "format": "binary"}},
    }
    content = {"multipart/form-data": {"schema": form, "encoding": {"image": {"contentType": "image/png"}}}}
    paths = {"/images": {"post": {"operationId": "upload", "requestBody": {"content": content}}}}
    world, find = open_world(paths)
    request = world.build(find("upload"), world.actor(Identity("alice"), 1))
    assert request is not None
    assert request.body is not None
    head = f"Content-Type: {dict(request.headers)['Content-Type']}\r\n\r\n".encode()
    title, image = BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts()
    assert title.get_content() == "alices1zq001"
    assert image.get_content_type() == "image/png"
    assert image.get_filename() == "alices1zq002.png"
    assert bytes(image.get_payload(decode=True)).startswith(b"\x89PNG")
