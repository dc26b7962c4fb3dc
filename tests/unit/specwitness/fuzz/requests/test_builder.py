"""Valid requests: versions that were read, objects that differ, values that a response showed, files."""

from __future__ import annotations

import copy
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any

import pytest

from specwitness.fuzz.http.message import Response
from specwitness.fuzz.requests.actor import value_from_responses
from specwitness.fuzz.requests.builder import RequestBuilder
from specwitness.fuzz.users.identity import Identity
from tests.services.contract import make_surface

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


class ThingClient:
    """A client of a service whose things all have version 7."""

    may_write = True

    def __init__(self) -> None:
        self.made = 0

    def send(self, request: Request) -> Response:
        if request.method == "POST":
            self.made += 1
        body = b'{"id": "t%d", "version": 7}' % self.made
        return Response(200, {"etag": ['"seven"'], "content-type": ["application/json"]}, body)


def open_world(paths: dict[str, Any]) -> tuple[RequestBuilder, Callable[[str], Endpoint]]:
    surface: Surface = make_surface(paths)
    world = RequestBuilder(surface, ThingClient())  # type: ignore[arg-type]  # all of a client that a world calls
    return world, lambda name: next(endpoint for endpoint in surface.endpoints if endpoint.id == name)


def test_write_sends_the_current_version_of_the_object() -> None:
    world, find = open_world(THINGS)
    request = world.build(find("writeThing"), world.actor(Identity("alice"), 1))
    assert request is not None
    assert request.body == b'{"version": 7}'
    assert ("If-Match", '"seven"') in request.headers


def test_nullable_member_names_an_object() -> None:
    paths = copy.deepcopy(THINGS)
    body = paths["/moves"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["to_thing_id"] = {"type": ["string", "null"]}
    world, find = open_world(paths)
    request = world.build(find("moveThing"), world.actor(Identity("alice"), 1))
    assert request is not None
    assert request.body == b'{"from_thing_id": "t1", "to_thing_id": "t2"}'


def test_two_members_for_one_kind_of_object_name_two_objects() -> None:
    world, find = open_world(THINGS)
    alice = world.actor(Identity("alice"), 1)
    request = world.build(find("moveThing"), alice)
    assert request is not None
    assert request.body == b'{"from_thing_id": "t1", "to_thing_id": "t2"}'
    again = world.build(find("moveThing"), alice)
    assert again is not None
    assert again.body == request.body


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
def test_value_of_a_response_is_sent_again_under_its_name(
    name: str, schema: dict[str, Any], value: object
) -> None:
    world, _ = open_world(THINGS)
    alice = world.actor(Identity("alice"), 1)
    alice.responses["makeThing"] = Response(200, {}, b'{"iban": "DE02", "limit": 5, "name": "A"}')
    assert value_from_responses(alice, name, schema) == value


def test_list_of_ids_names_objects_of_the_kind_in_the_summary() -> None:
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


def test_form_with_a_file_carries_a_text_of_the_user() -> None:
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
