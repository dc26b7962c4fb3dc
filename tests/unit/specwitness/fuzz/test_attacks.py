"""The matrix of bad credentials: each fault that a verifier can have is found by it, and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from fastapi import FastAPI, HTTPException
from fastapi import Request as Incoming

from specwitness.config import FuzzConfig
from specwitness.fuzz.checks.authentication.bad_credentials import CREDENTIAL_CHECKS
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.target import Target
from specwitness.fuzz.tokens.attack import Material
from specwitness.fuzz.tokens.key_host import KeyHost
from specwitness.fuzz.tokens.keys import KEY_ATTACKS, MINTED_KEY_ATTACKS, list_unfit_key_attacks
from specwitness.fuzz.tokens.table import ATTACKS
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.credentials import BEARER, Seat
from specwitness.fuzz.users.identity import Mint, Tokens, UnfitKey
from tests.proving_ground.catalogue import BUGS, SERVICES, find_service
from tests.proving_ground.contracts import find_operation
from tests.proving_ground.model import EVERY, Family
from tests.support.attacks import attack, attack_target, complaints
from tests.support.surfaces import make_surface

if TYPE_CHECKING:
    from tests.proving_ground.model import Bug, Service

TOKENS = ("token-of-alice", "token-of-bob")
SEAT = Seat("bearer", BEARER, prefix="Bearer ")
FAMILIES = {
    Family.TOKEN_HEADER,
    Family.TOKEN_SIGNATURE,
    Family.TOKEN_TIME,
    Family.TOKEN_PARTIES,
    Family.TOKEN_PARSING,
    Family.WRONG_CHALLENGE,
}
BUGS_OF_TOKENS = [bug for bug in BUGS if bug.family in FAMILIES and bug.operations == (EVERY,)]
BY_NAME = {each.name: each for each in ATTACKS}


def try_probe(service: Service, bug: str | None) -> dict[str, list[str]]:
    """Try one protected operation of a build with every bad credential."""
    found = find_operation(service.contract, *service.probe)
    assert found is not None
    settings = FuzzConfig(strict=True, only=CREDENTIAL_CHECKS, operations=(found[1]["operationId"],))
    return complaints(attack(service.name, bug, settings))


def make_material(mint: Mint, host: KeyHost | None = None) -> Material:
    return Material(SEAT, str(mint.mint("alice")), "alice", mint, host=host)


def read_token(name: str, material: Material) -> jose.Token | None:
    change = BY_NAME[name].prepare(material)
    if change is None:
        return None
    return jose.split(change(Request("GET", "/")).headers[0][1].removeprefix("Bearer "))


@pytest.mark.parametrize("bug", BUGS_OF_TOKENS, ids=lambda bug: bug.id)
def test_fault_of_a_verifier_is_found(bug: Bug) -> None:
    assert try_probe(find_service(bug.service), bug.id)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_right_verifier_is_not_blamed(service: Service) -> None:
    assert try_probe(service, None) == {}


def test_name_of_an_attack_is_its_own() -> None:
    assert [name for name, count in Counter(each.name for each in ATTACKS).items() if count > 1] == []


def test_keys_of_an_attacker_are_holes_and_the_likeliest_are_tried_on_every_operation() -> None:
    forgeries = [*KEY_ATTACKS, *MINTED_KEY_ATTACKS]
    assert all(each.level is Level.MUST for each in forgeries)
    assert {each.name for each in forgeries if each.core} == {
        "a token signed by another key",
        "a token signed with the public key as a secret",
    }
    assert BY_NAME["an unsigned token (alg none)"].core


def test_keys_of_attackers_need_no_mint() -> None:
    token = str(Mint("a-secret-of-tests-that-is-long-enough", header={"kid": "2026"}).mint("alice"))
    material = Material(SEAT, token, "alice")
    assert [each.name for each in KEY_ATTACKS if each.prepare(material) is None] == [
        "a token that brings its own certificate",
        "a token that says where its certificate is",
    ]


def test_address_in_a_header_leads_to_the_key_that_signed() -> None:
    host = KeyHost()
    try:
        token = read_token("a token that says where its key is", make_material(Mint("x" * 32), host))
        assert token is not None
        assert token.parameters["jku"].startswith("http://127.0.0.1:")
        assert httpx.get(token.parameters["jku"]).json()["keys"][0]["kty"] == "oct"
        assert (host.take_calls(), host.take_calls()) == (1, 0)
    finally:
        host.close()


def test_address_out_of_reach_is_nowhere() -> None:
    token = read_token("a token that says where its key is", make_material(Mint("x" * 32)))
    assert token is not None
    assert token.parameters["jku"] == "https://issuer.invalid/jwks"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_certificate_vouches_for_the_key_that_signed(algorithm: str) -> None:
    key = jose.make_key(algorithm)
    assert key is not None
    certificate = jose.certify(key)
    assert certificate is not None
    loaded = x509.load_pem_x509_certificate(jose.as_pem(certificate))
    assert not isinstance(key, bytes)
    assert loaded.public_key() == key.public_key()
    loaded.verify_directly_issued_by(loaded)


@pytest.mark.parametrize(("size", "is_tried"), [(31, True), (32, False)])
def test_secret_that_is_too_short_is_told(size: int, *, is_tried: bool) -> None:
    material = make_material(Mint("x" * size))
    assert (read_token("a token signed with a secret below 32 bytes", material) is not None) is is_tried


def test_end_and_age_are_tried_where_they_are_known() -> None:
    names = ("a token that ends now", "a token that is too old")
    assert [read_token(name, make_material(Mint("x" * 32))) for name in names] == [None, None]
    mint = Mint("x" * 32, leeway=7, maximum_age=60, clock=lambda: 1_000_000.9)
    ending, old = (read_token(name, make_material(mint)) for name in names)
    assert ending is not None
    assert old is not None
    assert ending.claims["exp"] == 1_000_000 - 7
    assert old.claims["iat"] < 1_000_000 - 60 < old.claims["exp"]


def test_unfit_key_is_named_and_signs() -> None:
    mint = Mint("x" * 32, unfit=(UnfitKey("y" * 32, "was withdrawn", "HS256", "old"),))
    (one,) = list_unfit_key_attacks(mint)
    change = one.prepare(make_material(mint))
    assert change is not None
    token = jose.split(change(Request("GET", "/")).headers[0][1].removeprefix("Bearer "))
    assert token is not None
    assert (one.name, token.parameters["kid"]) == ("a token signed by a key that was withdrawn", "old")
    signed = f"{token.header}.{token.payload}".encode()
    assert jose.decode(token.signature) == jose.make_signature(signed, "HS256", b"y" * 32)
    assert list_unfit_key_attacks(None) == ()


def test_signature_is_cut_or_zeros_and_as_long_as_the_good_one() -> None:
    material = make_material(Mint("a-secret-of-enough-bytes-for-hs256", subjects={"alice": "u-1"}))
    good = jose.split(str(material.value))
    zeros, half = (
        read_token(name, material)
        for name in ("a token whose signature is all zeros", "a token with the first half of its signature")
    )
    assert good is not None
    assert zeros is not None
    assert half is not None
    assert zeros.signature == "A" * len(good.signature)
    assert good.signature.startswith(half.signature)
    assert 0 < len(half.signature) < len(good.signature)
    assert zeros.payload == half.payload == good.payload


def test_forged_token_may_name_a_key_that_is_not_there() -> None:
    mint = Mint("a-secret-of-enough-bytes-for-hs256", header={"kid": "2026"}, subjects={"alice": "u-1"})
    material = make_material(mint)
    forged = read_token("a token signed by another key, under a name that nobody knows", material)
    good = jose.split(str(material.value))
    assert forged is not None
    assert good is not None
    assert forged.parameters["kid"] == "none-of-yours"
    assert forged.signature != good.signature


def test_forged_token_names_no_key_where_good_ones_do() -> None:
    name = "a token signed by another key, which it does not name"
    named, nameless = (
        Mint("a-secret-of-enough-bytes-for-hs256", header=header, subjects={"alice": "u-1"})
        for header in ({"kid": "2026"}, {})
    )
    forged = read_token(name, make_material(named))
    assert forged is not None
    assert "kid" not in forged.parameters
    assert forged.parameters["alg"] == "HS256"
    assert read_token(name, make_material(nameless)) is None


@pytest.mark.parametrize("takers", [("/feed",), ("/feed", "/report")])
def test_credential_of_another_scheme_is_tried(takers: tuple[str, ...]) -> None:
    app = FastAPI(openapi_url=None)

    def serve(path: str, *, by_token: bool) -> None:
        @app.get(path)
        def read(request: Incoming) -> list[str]:
            lines = request.headers.getlist("authorization")
            scheme, _, token = (lines or [""])[0].partition(" ")
            is_bearer = scheme.lower() == "bearer" and token in TOKENS and len(lines) == 1
            has_key = path in takers and request.headers.get("x-key") in {"key-of-alice", "key-of-bob"}
            if not has_key and not (by_token and is_bearer):
                challenge = 'Bearer error="invalid_token"' if lines else "Bearer"
                raise HTTPException(401, headers={"WWW-Authenticate": challenge})
            return []

    serve("/feed", by_token=False)
    serve("/report", by_token=True)
    responses = {status: {"description": "An answer"} for status in ("200", "401")}
    paths = {
        path: {"get": {"operationId": path.strip("/"), "security": [{scheme: []}], "responses": responses}}
        for path, scheme in (("/feed", "key"), ("/report", "bearer"))
    }
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    }
    values = {name: {"key": f"key-of-{name}"} for name in ("alice", "bob")}
    identities = Tokens(alice=TOKENS[0], bob=TOKENS[1], values=values)
    engine = attack_target(
        make_surface(paths, components={"securitySchemes": schemes}),
        Target(app=app, identities=identities),
        FuzzConfig(only=("none",)),
    )
    found = [each for texts in complaints(engine).values() for each in texts]
    assert len(found) == len(takers) - 1
    assert all("GET /report with a credential of key, which is not taken here" in each for each in found)
