"""Bad credentials: the bugs of a verifier are found by the check of their kind, and right ones are accepted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509

from specwitness.config import FuzzConfig
from specwitness.fuzz.checks.authentication.bad_credentials import CREDENTIAL_CHECKS
from specwitness.fuzz.http.message import Request
from specwitness.fuzz.results.severity import Level
from specwitness.fuzz.tokens.attack import Material
from specwitness.fuzz.tokens.key_host import KeyHost
from specwitness.fuzz.tokens.keys import KEY_ATTACKS, MINTED_KEY_ATTACKS, list_unfit_key_attacks
from specwitness.fuzz.tokens.table import ATTACKS
from specwitness.fuzz.users import jose
from specwitness.fuzz.users.credentials import BEARER, Seat
from specwitness.fuzz.users.identity import Mint, UnfitKey
from tests.proving_ground.catalogue import BUGS, SERVICES, find_service
from tests.proving_ground.contracts import find_operation
from tests.proving_ground.findings import is_found
from tests.proving_ground.model import EVERY, Family
from tests.services.findings import list_findings
from tests.support.attacks import attack

if TYPE_CHECKING:
    from tests.proving_ground.findings import Finding
    from tests.proving_ground.model import Bug, Service

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
BY_NAME = {bad.name: bad for bad in ATTACKS}


def try_probe(service: Service, bug: str | None) -> list[Finding]:
    """Try one protected operation of a build with every bad credential."""
    found = find_operation(service.contract, *service.probe)
    assert found is not None
    settings = FuzzConfig(strict=True, only=CREDENTIAL_CHECKS, operations=(found[1]["operationId"],))
    return list_findings(attack(service.name, bug, settings))


def make_material(mint: Mint, host: KeyHost | None = None) -> Material:
    return Material(SEAT, str(mint.mint("alice")), "alice", mint, host=host)


def read_token(name: str, material: Material) -> jose.Token | None:
    change = BY_NAME[name].prepare(material)
    if change is None:
        return None
    return jose.split(change(Request("GET", "/")).headers[0][1].removeprefix("Bearer "))


@pytest.mark.parametrize("bug", BUGS_OF_TOKENS, ids=lambda bug: bug.id)
def test_bug_of_a_verifier_is_found_by_its_check_on_the_tried_operation(bug: Bug) -> None:
    findings = try_probe(find_service(bug.service), bug.id)
    assert is_found(bug, findings), findings


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_right_verifier_has_no_findings(service: Service) -> None:
    assert try_probe(service, None) == []


def test_names_of_bad_credentials_are_unique() -> None:
    assert [name for name, count in Counter(bad.name for bad in ATTACKS).items() if count > 1] == []


def test_tokens_of_other_keys_break_a_must_and_the_likeliest_are_sent_to_every_operation() -> None:
    forgeries = [*KEY_ATTACKS, *MINTED_KEY_ATTACKS]
    assert all(bad.level is Level.MUST for bad in forgeries)
    assert {bad.name for bad in forgeries if bad.core} == {
        "a token signed by another key",
        "a token signed with the public key as a secret",
    }
    assert BY_NAME["an unsigned token (alg none)"].core


def test_tokens_of_other_keys_are_made_without_a_mint() -> None:
    token = str(Mint("a-secret-of-tests-that-is-long-enough", header={"kid": "2026"}).mint("alice"))
    material = Material(SEAT, token, "alice")
    assert [bad.name for bad in KEY_ATTACKS if bad.prepare(material) is None] == [
        "a token that brings its own certificate",
        "a token that says where its certificate is",
    ]


def test_address_in_a_header_serves_the_key_that_signed() -> None:
    host = KeyHost()
    try:
        token = read_token("a token that says where its key is", make_material(Mint("x" * 32), host))
        assert token is not None
        assert token.parameters["jku"].startswith("http://127.0.0.1:")
        assert httpx.get(token.parameters["jku"]).json()["keys"][0]["kty"] == "oct"
        assert (host.take_calls(), host.take_calls()) == (1, 0)
    finally:
        host.close()


def test_address_in_a_header_is_invalid_without_a_key_host() -> None:
    token = read_token("a token that says where its key is", make_material(Mint("x" * 32)))
    assert token is not None
    assert token.parameters["jku"] == "https://issuer.invalid/jwks"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_certificate_holds_the_key_that_signed(algorithm: str) -> None:
    key = jose.make_key(algorithm)
    assert key is not None
    certificate = jose.certify(key)
    assert certificate is not None
    loaded = x509.load_pem_x509_certificate(jose.as_pem(certificate))
    assert not isinstance(key, bytes)
    assert loaded.public_key() == key.public_key()
    loaded.verify_directly_issued_by(loaded)


@pytest.mark.parametrize(("size", "is_tried"), [(31, True), (32, False)])
def test_secret_below_32_bytes_is_tried(size: int, *, is_tried: bool) -> None:
    material = make_material(Mint("x" * size))
    assert (read_token("a token signed with a secret below 32 bytes", material) is not None) is is_tried


def test_expiry_and_age_are_tried_where_the_mint_knows_the_limits() -> None:
    names = ("a token that ends now", "a token that is too old")
    assert [read_token(name, make_material(Mint("x" * 32))) for name in names] == [None, None]
    mint = Mint("x" * 32, leeway=7, maximum_age=60, clock=lambda: 1_000_000.9)
    ending, old = (read_token(name, make_material(mint)) for name in names)
    assert ending is not None
    assert old is not None
    assert ending.claims["exp"] == 1_000_000 - 7
    assert old.claims["iat"] < 1_000_000 - 60 < old.claims["exp"]


def test_token_of_an_unfit_key_names_and_uses_it() -> None:
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


def test_altered_signatures_are_half_or_all_zeros_of_the_right_length() -> None:
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


def test_forged_token_names_an_unknown_key() -> None:
    mint = Mint("a-secret-of-enough-bytes-for-hs256", header={"kid": "2026"}, subjects={"alice": "u-1"})
    material = make_material(mint)
    forged = read_token("a token signed by another key, under a name that nobody knows", material)
    good = jose.split(str(material.value))
    assert forged is not None
    assert good is not None
    assert forged.parameters["kid"] == "none-of-yours"
    assert forged.signature != good.signature


def test_forged_token_names_no_key_where_valid_tokens_name_one() -> None:
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
