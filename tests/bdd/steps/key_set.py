"""Steps of story 5: the key set that Better Auth publishes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_bdd import given, parsers, then, when

from tests.bdd.steps.patterns import REQUEST
from tests.support.key_sets import CREDENTIALS, UNUSABLE, KeySetMint, cause_trouble

if TYPE_CHECKING:
    from backend.testing.key_server import KeyServer
    from tests.support.world import World

KEY_CREDENTIAL = "|".join(map(re.escape, CREDENTIALS))


def mint_of(world: World) -> KeySetMint:
    assert world.key_mint is not None
    return world.key_mint


def server_of(world: World) -> KeyServer:
    assert world.key_server is not None
    return world.key_server


@given(parsers.re(r'a deployment for "(?P<algorithm>\w+)"$'))
def deploy_key_set(world: World, algorithm: str) -> None:
    world.open_key_set(algorithm)


@given(parsers.re(r'a deployment for "(?P<algorithm>\w+)" whose key server (?P<trouble>.+) from the start$'))
def deploy_key_set_in_trouble(world: World, algorithm: str, trouble: str) -> None:
    world.open_key_set(algorithm, trouble=trouble)


@given(parsers.re(r'a deployment for "(?P<algorithm>\w+)" whose key set also shows (?P<key>.+)$'))
def deploy_key_set_with(world: World, algorithm: str, key: str) -> None:
    world.notes["unusable"] = UNUSABLE[key]()
    world.open_key_set(algorithm, world.notes["unusable"].shown)


@when(parsers.re(rf"{REQUEST} is sent with a token of the key set$"))
def send_good(world: World, request: str) -> None:
    mint = mint_of(world)
    world.send_token(mint.token(world.notes.get("signer", mint.first)), request)


@when(parsers.re(rf"{REQUEST} is sent with (?P<credential>{KEY_CREDENTIAL})$"))
def send_bad(world: World, request: str, credential: str) -> None:
    world.send_token(CREDENTIALS[credential](mint_of(world)), request)


@when("Better Auth signs with a new key")
def rotate(world: World) -> None:
    mint = mint_of(world)
    server_of(world).publish(mint.first, mint.second, mint.third)
    world.notes["signer"] = mint.third


@when(parsers.re(r"the key server (?P<trouble>.+)$"))
def trouble(world: World, trouble: str) -> None:
    cause_trouble(server_of(world), trouble)


@when("the keys are due")
def make_due(world: World) -> None:
    world.make_keys_due()
    # This request gets a response at once, and triggers the fetch that will fail.
    assert world.send_token(mint_of(world).token(mint_of(world).first), "GET /api/me").status_code == 200
    world.await_keys(lambda keys: keys.is_stale)


@when(parsers.parse("{count:d} tokens of unknown keys are sent"))
def send_unknown(world: World, count: int) -> None:
    mint = mint_of(world)
    world.notes["fetches"] = server_of(world).fetches
    for number in range(count):
        world.send_token(mint.token(mint.third, {"kid": f"unknown-{number}"}), "GET /api/me")


@then("each answer is 401")
def check_all_rejected(world: World) -> None:
    assert len(world.responses) == 1000
    assert {response.status_code for response in world.responses} == {401}


@then("the key set was fetched once for all of them")
def check_fetches(world: World) -> None:
    assert server_of(world).fetches - world.notes["fetches"] == 1


@when(parsers.re(rf"{REQUEST} is sent with tokens of both keys$"))
def send_both(world: World, request: str) -> None:
    mint = mint_of(world)
    world.send_token(mint.token(mint.first), request)
    world.send_token(mint.token(world.notes["unusable"].signer), request)


@then("the answer is 200 for the usable key and 401 for the other")
def check_both(world: World) -> None:
    assert [response.status_code for response in world.responses[-2:]] == [200, 401]
