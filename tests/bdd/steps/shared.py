"""Steps that all stories share."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then, when

if TYPE_CHECKING:
    from tests.support.world import World


@given(parsers.parse('"{name}" is signed in'))
def sign_in(world: World, name: str) -> None:
    world.notes["signed in"] = name


@given(parsers.parse('"{name}" has a task "{title}"'))
def have_task(world: World, name: str, title: str) -> None:
    world.create_task(name, title)


@when(parsers.re(r'"(?P<name>\w+)" sends (?P<request>[A-Z]+ \S+)$'))
def send_as(world: World, name: str, request: str) -> None:
    world.send_as(name, request)


@then(parsers.re(r"the answer is (?P<status>\d+)$"))
def check_status(world: World, status: str) -> None:
    assert world.response.status_code == int(status)


@then(parsers.re(r'the answer is (?P<status>\d+) with the code "(?P<code>\w+)"$'))
def check_problem(world: World, status: str, code: str) -> None:
    assert world.response.status_code == int(status)
    assert world.response.headers["content-type"] == "application/problem+json"
    body = world.response.json()
    assert body["code"] == code
    assert body["status"] == int(status)


@then("the challenge names the realm and no error")
def check_bare_challenge(world: World) -> None:
    challenge = world.response.headers["www-authenticate"]
    assert re.fullmatch(r'Bearer realm="[^"]+"', challenge)


@then(parsers.parse('the challenge says "{error}"'))
def check_challenge(world: World, error: str) -> None:
    challenge = world.response.headers["www-authenticate"]
    assert re.fullmatch(rf'Bearer realm="[^"]+", error="{error}", error_description="[^"]+"', challenge)


@then(parsers.parse('the log gives the cause "{cause}" and nothing of the token'))
def check_log(world: World, cause: str) -> None:
    refusals = [entry for entry in world.log if entry["event"] == "credentials_refused"]
    assert [entry["cause"] for entry in refusals] == [cause]
    text = world.log_text() + world.response.text + json.dumps(dict(world.response.headers))
    pieces = [
        piece for value in world.sent for piece in re.split(r"[. ]", value) if len(piece) > len("Bearer")
    ]
    assert pieces
    assert not [piece for piece in pieces if piece in text]
    assert world.mint().subject not in text
